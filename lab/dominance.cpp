// Whether some other way is better for everybody at once.
#include <fmt/core.h>

#include <algorithm>

#include "lab/experiment.hpp"

namespace headroom::lab {
namespace {

constexpr const char* kAtOnce[] = {"step_mean", "b_p95", "g_p95"};

/// Both have a sample for everything, and this one is better in everything.
bool better(const ArmStats& a, const ArmStats& than) {
  return std::all_of(std::begin(kAtOnce), std::end(kAtOnce), [&](const char* stat) {
    const auto left = statistic(a, stat), right = statistic(than, stat);
    return left && right && *left < *right;
  });
}

bool has_sample(const ArmStats& a) {
  return std::all_of(std::begin(kAtOnce), std::end(kAtOnce), [&](const char* stat) { return statistic(a, stat).has_value(); });
}

const Arm* named(const std::vector<Arm>& arms, const std::string& name) {
  const auto found = std::find_if(arms.begin(), arms.end(), [&](const Arm& a) { return a.name == name; });
  return found == arms.end() ? nullptr : &*found;
}

/// What an operator of this node could have instead.
bool is_rival(const Arm& other, const Arm& arm) {
  const bool same_policy = other.kind == ArmKind::daemon && other.policy == arm.policy;
  return other.kind != ArmKind::no_limit_low && other.kind != ArmKind::oracle && !same_policy;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// Those without which nobody can say that there is none better: they did not run, or have no sample.
std::vector<std::string> not_held_against(const Scenario& scenario, const Outcomes& out) {
  std::vector<std::string> names;
  for (const auto& rival : scenario.beside) {
    const auto* stats = find_arm(out.arms, rival);
    if (stats == nullptr || !has_sample(*stats)) names.push_back(rival);
  }
  return names;
}

}  // namespace

void add_dominance(const Scenario& scenario, const std::vector<Arm>& arms, Judging judging, Outcomes& out) {
  const auto missing = not_held_against(scenario, out);
  for (const auto& name : scenario.undominated) {
    const Arm* arm = named(arms, name);
    const auto* stats = find_arm(out.arms, name);
    Finding finding{"arms better on step mean, Burstable p95 and Guaranteed p95 at once", "arms", name, 0, 0, Verdict::Says::not_judged};
    if (arm == nullptr || stats == nullptr) {
      out.notes.push_back(fmt::format("{} did not run: nobody can be better", name));
      out.findings.push_back(std::move(finding));
      continue;
    }
    std::vector<std::string> betters;
    for (const auto& other : out.arms) {
      const Arm* rival = named(arms, other.arm);
      if (rival != nullptr && is_rival(*rival, *arm) && better(other, *stats)) betters.push_back(other.arm);
    }
    finding.value = static_cast<double>(betters.size());
    if (judging == Judging::on && (!betters.empty() || !has_sample(*stats))) finding.says = Verdict::Says::miss;
    else if (judging == Judging::on && missing.empty()) finding.says = Verdict::Says::pass;
    out.findings.push_back(std::move(finding));
    if (!betters.empty()) out.notes.push_back(fmt::format("better than {} on all three: {}", name, joined(betters)));
  }
  if (!scenario.undominated.empty() && !missing.empty()) out.notes.push_back("nobody is held against " + joined(missing) + ": not run, or no sample");
}

}  // namespace headroom::lab
