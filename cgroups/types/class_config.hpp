// A rule of the configuration before it is matched: shared by config (which reads it) and workloads (which applies it).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroups/types/catalog.hpp"

namespace headroom {

/// One entry of classes[].match: all keys that are set must match.
struct Match {
  std::vector<std::string> path;      ///< globs on the path below the root: * within a segment, ** across
  std::optional<KubeQos> qos;
  bool other = false;                 ///< it has keys of a later version (engine, podLabels, …): never matches here
  friend bool operator==(const Match&, const Match&) = default;
};

struct ClassConfig {
  ClassRule rule;
  std::vector<Match> match;
  friend bool operator==(const ClassConfig&, const ClassConfig&) = default;
};

}  // namespace headroom
