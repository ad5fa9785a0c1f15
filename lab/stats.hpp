// Sample statistics of the lab: nearest-rank quantiles and the neighbour rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::lab {

/// Latencies of one kind in nanoseconds, in any order.
using Latencies = std::vector<std::int64_t>;

/// @param per_mille  1..1000
/// @return the smallest value such that at least per_mille/1000 of the sample are <= it; nullopt: empty sample.
/// Formula: nearest rank, sorted[ceil(p * n) - 1].
std::optional<std::int64_t> quantile(Latencies sample, int per_mille);

/// The same of a sorted sample that is not empty.
std::int64_t nearest_rank(const Latencies& sorted, int per_mille);

/// Milliseconds; all 0 for an empty sample.
struct Summary {
  std::size_t count = 0;
  double mean = 0, p50 = 0, p95 = 0, p99 = 0, worst = 0;
  friend bool operator==(const Summary&, const Summary&) = default;
};
Summary summarize(Latencies sample);

/// What one arm did to whom, as the table shows it. Latencies pooled over rotations.
struct ArmStats {
  std::string arm;
  Summary step, burstable, guaranteed;
  double throttled_container = 0;   ///< seconds, summed over CPUs and steps, as the kernel counts
  double throttled_pod = 0;
  double refills_per_group_second = 0;  ///< writes that refill a pool (quota, period, burst), settings included
  double daemon_cpu = 0;            ///< share of one core, 0..1
  double seconds = 0;               ///< measured wall time, all rotations
  double makespan = 0;              ///< of a workflow, seconds, mean of the rotations; 0: no workflow
};

/// nullptr: there is none of that name.
const ArmStats* find_arm(const std::vector<ArmStats>& arms, std::string_view name);

/// Names of the statistics that bars and the neighbour rule may name: "step_mean", "step_p50", "step_p99",
/// "throttled", "makespan", "b_p50", "b_p95", "b_p99", "g_p50", "g_p95", "g_p99".
inline constexpr const char* kStatistics[] = {"step_mean", "step_p50", "step_p99", "throttled", "makespan", "b_p50", "b_p95", "b_p99",
                                              "g_p50",     "g_p95",    "g_p99"};
/// nullopt: no such name, or nothing to take it from.
std::optional<double> statistic(const ArmStats& stats, const std::string& name);

/// a / b; nullopt where b is 0 and a is not (0/0 is 1).
std::optional<double> ratio(double a, double b);

/// The neighbour rule's first half: identical policies have to look identical before anything is judged.
struct TwinRatio {
  std::string stat;
  std::optional<double> value;      ///< A'/A
  bool within() const;              ///< 0.95..1.05
};
std::vector<TwinRatio> twin_ratios(const ArmStats& a, const ArmStats& twin, const std::vector<std::string>& judged);
bool run_counts(const std::vector<TwinRatio>& ratios);

/// Sizes below which nothing is judged (the neighbour rule).
struct SampleNeed {
  std::size_t requests = 30'000;    ///< per arm and kind of neighbour that the scenario has
  std::size_t bursts = 300;         ///< per arm
};
/// @return why the sample is too small; empty: it suffices.
std::string too_small(const std::vector<ArmStats>& arms, const SampleNeed& need);

}  // namespace headroom::lab
