// A rule of the configuration before it is matched: shared by config (which reads it) and workloads (which applies it).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroups/types/catalog.hpp"

namespace headroom {

/// One entry of classes[].match: all keys that are set must match.
struct Match {
  std::vector<std::string> engines;        ///< ids of the recognition table; "flyte" means both of its versions
  std::string docker_name;                 ///< RE2, of the whole name of a Docker container
  std::optional<std::pair<int, int>> ports;   ///< of docker_name's group `port`, ends included
  std::vector<std::string> namespaces;
  std::map<std::string, std::string> pod_labels, pod_annotations;   ///< all of them, equal
  std::optional<KubeQos> qos;
  std::vector<std::string> path;           ///< globs on the path below the root: * within a segment, ** across
  std::string unit;                        ///< a glob on the systemd unit's name
  std::string slice;                       ///< services and scopes somewhere below this slice
  friend bool operator==(const Match&, const Match&) = default;
};

struct ClassConfig {
  ClassRule rule;
  std::vector<Match> match;
  friend bool operator==(const ClassConfig&, const ClassConfig&) = default;
};

/// What a tenant may ask for by an annotation; opting out is always allowed.
struct AnnotationRules {
  std::optional<MilliCpu> up_to_max;       ///< headroom.io/up-to is clamped to this; nullopt: it is not accepted
  bool koordinator = false;                ///< koordinator.sh/cpuBurst is accepted
  friend bool operator==(const AnnotationRules&, const AnnotationRules&) = default;
};

/// Whether a name is among this share of all names: always the same ones, and a larger share holds a smaller one.
/// @param share  in thousandths of a per cent, 0..100000
/// Formula: FNV-1a, its bits mixed once more (its low ones alone are not even), modulo 100000.
constexpr bool within_share(std::string_view name, int share) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  h = (h ^ (h >> 32)) * 0x9e3779b97f4a7c15ULL;
  return (h >> 16) % 100'000 < static_cast<std::uint64_t>(share);
}

/// Whom a rollout leaves at its static limits.
struct Restriction {
  int holdout = 0;                         ///< share of pods, by their UIDs, in thousandths of a per cent
  std::vector<std::string> namespaces;     ///< only pods in these are lent to; empty: all
  friend bool operator==(const Restriction&, const Restriction&) = default;
};

/// Who may borrow, as the configuration says.
struct ClassRules {
  std::vector<ClassConfig> classes;
  AnnotationRules annotations;
  Restriction only;
  friend bool operator==(const ClassRules&, const ClassRules&) = default;
};

}  // namespace headroom
