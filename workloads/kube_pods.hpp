// The JSON of Kubernetes' objects -> pods.
#pragma once

#include <string_view>
#include <vector>

#include "cgroups/types/result.hpp"
#include "workloads/pod.hpp"

namespace headroom {

struct PodList {
  std::vector<Pod> pods;
  std::vector<Error> faults;   ///< items that are no pod: left out
};

/// A PodList, as of kubelet's /pods.
/// @param where  named in errors: "https://10.0.0.1:10250/pods"
/// Errors: malformed (no JSON, no list). Unknown fields are no fault; of environments, commands and scripts only PodHints
/// are kept. Takes any depth without recursion.
Result<PodList> parse_pod_list(std::string_view json, std::string_view where);

/// Kubernetes' quantity of CPU ("1500m", "2", "0.5", "1e1"), rounded up to a thousandth. nullopt: not one, or more than a
/// million cores. Source: apimachinery's resource.Quantity, decimal forms.
std::optional<MilliCpu> parse_cpu_quantity(std::string_view text);

}  // namespace headroom
