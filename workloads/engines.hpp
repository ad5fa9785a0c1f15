// Workflow engines, by what they write on their pods. An engine is a row of the table in engines.cpp.
#pragma once

#include <span>
#include <string_view>

#include "cgroups/types/workload.hpp"
#include "workloads/pod.hpp"

namespace headroom {

struct Recognised {
  WorkflowStep step;
  std::vector<ContainerRole> roles;   ///< of Pod::containers, in their order
  friend bool operator==(const Recognised&, const Recognised&) = default;
};

/// A pod of no engine: no step, and its containers are service, init or sidecar. Labels are what a tenant may write: hints,
/// never authority.
Recognised recognise(const Pod& pod);

/// The part of an engine's control plane that a pod is by its labels ("argo/server"), its application's name otherwise.
/// Says nothing about whether it is one: that is the administrator's word.
std::string component_of(const Pod& pod);

/// Ids of the table, each once, in its order.
std::vector<std::string_view> engines_in_table();

}  // namespace headroom
