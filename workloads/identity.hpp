// What a cgroup is, from its path and from the configuration's rules.
#pragma once

#include <string_view>

#include "cgroups/types/catalog.hpp"

namespace headroom {

/// Left-to-right parser of ../tests/golden/cgroup-paths.json: every Kubernetes layout, Docker, podman, nerdctl, systemd.
Identity identify(std::string_view path);

/// Whether a glob matches a path: `*` within a segment, `**` across segments; the whole path.
/// Linear in pattern x path, no recursion on the path.
bool glob_matches(std::string_view glob, std::string_view path);

/// False below a container: what lies deeper is the container's own business.
bool descend_below(const Identity& identity);

}  // namespace headroom
