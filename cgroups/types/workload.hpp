// What a group is for, as Kubernetes, Docker and workflow engines tell it.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace headroom {

/// What a container is for in its pod. Only `work`, `service` and `control` may borrow; `infra` and `infra_init` are an
/// engine's own helpers, which neither borrow nor count as protected.
enum class ContainerRole { service, work, infra, infra_init, sidecar, init, batch, system, control };

/// The step of a workflow that a pod, or a plain Docker worker, is. Empty texts: its engine does not say.
struct WorkflowStep {
  std::string engine;          ///< id of the recognition table: "argo", "flyte-v1"; empty: no step of any engine
  std::string sub_engine;      ///< what that engine started: "spark"
  std::string workflow, step;
  std::string template_name;   ///< the task that the step is an instance of
  std::string member;          ///< of a step of several pods: "worker-0"
  std::string component;       ///< of an engine's own control plane: "argo/server"
  std::optional<int> attempt, slice;   ///< both from 0 on
  std::map<std::string, std::string> labels;   ///< a Docker worker's: the named groups of the pattern that its name matches
  friend bool operator==(const WorkflowStep&, const WorkflowStep&) = default;
};

}  // namespace headroom
