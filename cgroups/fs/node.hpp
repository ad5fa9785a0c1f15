// What is read of the node as a whole: kept fds, like the groups'.
#pragma once

#include <memory>
#include <vector>

#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/types/sample.hpp"

namespace headroom {

/// Opened on first use and kept. Move-only.
class NodeFiles {
 public:
  explicit NodeFiles(const Hierarchy& where);
  NodeFiles(NodeFiles&&) noexcept;
  NodeFiles& operator=(NodeFiles&&) noexcept;
  ~NodeFiles();

  /// CPU time of every task of the node, whatever --cgroup-root is: cpuacct.usage (v1) or cpu.stat (v2) of
  /// Hierarchy::top.
  /// On v2 the root's number is made from /proc/stat's: it moves with the tick and includes steal.
  /// Errors: absent, denied, malformed, io.
  Result<nanoseconds> usage();
  /// Per CPU, from /proc/stat; in units of 1/USER_HZ (10 ms). Errors: denied, malformed, io.
  Result<std::vector<CpuTimes>> cpu_times();
  /// /proc/pressure/cpu "some avg10", 0..1. Errors: absent (PSI off), denied, malformed, io.
  Result<double> pressure();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same for one read, without keeping anything.
Result<nanoseconds> read_node_usage(const Hierarchy& where);
Result<std::vector<CpuTimes>> read_cpu_times();
Result<double> read_node_pressure();

/// Online CPUs of the node (not of this process's affinity), 1..kMaxCpus. Source: sysconf(_SC_NPROCESSORS_ONLN).
int online_cpus();

/// Cores behind `cpus` CPUs, 1..cpus: distinct cpuN/topology/thread_siblings_list below `dir`; `cpus` where that cannot be
/// read. Two threads of a core share its execution units.
int physical_cores(int cpus, const std::string& dir = "/sys/devices/system/cpu");

}  // namespace headroom
