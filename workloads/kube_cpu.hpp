// What kubelet and a runtime write for a pod's requests and limits (pkg/kubelet/cm/helpers_linux.go). For the lab's
// pods, and for telling who a directory is; never what a base is: that is what a file says.
#pragma once

#include "workloads/pod.hpp"

namespace headroom {

constexpr microseconds kKubePeriod{100'000};   ///< unless kubelet's cpuCFSQuotaPeriod says otherwise

/// v1 shares of a container; without a request its limit counts.
/// Formula: clamp(milli * 1024 / 1000, 2, 262144).
Shares kube_shares(const CpuAsk& ask);

/// Quota of a limit; nullopt: no limit, hence none.
/// Formula: max(1000 us, milli * period / 1000).
std::optional<microseconds> kube_quota(std::optional<MilliCpu> limit, microseconds period = kKubePeriod);

/// Of one of the pod's containers: where it has no limit, the pod's own resources limit it.
std::optional<microseconds> container_quota(const Pod& pod, const PodContainer& container, microseconds period = kKubePeriod);

struct PodCpu {
  Shares shares;
  std::optional<microseconds> quota;   ///< none unless every container has a limit, or the pod as a whole
};

/// Of the pod's own group. Effective request and limit: max(max_i(init_i + sidecars before i), sidecars + containers)
/// + overhead (KEP-753), or the pod's own resources (KEP-2837). BestEffort: shares 2, no quota.
PodCpu pod_cpu(const Pod& pod, microseconds period = kKubePeriod);

/// Of its spec, where its source has not told (a pod that is only bound): by CPU alone, so a Guaranteed one may be taken for
/// Burstable where its memory is not told here.
KubeQos qos_by_cpu(const Pod& pod);

}  // namespace headroom
