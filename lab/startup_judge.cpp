// New steps: how long their first CPU seconds take, and how soon the first lease is written.
#include "lab/startup.hpp"

#include <fmt/core.h>

namespace headroom::lab {
namespace {

double mean(const std::vector<double>& all) {
  double sum = 0;
  for (const auto one : all) sum += one;
  return all.empty() ? 0 : sum / static_cast<double>(all.size());
}

void report_times(const StartTimes& times, Outcomes& out, Values& values) {
  for (const auto& [key, all] : times) {
    values[key] = mean(all);
    out.findings.push_back({fmt::format("{}: mean of {} starts on an idle node", key.second, all.size()), "s", key.first,
                            mean(all), {}, Verdict::Says::not_judged});
    Series series{key.second + ", " + key.first, "s", {}};
    for (std::size_t i = 0; i < all.size(); ++i) series.points.emplace_back(static_cast<double>(i + 1), all[i]);
    out.series.push_back(std::move(series));
  }
}

void report_leases(const Series& series, const std::string& arm, Outcomes& out, Values& values) {
  Latencies ns;
  for (const auto& point : series.points) ns.push_back(static_cast<std::int64_t>(point.second * 1e6));
  const auto summary = summarize(ns);
  values[{arm, "first_lease_p95_ms"}] = summary.p95;
  for (const auto& [name, value] : {std::pair{"p50", summary.p50}, {"p95", summary.p95}, {"worst", summary.worst}}) {
    out.findings.push_back({fmt::format("first lease after attach and quota, {} of {} starts", name, summary.count),
                            "ms", arm, value, {}, Verdict::Says::not_judged});
  }
  out.series.push_back(series);
}

}  // namespace

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
  Values values;
  const bool smoke = options.depth == RunOptions::Depth::smoke;
  const auto length = length_of(scenario, options);
  for (int round = 0; round < length.rounds; ++round) {
    for (const auto& arm : options.arms) {
      if (auto ok = place.complete(arm, round, times); !ok) return tl::unexpected(ok.error());
    }
  }
  report_times(times, out, values);
  for (const auto& arm : options.arms) {
    if (arm.kind != ArmKind::daemon) continue;
    Series series{"first lease on a saturated node, " + arm.name, "ms", {}};
    if (auto ok = place.time_leases(arm, smoke ? 5 : scenario.starts, series); !ok) return tl::unexpected(ok.error());
    report_leases(series, arm.name, out, values);
  }
  out.verdicts = apply_bars(scenario.bars, values, options.depth);
  if (smoke) out.notes.emplace_back("smoke: not judged");
  return out;
}

}  // namespace headroom::lab
