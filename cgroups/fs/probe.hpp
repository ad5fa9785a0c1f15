// What this kernel does with bandwidth, tried out in a scratch group of our own; never inferred from a version (KERNEL
// 8).
#pragma once

#include "cgroups/fs/hierarchy.hpp"

namespace headroom {

/// The fields of engine's Capabilities; what could not be found out stands at the careful side.
struct Probed {
  bool v2 = false;
  bool burst_file = true;
  bool burst_above_quota = false;
  bool parent_child_rule = true;  ///< a child's quota/period above its parent's is refused
  bool rewrite_refills = false;   ///< measured; false too where the measurement failed
  bool refills_assumed = false;   ///< could not be tried, because our cgroup namespace may not move a process: it is documented
  bool idle_file = true;
  bool group_pressure = false;  ///< cpu.pressure per group: of v2, or of the unified mirror
  bool assumed = true;          ///< documented rules, nothing was tried
};

/// The documented rules of Linux 5.14 and above, and what can be seen without a write. For observe.
Probed assume(const Hierarchy& where);

/// Makes headroom-probe-<pid>, tries, and removes it, also on failure; takes about 75 ms, up to 800 ms on a node
/// that is too busy to run its spinner at once, and under 20 ms of CPU (one forked process in the scratch group).
/// Takes away what an earlier probe that was killed has left.
/// The scratch group is made in the root, or where that is not allowed in kubepods or the first group in which it is; on v2 in
/// one that hands out the cpu controller. Where none does: assume().
/// Errors: denied (read-only mount, not root), rejected, io.
Result<Probed> probe(const Hierarchy& where);

}  // namespace headroom
