// Who is who on the node, as sources last told: an immutable table, made on a source's thread and read by the loop.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "workloads/docker.hpp"
#include "workloads/engines.hpp"

namespace headroom {

struct KnownPod {
  Pod pod;
  Recognised what;
};

/// What sources tell of one group beyond its path. Null: nothing, or not yet.
struct Known {
  const Pod* pod = nullptr;
  const Recognised* what = nullptr;            ///< of that pod
  const PodContainer* container = nullptr;     ///< of that pod; null for the pod's own group
  const DockerContainer* docker = nullptr;
};

/// Pods by UID and by their containers' IDs.
class PodTable {
 public:
  PodTable() = default;
  explicit PodTable(std::vector<Pod> pods);
  PodTable(const PodTable&) = delete;
  PodTable& operator=(const PodTable&) = delete;

  /// @param pod_uid, container_id  of a path; empty: none
  Known find(std::string_view pod_uid, std::string_view container_id) const;
  /// @param id  a pod's UID or a container's ID
  bool knows(std::string_view id) const { return by_uid_.contains(id) || by_id_.contains(id); }
  const std::vector<KnownPod>& pods() const { return pods_; }

 private:
  struct Place {
    std::size_t pod = 0, container = 0;
  };
  std::vector<KnownPod> pods_;
  std::unordered_map<std::string_view, std::size_t> by_uid_;
  std::unordered_map<std::string_view, Place> by_id_;
};

/// Plain Docker containers by ID.
class DockerTable {
 public:
  DockerTable() = default;
  explicit DockerTable(std::vector<DockerContainer> containers);
  DockerTable(const DockerTable&) = delete;
  DockerTable& operator=(const DockerTable&) = delete;

  const DockerContainer* find(std::string_view id) const;

 private:
  std::vector<DockerContainer> containers_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
};

/// All that is known at a moment. Null tables: that source is off, or has not answered yet.
struct KnownWorld {
  std::shared_ptr<const PodTable> pods;
  std::shared_ptr<const DockerTable> docker;
  Known find(const Identity& identity) const;
};

}  // namespace headroom
