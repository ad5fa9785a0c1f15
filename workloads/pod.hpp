// A pod as kubelet or the API server tells it: what decides who it is and what may be lent to it, and no more.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/types/catalog.hpp"

namespace headroom {

using TextMap = std::map<std::string, std::string, std::less<>>;

/// A sidecar is an init container with restartPolicy Always.
enum class ContainerKind { main, init, sidecar };

struct CpuAsk {
  std::optional<MilliCpu> request, limit;
  friend bool operator==(const CpuAsk&, const CpuAsk&) = default;
};

struct PodContainer {
  std::string name, image;
  std::string id;        ///< 64 hex digits; empty: not told yet
  ContainerKind kind = ContainerKind::main;
  CpuAsk cpu;            ///< of the spec: what is wanted, not what is in force
  friend bool operator==(const PodContainer&, const PodContainer&) = default;
};

/// What is read off things of which nothing may be kept: environments hold credentials, scripts whole programs.
struct PodHints {
  bool staging_script = false;        ///< a command or an argument is Argo's /argo/staging/script
  bool imports_dflow = false;         ///< ARGO_TEMPLATE has a line `from dflow import`
  std::string container_set;          ///< name of the Argo template, where that is a ContainerSet
  std::optional<int> flyte_attempt;   ///< FLYTE_ATTEMPT_NUMBER
  bool koordinator_burst = false;     ///< a command or an argument turns koordlet's CPUBurst on
  bool host_cgroups = false;          ///< a volume is the node's cgroups, or holds them: no tenant gets that
  friend bool operator==(const PodHints&, const PodHints&) = default;
};

struct Pod {
  std::string ns, name;
  std::string uid;                    ///< as in its cgroup's name: of a static pod the hash of its configuration
  TextMap labels, annotations;
  std::optional<KubeQos> qos;
  std::string owner;                  ///< name of the controlling owner; empty: none
  std::vector<PodContainer> containers;   ///< init containers first, each kind in the spec's order
  CpuAsk whole;                       ///< spec.resources, which stand for the pod as a whole
  MilliCpu overhead;                  ///< spec.overhead
  PodHints hints;
  bool finished = false;              ///< Succeeded or Failed: listed, and nothing of it runs any more
  friend bool operator==(const Pod&, const Pod&) = default;
};

/// Empty: no such key. The value lives as long as the map.
inline const std::string& text_at(const TextMap& map, std::string_view key) {
  static const std::string kNone;
  const auto found = map.find(key);
  return found == map.end() ? kNone : found->second;
}

}  // namespace headroom
