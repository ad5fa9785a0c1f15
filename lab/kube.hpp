// How kubelet lays pods out as cgroups: paths, shares and quotas. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroups/types/bandwidth.hpp"
#include "lab/scenario.hpp"

namespace headroom::lab {

/// Formula: clamp(milli * 1024 / 1000, 2, 262144); request absent: the limit; both absent: 2. Source: kubelet
/// pkg/kubelet/cm/helpers_linux.go, MilliCPUToShares.
Shares kube_shares(std::optional<MilliCpu> request, std::optional<MilliCpu> limit);

/// Formula: milli * period / 1000, at least 1000 us. Source: kubelet, MilliCPUToQuota.
microseconds kube_quota(MilliCpu limit, microseconds period);

/// cgroup v2 weight of v1 shares, 1..10000. Formula: 1 + (shares - 2) * 9999 / 262142. Source: KEP-2254.
std::uint64_t kube_weight(Shares shares);

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

constexpr microseconds kKubePeriod{100'000};

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
