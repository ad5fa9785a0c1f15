// What a step was allowed, what it used and how long it stood still, over the first rotation of an arm.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headroom::lab {

/// Sample i tells of the stretch that ends at t_s[i]. Every number is finite, rounded to 1e-4.
struct Timeline {
  std::string arm;
  std::string group;                                 ///< "step/0/main": a container; "step/0": its pod
  std::optional<double> base_cores;                  ///< limit as the owner set it; nullopt: none
  double sampler_cpu = 0;                            ///< what the sampling of all groups of the arm cost, share of one core
  std::vector<double> t_s;                           ///< since the measured stretch began, rising
  std::vector<std::optional<double>> quota_cores;    ///< quota / period at t_s; nullopt: unlimited
  std::vector<double> usage_cores;                   ///< mean since the sample before
  std::vector<double> throttled;                     ///< seconds of throttling per second since then, summed over CPUs
  friend bool operator==(const Timeline&, const Timeline&) = default;
};

/// One look at a group: cumulative counters.
struct Seen {
  std::int64_t at = 0;                               ///< CLOCK_MONOTONIC ns
  std::int64_t usage = 0;                            ///< ns
  std::int64_t throttled = 0;                        ///< ns
  std::optional<double> quota_cores;
};

/// Rates between neighbouring looks; of looks at the same moment the first counts.
/// @param from  CLOCK_MONOTONIC ns that is t = 0
Timeline timeline_of(std::string arm, std::string group, std::optional<double> base_cores, std::int64_t from,
                     const std::vector<Seen>& looks);

}  // namespace headroom::lab
