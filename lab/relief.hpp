// How soon a burst has the CPU that it wants: from the first moment at which its group has a runnable thread to the first
// moment at which its effective quota, on every level, is what they want or the ceiling. Of a hidden lease, whose quota never
// moves: from which on it runs in every 20 ms.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "lab/experiment.hpp"

namespace headroom::lab {

/// CLOCK_MONOTONIC ns.
struct SeenBurst {
  std::int64_t due = 0, done = 0;
  std::int64_t idle = 0;               ///< since the end of the one before; 0: the first
};

/// A limit from a moment on. nullopt: unlimited.
struct LimitStep {
  std::int64_t at = 0;
  std::optional<double> cores;
};

/// What was seen of one container over a stretch.
struct ReliefHistory {
  std::vector<std::vector<LimitStep>> levels;                    ///< container and pod; each in order of time, the first at the beginning
  std::vector<double> base;                                      ///< of each level, cores
  std::vector<std::pair<std::int64_t, std::int64_t>> usage;      ///< looks: when, CPU time ns; in order
  std::vector<SeenBurst> bursts;
  double wants = 1;                    ///< cores: its threads, at most the ceiling
};

struct Relief {
  enum class How {
    leased,                            ///< it had a lease when it began
    relieved,
    ended                              ///< the burst ended before either
  };
  How how = How::ended;
  std::int64_t idle = 0, after = 0;    ///< ns; after: from its begin, where it was relieved
};

/// @param hidden  told from when it ran, not from its quota
enum class LeaseSight { quota, running };
std::vector<Relief> judge_relief(const ReliefHistory& history, LeaseSight sight);

/// Adds the findings of an arm: percentiles of those on the fast clock (idle for less than kFastGap) and of those idle for
/// kIdleGap or longer, each apart from those with a lease; how many ended before. Values, where at least a hundred were relieved:
/// "relief_fast_p99", "relief_between_p99", "relief_idle_p99", in ms.
void report_relief(const Arm& arm, const std::vector<Relief>& all, Outcomes& out);

constexpr nanoseconds kFastGap = seconds{2}, kIdleGap = seconds{10};

Result<Outcomes> run_relief(const Bench& bench, const Scenario& scenario, const RunOptions& options);

}  // namespace headroom::lab
