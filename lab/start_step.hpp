// A step that the experiment starts itself, in runc's order (KERNEL 17): the pod, the attach, the shares, the quota, exec.
#pragma once

#include "lab/rig.hpp"
#include "lab/write_watch.hpp"

namespace headroom::lab {

/// A started step: its process and the moments that count, CLOCK_MONOTONIC ns.
struct StartedStep {
  LoadProcess process;
  std::string pod, container;              ///< paths below the scratch root
  std::int64_t attached = 0, limited = 0;
  std::string quota;                       ///< text of the quota file as runc wrote it
};

struct StartPlace {
  const Bench& bench;
  const Scenario& scenario;
  const Arm& arm;
  Rig& rig;
};

/// @param pod     index into Scenario::pods; number: which of its starts
/// @param watch   sees every write to pod and container; may be nullptr
/// @param become  path of the program that the job becomes at its end; empty: it stays
Result<StartedStep> start_step(const StartPlace& at, std::size_t pod, int number, WriteWatch* watch, const std::string& become = {});
/// Seconds that container and pod have stood throttled, summed over CPUs.
double throttled_of(const StartPlace& at, const StartedStep& step);
void remove_step(const StartPlace& at, StartedStep& step);

}  // namespace headroom::lab
