// What a cgroup is, from its path and from the configuration's rules.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "cgroups/types/class_config.hpp"

namespace headroom {

/// Left-to-right parser of ../tests/golden/cgroup-paths.json: every Kubernetes layout, Docker, podman, nerdctl, systemd.
Identity identify(std::string_view path);

/// Whether a glob matches a path: `*` within a segment, `**` across segments; the whole path.
/// Linear in pattern x path, no recursion on the path.
bool glob_matches(std::string_view glob, std::string_view path);

/// First rule that matches, with POLICY's class worked out (WORKLOADS.md 1.6); {"none", ls} if none does,
/// {"system", system} for system.slice and kube-system.
ClassRule classify(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes);

/// The same with what decided: indices into classes and into the match of one.
struct Classified {
  ClassRule rule;
  std::optional<std::size_t> matched, entry;
  std::optional<std::size_t> held_back;   ///< first class without borrow that may mean it, but asks what a path does not tell
};
Classified classify_why(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes);

/// False below a container: what lies deeper is the container's own business.
bool descend_below(const Identity& identity);

}  // namespace headroom
