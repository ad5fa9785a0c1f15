#include "lab/stats.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

namespace headroom::lab {
namespace {

constexpr double kTwinLow = 0.95, kTwinHigh = 1.05;   // the neighbour rule
constexpr double kNsPerMs = 1e6;

std::optional<double> of_summary(const Summary& s, const std::string& what) {
  if (s.count == 0) return std::nullopt;
  if (what == "mean") return s.mean;
  if (what == "p50") return s.p50;
  if (what == "p95") return s.p95;
  if (what == "p99") return s.p99;
  return std::nullopt;
}

}  // namespace

std::int64_t nearest_rank(const Latencies& sorted, int per_mille) {
  const auto n = sorted.size();
  const auto rank = (n * static_cast<std::size_t>(per_mille) + 999) / 1000;
  return sorted[std::clamp<std::size_t>(rank, 1, n) - 1];
}

std::optional<std::int64_t> quantile(Latencies sample, int per_mille) {
  if (sample.empty()) return std::nullopt;
  std::sort(sample.begin(), sample.end());
  return nearest_rank(sample, per_mille);
}

Summary summarize(Latencies sample) {
  Summary out;
  out.count = sample.size();
  if (sample.empty()) return out;
  std::sort(sample.begin(), sample.end());
  const auto sum = std::accumulate(sample.begin(), sample.end(), 0.0);
  out.mean = sum / static_cast<double>(sample.size()) / kNsPerMs;
  out.p50 = static_cast<double>(nearest_rank(sample, 500)) / kNsPerMs;
  out.p95 = static_cast<double>(nearest_rank(sample, 950)) / kNsPerMs;
  out.p99 = static_cast<double>(nearest_rank(sample, 990)) / kNsPerMs;
  out.worst = static_cast<double>(sample.back()) / kNsPerMs;
  return out;
}

const ArmStats* find_arm(const std::vector<ArmStats>& arms, std::string_view name) {
  const auto it = std::find_if(arms.begin(), arms.end(), [&](const ArmStats& a) { return a.arm == name; });
  return it == arms.end() ? nullptr : &*it;
}

std::optional<double> statistic(const ArmStats& stats, const std::string& name) {
  if (name == "throttled") return stats.throttled_container + stats.throttled_pod;
  if (name == "makespan") return stats.makespan > 0 ? std::optional{stats.makespan} : std::nullopt;
  if (name.rfind("step_", 0) == 0) return of_summary(stats.step, name.substr(5));
  if (name.rfind("b_", 0) == 0) return of_summary(stats.burstable, name.substr(2));
  if (name.rfind("g_", 0) == 0) return of_summary(stats.guaranteed, name.substr(2));
  return std::nullopt;
}

std::optional<double> ratio(double a, double b) {
  if (b != 0) return a / b;
  return a == 0 ? std::optional<double>{1.0} : std::nullopt;
}

bool TwinRatio::within() const { return value && *value >= kTwinLow && *value <= kTwinHigh; }

std::vector<TwinRatio> twin_ratios(const ArmStats& a, const ArmStats& twin, const std::vector<std::string>& judged) {
  std::vector<TwinRatio> out;
  for (const auto& name : judged) {
    const auto left = statistic(twin, name), right = statistic(a, name);
    out.push_back({name, left && right ? ratio(*left, *right) : std::nullopt});
  }
  return out;
}

bool run_counts(const std::vector<TwinRatio>& ratios) {
  return std::all_of(ratios.begin(), ratios.end(), [](const TwinRatio& r) { return r.within(); });
}

std::string too_small(const std::vector<ArmStats>& arms, const SampleNeed& need) {
  for (const auto& arm : arms) {
    for (const auto* kind : {&arm.burstable, &arm.guaranteed}) {
      if (kind->count >= need.requests) continue;
      return fmt::format("{} has {} {} requests, the rule wants {}", arm.arm, kind->count,
                         kind == &arm.burstable ? "Burstable" : "Guaranteed", need.requests);
    }
    if (arm.step.count < need.bursts) {
      return fmt::format("{} has {} bursts, the rule wants {}", arm.arm, arm.step.count, need.bursts);
    }
  }
  return {};
}

}  // namespace headroom::lab
