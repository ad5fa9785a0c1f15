// What `startup` measures and how it is told, apart from where: on this machine (startup.cpp) or a simulated one.
#pragma once

#include "lab/experiment.hpp"

namespace headroom::lab {

// KERNEL 17: attach, 14 ms later shares, 24 ms after the attach period and quota, then exec; the pod is there before.
constexpr milliseconds kToShares{14}, kToQuota{10}, kPodBefore{150};
/// How long a first lease is looked for.
constexpr milliseconds kLookOn{600};

/// Seconds from exec to the end, and those of them that container and pod stood throttled, summed over CPUs.
struct StartTime {
  double took = 0, throttled = 0;
};
using StartTimes = std::map<std::pair<std::string, std::string>, std::vector<StartTime>>;   ///< (arm, pod name)

/// Findings and a series for each. Values: their means by the pod's name, and their p99 as NAME_p99.
void report_starts(const StartTimes& times, Outcomes& out);

std::vector<std::size_t> step_pods(const Scenario& scenario);

struct StartupPlace {
  /// Every step of the scenario started once on an idle node, to its end.
  std::function<Result<>(const Arm& arm, int round, StartTimes& times)> complete;
  /// Milliseconds from the later of attach and quota to the first lease, for each of so many starts of the first step on a
  /// saturated node; missing ones count as kLookOn.
  std::function<Result<>(const Arm& arm, int starts, Series& out)> time_leases;
};
Result<Outcomes> judge_startup(const Scenario& scenario, const RunOptions& options, const StartupPlace& place);

}  // namespace headroom::lab
