// The names that kubelet, container runtimes and systemd give to one directory: one segment of a cgroup path each.
// Grammar and sources: docs/architecture.md; the golden answers are tests/golden/cgroup-paths.json.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cgroups/types/catalog.hpp"

namespace headroom {

/// 64 lower-case hex digits.
bool is_container_id(std::string_view text);

/// ^(?:[a-z0-9]+-)*kubepods(?:\.slice)?$
bool is_root(std::string_view segment);

/// The QoS level's directory, under either driver, with any cgroupRoot in front.
std::optional<KubeQos> qos_of(std::string_view segment);

/// (?:^|-)pod(UID)(?:\.slice)?$, with _ turned into -. UID: 8-4-4-4-12 hex digits, or a static pod's 32. Empty: no pod.
std::string pod_uid_of(std::string_view segment);

struct ContainerName {
  Runtime runtime = Runtime::any;
  std::string_view id;
  bool scope = false;
};
/// ^(?:(cri-containerd|crio|docker|libpod|libpod-payload|nerdctl)-)?([0-9a-f]{64})(?:\.scope)?$
std::optional<ContainerName> container_of(std::string_view segment);

/// The monitor that stands beside a container of CRI-O or podman: ^(crio|libpod)-conmon-([0-9a-f]{64})(?:\.scope)?$
std::optional<Runtime> monitor_of(std::string_view segment);

/// Whether systemd gave the name: a service, a scope or a slice.
bool is_unit(std::string_view segment);
/// The systemd unit whose group a path is: its last segment; empty: none.
std::string_view unit_of(std::string_view path);

/// <pod slice>:<runtime>:<id>: kubelet and runtime disagree about the driver (kubernetes#106514).
std::optional<Identity> triple_of(std::string_view segment);

}  // namespace headroom
