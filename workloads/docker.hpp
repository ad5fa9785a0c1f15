// What Docker's Engine API tells of its containers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/result.hpp"
#include "workloads/pod.hpp"

namespace headroom {

struct DockerContainer {
  std::string id;                      ///< 64 hex digits
  std::string name;                    ///< without the slash that Docker puts before it
  std::string image;
  std::optional<MilliCpu> cpus;        ///< --cpus, or its quota by its period; nullopt: unlimited, or not told (a list does not)
  friend bool operator==(const DockerContainer&, const DockerContainer&) = default;
};

/// GET /containers/json. Errors: malformed.
Result<std::vector<DockerContainer>> parse_docker_list(std::string_view json, std::string_view where);

/// GET /containers/ID/json. Errors: malformed.
Result<DockerContainer> parse_docker_inspect(std::string_view json, std::string_view where);

/// A line of GET /events.
struct DockerEvent {
  enum class What { appeared, changed, gone, other };
  What what = What::other;
  std::string id;
  std::int64_t at = 0;                 ///< ns since the epoch: what a reconnection asks for (`since`)
};
Result<DockerEvent> parse_docker_event(std::string_view line);

/// The named groups of a dockerName pattern ({host: m7, port: 26000}); nullopt: the name is another, or its port is out of
/// bounds. Linear in the name, which a tenant has chosen. One leading slash of the name is no part of it.
/// @param pattern  one that RE2 takes; one that it refuses matches nothing
std::optional<TextMap> docker_name_groups(const std::string& pattern, const std::optional<std::pair<int, int>>& ports, std::string_view name);

}  // namespace headroom
