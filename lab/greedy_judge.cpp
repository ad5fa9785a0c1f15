// A step that never idles: what it gets beside protected spinners, and what its credit allows on an idle node.
#include "lab/greedy.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

namespace headroom::lab {
namespace {

constexpr std::int64_t kWindow = 30'000'000'000;        // the bound holds over any such stretch

/// Greatest mean use in cores over any window of that length; 0 if the curve is shorter.
double greatest_use(const Curve& curve, std::int64_t window) {
  double most = 0;
  for (std::size_t i = 0, j = 0; i < curve.size(); ++i) {
    while (j < curve.size() && curve[j].first - curve[i].first < window) ++j;
    if (j == curve.size()) break;
    most = std::max(most, static_cast<double>(curve[j].second - curve[i].second) /
                              static_cast<double>(curve[j].first - curve[i].first));
  }
  return most;
}

Series per_second(const Curve& curve, const std::string& name) {
  Series out{name, "cores", {}};
  for (std::size_t i = 10; i < curve.size(); i += 10) {
    const auto& [at, used] = curve[i];
    const auto& [before, had] = curve[i - 10];
    out.points.emplace_back(static_cast<double>(at - curve.front().first) / 1e9,
                            static_cast<double>(used - had) / static_cast<double>(at - before));
  }
  return out;
}

double limit_of_step(const Scenario& scenario) {
  for (const auto& pod : scenario.pods) {
    const auto& limit = pod.containers.front().limit;
    if (pod.pod_class == PodClass::step && limit) return static_cast<double>(limit->value) / 1000;
  }
  return 0;
}

/// "0.5 cpu-min" -> 30; the daemon, which gets the same text, has checked it.
double credit_of(const Scenario& scenario) { return std::strtod(scenario.credit.c_str(), nullptr) * 60; }

/// Most CPU seconds that it ever had beyond its limit since it began to run.
double greatest_surplus(const Curve& curve, double limit) {
  double most = 0;
  const auto begin = std::find_if(curve.begin(), curve.end(), [&](const auto& p) { return p.second > curve.front().second; });
  for (auto at = begin; at != curve.end(); ++at) {
    const double used = static_cast<double>(at->second - curve.front().second) / 1e9;
    most = std::max(most, used - limit * static_cast<double>(at->first - begin->first) / 1e9);
  }
  return most;
}

/// What its credit allows, and then its limit.
void judge_idle(const Curve& curve, const Scenario& scenario, const Arm& arm, RunOptions::Depth depth, Outcomes& out) {
  const double credit = credit_of(scenario), limit = limit_of_step(scenario), had = greatest_surplus(curve, limit);
  const auto last = std::find_if(curve.begin(), curve.end(), [&](const auto& p) { return curve.back().first - p.first <= kWindow; });
  const double then = greatest_use({last, curve.end()}, curve.back().first - last->first - 1);
  const auto judged = [&](double value, double most) {
    return depth == RunOptions::Depth::smoke ? Verdict::Says::not_judged : value <= most ? Verdict::Says::pass : Verdict::Says::miss;
  };
  out.findings.push_back({"idle node: CPU seconds beyond its limit, of " + fmt::format("{:g} of credit", credit), "s", arm.name,
                          had, credit * 1.05, judged(had, credit * 1.05)});
  out.findings.push_back({"idle node: credit that it did not get", "s", arm.name, credit - had, credit * 0.2,
                          judged(credit - had, credit * 0.2)});
  out.findings.push_back({"idle node: use in the last 30 s", "cores", arm.name, then, limit * 1.05, judged(then, limit * 1.05)});
}

void judge_busy(const Curve& curve, const Scenario& scenario, const Arm& arm, int rotation, Outcomes& out) {
  const auto most = greatest_use(curve, kWindow), bound = limit_of_step(scenario) * 1.05;
  Finding finding{fmt::format("greatest use over 30 s, rotation {}", rotation % kRotationsPerRun + 1), "cores", arm.name, most,
                  {}, Verdict::Says::not_judged};
  if (arm.kind == ArmKind::daemon) {
    finding.at_most = bound;
    const bool enough = !curve.empty() && curve.back().first - curve.front().first > kWindow;
    if (enough) finding.says = most <= bound ? Verdict::Says::pass : Verdict::Says::miss;
  }
  out.findings.push_back(std::move(finding));
  if (arm.kind == ArmKind::daemon && rotation % kRotationsPerRun == 0) {
    out.series.push_back(per_second(curve, "use beside protected spinners, " + arm.name));
  }
}

}  // namespace

const PlannedGroup* first_step(const std::vector<PlannedGroup>& plan, const Scenario& scenario) {
  const auto found = std::find_if(plan.begin(), plan.end(), [&](const PlannedGroup& group) {
    return group.level == Level::container && is_step(scenario, group);
  });
  return found == plan.end() ? nullptr : &*found;
}

Result<Outcomes> judge_greedy(const Scenario& scenario, const RunOptions& options, const GreedyPlace& place) {
  Outcomes seen;
  auto out = place.rotations([&](const Arm& arm, int rotation, const Curve& curve) {
    judge_busy(curve, scenario, arm, rotation, seen);
  });
  if (!out) return out;
  out->findings = std::move(seen.findings);
  out->series = std::move(seen.series);
  for (const auto& arm : options.arms) {
    if (arm.kind != ArmKind::daemon) continue;
    const auto curve = place.idle(arm, length_of(scenario, options).each * 2);
    if (!curve) return tl::unexpected(curve.error());
    judge_idle(*curve, scenario, arm, options.depth, *out);
    out->series.push_back(per_second(*curve, "use on an idle node, " + arm.name));
  }
  return out;
}

}  // namespace headroom::lab
