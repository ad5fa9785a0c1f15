// New steps: how long their first CPU seconds take, and how soon the first lease is written.
#include "lab/startup.hpp"

#include <fmt/core.h>

namespace headroom::lab {
namespace {

void report_leases(const Series& series, const std::string& arm, Outcomes& out) {
  Latencies ns;
  for (const auto& point : series.points) ns.push_back(static_cast<std::int64_t>(point.second * 1e6));
  const auto summary = summarize(ns);
  if (summary.count > 0) out.values[{arm, "first_lease_p95_ms"}] = summary.p95;
  for (const auto& [name, value] : {std::pair{"p50", summary.p50}, {"p95", summary.p95}, {"worst", summary.worst}}) {
    out.findings.push_back({fmt::format("first lease after attach and quota, {} of {} starts", name, summary.count),
                            "ms", arm, value, {}, Verdict::Says::not_judged});
  }
  out.series.push_back(series);
}

}  // namespace

void report_starts(const StartTimes& times, Outcomes& out) {
  for (const auto& [key, all] : times) {
    Latencies ns;
    double throttled = 0;
    Series series{key.second + ", " + key.first, "s", {}};
    for (const auto& start : all) {
      ns.push_back(static_cast<std::int64_t>(start.took * 1e9));
      throttled += start.throttled;
      series.points.emplace_back(static_cast<double>(series.points.size() + 1), start.took);
    }
    const auto summary = summarize(std::move(ns));
    const double mean = summary.mean / 1000, p99 = summary.p99 / 1000;
    out.values[key] = mean;
    out.values[{key.first, key.second + "_p99"}] = p99;
    for (const auto& [what, value] : {std::pair{"mean", mean}, {"p99", p99}, {"throttled in each, mean", throttled / static_cast<double>(all.size())}})
      out.findings.push_back({fmt::format("{}: {} of {} starts on an idle node", key.second, what, all.size()), "s", key.first, value, {},
                              Verdict::Says::not_judged});
    out.series.push_back(std::move(series));
  }
}

std::vector<std::size_t> step_pods(const Scenario& scenario) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < scenario.pods.size(); ++i) {
    if (scenario.pods[i].pod_class == PodClass::step) out.push_back(i);
  }
  return out;
}

Result<Outcomes> judge_startup(const Scenario& scenario, const RunOptions& options, const StartupPlace& place) {
  Outcomes out;
  StartTimes times;
  const bool smoke = options.depth == RunOptions::Depth::smoke;
  const auto length = length_of(scenario, options);
  for (int round = 0; round < length.rounds; ++round) {
    for (const auto& arm : options.arms) {
      if (auto ok = place.complete(arm, round, times); !ok) return tl::unexpected(ok.error());
    }
  }
  report_starts(times, out);
  add_oracle_gain(out.values, out);
  for (const auto& arm : options.arms) {
    if (arm.kind != ArmKind::daemon) continue;
    Series series{"first lease on a saturated node, " + arm.name, "ms", {}};
    if (auto ok = place.time_leases(arm, smoke ? 5 : scenario.starts, series); !ok) return tl::unexpected(ok.error());
    report_leases(series, arm.name, out);
  }
  return out;
}

}  // namespace headroom::lab
