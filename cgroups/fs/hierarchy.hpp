// Where the cpu, cpuacct, cpuset, pids and unified hierarchies are mounted.
#pragma once

#include <string>
#include <string_view>

#include "cgroups/types/result.hpp"

namespace headroom {

/// Absolute directories. On v2 cpu == cpuacct == unified. Empty: not there.
struct Hierarchy {
  bool v2 = false;
  std::string cpu;       ///< where the cpu controller's files are; required
  std::string cpuacct;   ///< v1: may be another mount than cpu
  std::string cpuset;    ///< v1
  std::string pids;      ///< v1
  std::string top;       ///< the mount's own root of cpuacct (v2: unified), whatever --cgroup-root says: the node's use
  std::string unified;   ///< hybrid: the cgroup2 mount without controllers; v2: the same as cpu
};

/// @param mountinfo   text of /proc/self/mountinfo
/// @param cgroup_root empty: the host's mounts. Else either the directory under which the hierarchies lie (a hostPath
///                    mount such as /host-cgroup), or a group inside the cpu hierarchy (a subtree, any depth): then the
///                    same relative path is the root in every hierarchy.
/// Errors: absent (no cpu controller), with what was seen and what to mount.
Result<Hierarchy> detect_hierarchy(std::string_view mountinfo, const std::string& cgroup_root);
Result<Hierarchy> detect_hierarchy(const std::string& cgroup_root);   // reads /proc/self/mountinfo

}  // namespace headroom
