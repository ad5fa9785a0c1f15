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

/// Of our policy it is judged, of others it is printed.
Finding finding_of(const Arm& arm, Judging judging, std::string name, const char* unit, double value, double most) {
  Finding out{std::move(name), unit, arm.name, value, {}, Verdict::Says::not_judged};
  if (!is_ours(arm)) return out;
  out.at_most = most;
  if (judging == Judging::on) out.says = value <= most ? Verdict::Says::pass : Verdict::Says::miss;
  return out;
}

/// What its credit allows, and then its limit.
void judge_idle(const Curve& curve, const Scenario& scenario, const Arm& arm, Judging judging, Outcomes& out) {
  const double credit = credit_of(scenario), limit = limit_of_step(scenario), had = greatest_surplus(curve, limit);
  const auto last = std::find_if(curve.begin(), curve.end(), [&](const auto& p) { return curve.back().first - p.first <= kWindow; });
  const double then = greatest_use({last, curve.end()}, curve.back().first - last->first - 1);
  const auto add = [&](std::string name, const char* unit, double value, double most) {
    out.findings.push_back(finding_of(arm, judging, std::move(name), unit, value, most));
  };
  add(fmt::format("idle node: CPU seconds beyond its limit, of {:g} of credit", credit), "s", had, credit * 1.05);
  add("idle node: credit that it did not get", "s", credit - had, credit * 0.2);
  add("idle node: use in the last 30 s", "cores", then, limit * 1.05);
}

void judge_busy(const Curve& curve, const Scenario& scenario, const Arm& arm, int rotation, Judging judging, Outcomes& out) {
  const bool enough = !curve.empty() && curve.back().first - curve.front().first > kWindow;
  out.findings.push_back(finding_of(arm, enough ? judging : Judging::off,
                                    fmt::format("greatest use over 30 s, rotation {}", rotation % kRotationsPerRun + 1), "cores",
                                    greatest_use(curve, kWindow), limit_of_step(scenario) * 1.05));
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
    judge_busy(curve, scenario, arm, rotation, judging_of(options), seen);
  });
  if (!out) return out;
  out->findings = std::move(seen.findings);
  out->series = std::move(seen.series);
  for (const auto& arm : options.arms) {
    if (arm.kind != ArmKind::daemon) continue;
    const auto curve = place.idle(arm, length_of(scenario, options).each * 2);
    if (!curve) return tl::unexpected(curve.error());
    judge_idle(*curve, scenario, arm, judging_of(options), *out);
    out->series.push_back(per_second(*curve, "use on an idle node, " + arm.name));
  }
  return out;
}

}  // namespace headroom::lab
