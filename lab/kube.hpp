// How kubelet lays pods out as cgroups: paths, and what it writes into them. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroups/types/bandwidth.hpp"
#include "lab/scenario.hpp"
#include "workloads/kube_cpu.hpp"

namespace headroom::lab {

enum class Level { root, qos, pod, sandbox, container };

/// One directory of the tree, parents before children.
struct PlannedGroup {
  Level level = Level::root;
  std::string path;                    ///< below the scratch root: "kubepods/burstable/pod…/…"
  Shares shares{2};
  std::optional<microseconds> quota;   ///< nullopt: -1
  std::size_t pod = 0;                 ///< index into Scenario::pods (pod and below)
  int replica = 0;
  std::size_t container = 0;           ///< index into PodSpec::containers (containers only)
};

/// kubepods/{,burstable/,besteffort/}pod<uuid>/<64 hex>, each pod with a sandbox (shares 2, no quota) first.
/// A pod has a quota if every container has a limit (Guaranteed always has); burstable's shares are the sum of its
/// pods' requests, besteffort's 2, kubepods' those of the whole node.
/// @param phase  pods of other phases are left out; of pods that are started later only the requests count
std::vector<PlannedGroup> plan_tree(const Scenario& scenario, int cpus, const std::string& phase);

/// One pod with its sandbox and containers, as plan_tree() lays it out.
std::vector<PlannedGroup> plan_pod(const Scenario& scenario, std::size_t index, int replica);

/// A step's pod or container.
bool is_step(const Scenario& scenario, const PlannedGroup& group);
/// Of a sandbox or container: what runs in it.
Load load_of(const Scenario& scenario, const PlannedGroup& group);
/// "pod/replica/container": for load_seed().
std::string load_name(const Scenario& scenario, const PlannedGroup& group);

/// First group of the pod's UUID, by class: what a class glob in the daemon's configuration matches.
const char* uuid_head(PodClass pod_class);
std::string pod_path(const PodSpec& pod, std::size_t index, int replica);

}  // namespace headroom::lab
