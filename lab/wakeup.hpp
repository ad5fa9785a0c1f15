// What `wakeup` measures and how it is judged, apart from where: on this machine (wakeup.cpp) or a simulated one.
#pragma once

#include <functional>

#include "lab/experiment.hpp"
#include "lab/write_watch.hpp"

namespace headroom::lab {

/// How long after a wake its leases are looked at.
constexpr nanoseconds kWakeSettles{1'000'000'000};

struct Wake {
  std::int64_t at = 0;
  std::size_t out = 0;                     ///< groups with a lease at that moment
  std::optional<double> back_ms;           ///< nullopt: not back within kWakeSettles
  std::size_t given_back = 0;              ///< containers whose raised quota was lowered
  std::size_t named = 0;                   ///< of these, named by an event of the daemon's
  bool in_order = true;                    ///< the first lowerings came largest and newest first
};

/// Quota of each watched group over time, when its burst was rewritten, and what the daemon told of each wake.
struct History {
  std::map<std::string, std::optional<microseconds>> base;            ///< planned quota by full path
  std::map<std::string, std::string> containers;                      ///< full path -> as the daemon names it
  std::vector<SeenWrite> writes;
  std::map<std::int64_t, std::vector<std::string>> told;              ///< by the wake's time
};

/// @param full  path of the plan -> path in SeenWrite
History planned_history(const std::vector<PlannedGroup>& plan, const Scenario& scenario,
                        const std::function<std::string(const std::string&)>& full);
/// Wakes of a request load within [from, to): a cycle is idle first, then active.
std::vector<std::int64_t> wakes_of(std::int64_t begin, std::int64_t every, std::int64_t active, std::int64_t from, std::int64_t to);

Wake judge_wake(const History& history, std::int64_t at);
/// Findings, those of our policy held against 0, and a series. Value, where thirty wakes found leases out: "back_worst_ms".
void report_wakes(const Arm& arm, const std::vector<Wake>& all, Judging judging, Outcomes& out);

}  // namespace headroom::lab
