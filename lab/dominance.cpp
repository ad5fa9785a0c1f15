// Whether some other way is better for everybody at once.
#include <fmt/core.h>

#include <algorithm>

#include "lab/experiment.hpp"

namespace headroom::lab {
namespace {

constexpr const char* kAtOnce[] = {"step_mean", "b_p95", "g_p95"};

bool better(const ArmStats& a, const ArmStats& than) {
  return std::all_of(std::begin(kAtOnce), std::end(kAtOnce), [&](const char* stat) { return statistic(a, stat) < statistic(than, stat); });
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

}  // namespace

void add_dominance(const Scenario& scenario, const std::vector<Arm>& arms, RunOptions::Depth depth, Outcomes& out) {
  for (const auto& stats : out.arms) {
    const Arm* arm = named(arms, stats.arm);
    const bool asked = std::find(scenario.undominated.begin(), scenario.undominated.end(), stats.arm) != scenario.undominated.end();
    if (!asked || arm == nullptr) continue;
    std::string names;
    double count = 0;
    for (const auto& other : out.arms) {
      const Arm* rival = named(arms, other.arm);
      if (rival == nullptr || !is_rival(*rival, *arm) || !better(other, stats)) continue;
      ++count;
      names += (names.empty() ? "" : ", ") + other.arm;
    }
    Finding finding{"arms better on step mean, Burstable p95 and Guaranteed p95 at once", "arms", stats.arm, count, 0, Verdict::Says::not_judged};
    if (depth == RunOptions::Depth::full) finding.says = count == 0 ? Verdict::Says::pass : Verdict::Says::miss;
    out.findings.push_back(std::move(finding));
    if (count > 0) out.notes.push_back(fmt::format("better than {} on all three: {}", stats.arm, names));
  }
}

}  // namespace headroom::lab
