// What a cgroup is, from its path and from the configuration's rules.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "cgroups/types/class_config.hpp"
#include "workloads/known.hpp"

namespace headroom {

/// Left-to-right parser of ../tests/golden/cgroup-paths.json: every Kubernetes layout, Docker, podman, nerdctl, systemd.
Identity identify(std::string_view path);

/// Whether a glob matches a path: `*` within a segment, `**` across segments; the whole path.
/// Linear in pattern x path, no recursion on the path.
bool glob_matches(std::string_view glob, std::string_view path);

/// First rule that matches, with POLICY's class worked out (docs/workloads.md, "Classes"); {"none", ls} if none does,
/// {"system", system} for system.slice and kube-system.
/// @param known  what sources tell of the group; without it a rule that asks for more than the path does not match
ClassRule classify(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes, const Known& known = {});

/// The same with what decided: indices into classes and into the match of one.
struct Classified {
  ClassRule rule;
  std::optional<std::size_t> matched, entry;
  std::optional<std::size_t> held_back;   ///< first class without borrow, up to the match, that may mean it but asks what is not known
  std::optional<std::size_t> unheard;     ///< the same of classes with borrow
  ContainerRole role = ContainerRole::service;   ///< of a pod's container; `service` where nothing tells
};
Classified classify_why(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes, const Known& known = {});

/// What a group is of a workflow; nullopt: nothing that is known.
/// @param role  of classify_why()
std::optional<WorkflowStep> step_in(const Known& known, ContainerRole role, std::span<const ClassConfig> classes);

/// Why a rollout leaves a group at its own limit: holdout, namespaces. A pod whose namespace is not known is left out where
/// namespaces are asked for.
Bars left_out(const Restriction& only, const Identity& identity, const Known& known);

/// The ceiling that a pod asks for by headroom.io/up-to ("2 cores"), at most what the administrator allows.
struct AskedCeiling {
  std::optional<MilliCpu> up_to;          ///< nullopt: it asks for none, or may not, or for something unintelligible
  std::string told;                       ///< what a person should know about it, but whose it is; empty: nothing
};
constexpr std::string_view kUpToAnnotation = "headroom.io/up-to";
constexpr std::string_view kOptOutAnnotation = "headroom.io/opt-out";   ///< "true": lent nothing, under every policy
/// Counted in tenths of a core, rounded down.
AskedCeiling asked_ceiling(const Pod& pod, const AnnotationRules& rules);

/// What a tenant wrote, of any length, as it is told to people.
std::string shortened(const std::string& text);

/// False below a container: what lies deeper is the container's own business.
bool descend_below(const Identity& identity);

}  // namespace headroom
