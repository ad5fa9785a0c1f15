// One scenario on many simulated nodes, each with a seed of its own: what an arm does to a fleet, and where it does worst.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lab/report.hpp"
#include "lab/simulated.hpp"
#include "lab/sketch.hpp"

namespace headroom::lab {

/// A statistic of an arm over static's, node by node. 10^9 is 1.
struct NodeRatios {
  Sketch all;
  std::int64_t worst = 0;
  std::uint64_t worst_seed = 0;      ///< of the node where it is greatest; the lowest of equals
};

struct FleetArm {
  std::string name;
  Sketch step, burstable, guaranteed;   ///< of all nodes together, ns
  NodeRatios step_mean, burstable_p95, guaranteed_p95, makespan;
  std::int64_t throttled_container = 0, throttled_pod = 0, daemon_cpu = 0, length = 0;   ///< ns, summed over nodes
  std::uint64_t refilling_writes = 0, step_seconds = 0;
};

struct Fleet {
  int nodes = 0, cpus = 0;
  std::uint64_t first_seed = 1;
  std::vector<FleetArm> arms;        ///< static first
  std::vector<std::string> notes;    ///< of the first nodes that had any: what was not put back
};

struct FleetOptions {
  std::vector<Arm> arms;             ///< `static` has to be among them
  int nodes = 1;                     ///< 1..1'000'000; node i has the seed of the bench + i
  seconds length{0};                 ///< 0: as the scenario says
  int threads = 0;                   ///< 0: as many as there are CPUs here
  std::function<void(int done)> progress{};   ///< called by the caller's thread, now and then
};

/// The space it needs does not depend on the number of nodes, and neither threads nor order decide anything.
/// Errors: malformed (a scenario without latencies: startup; no arm `static`), io "interrupted", those of one node.
Result<Fleet> run_fleet(const SimBench& bench, const Scenario& scenario, const FleetOptions& options);

std::string to_text(const Fleet& fleet, const Scenario& scenario, Style style);

}  // namespace headroom::lab
