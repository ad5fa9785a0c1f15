// The benchmarks of headroom-bench.
#pragma once

namespace headroom::bench {

/// smoke: the smallest sizes, a few rounds: that it runs, not what it measures.
enum class Depth { full, smoke };

void add_tick_benches(Depth depth);
/// Removes the scratch tree of the tick benchmarks.
void drop_tick_rig();

/// Simulated seconds a second; touches no cgroup.
void add_simulate_benches();

/// Reads and writes of one group by kept fds and by libcgroup.
void add_libcgroup_benches(Depth depth);

}  // namespace headroom::bench
