#include "workloads/identity.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "workloads/names.hpp"

namespace headroom {
namespace {

using Segments = std::vector<std::string_view>;
using Rest = std::span<const std::string_view>;

Segments split(std::string_view path) {
  Segments segments;
  while (!path.empty()) {
    const auto end = path.find('/');
    if (end != 0) segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return segments;
}

/// What lies below a pod's directory. `rest` is not empty.
void below_pod(std::string_view pod, Rest rest, Identity& id) {
  if (const auto monitor = monitor_of(rest[0])) {
    id.kind = GroupKind::helper;
    id.runtime = *monitor;
    return;
  }
  const auto name = container_of(rest[0]);
  if (!name) return;
  const bool stub = name->runtime == Runtime::crio && !name->scope && pod.ends_with(".slice");
  id.runtime = name->runtime;
  id.container_id = name->id;
  id.kind = rest.size() > 1 ? GroupKind::inner : stub ? GroupKind::sandbox_stub : GroupKind::container;
}

/// What lies below a kubepods root; kind stays `other` where the layout is none that we know.
void below_root(Rest rest, Identity& id) {
  id.kind = GroupKind::qos;
  id.runtime = Runtime::any;
  if (rest.empty()) return;
  id.kube_qos = qos_of(rest[0]);
  if (id.kube_qos) {
    rest = rest.subspan(1);
    if (rest.empty()) return;
  }
  id.kind = GroupKind::other;
  id.runtime = Runtime::none;
  id.pod_uid = pod_uid_of(rest[0]);
  if (id.pod_uid.empty()) return;
  if (!id.kube_qos) id.kube_qos = KubeQos::guaranteed;
  if (rest.size() > 1) return below_pod(rest[0], rest.subspan(1), id);
  id.kind = GroupKind::pod;
  id.runtime = Runtime::any;
}

bool holds_root(Rest rest) {
  return std::any_of(rest.begin(), rest.end(), [](auto segment) { return is_root(segment) || triple_of(segment); });
}

/// A bare ID says nothing of its runtime, the directory above may.
Runtime runtime_below(std::string_view parent) {
  if (parent == "docker") return Runtime::docker;
  if (parent == "k8s.io") return Runtime::containerd;
  return Runtime::any;
}

/// Neither Kubernetes nor a container: the last segment decides.
void by_last_segment(Rest segments, Identity& id) {
  if (segments.empty()) return;
  const auto last = segments.back();
  const bool podman_pod = segments.size() > 1 && segments[segments.size() - 2] == "libpod_parent" && is_container_id(last);
  if (const auto monitor = monitor_of(last)) {
    id.kind = GroupKind::helper;
    id.runtime = *monitor;
  } else if (last.ends_with(".scope")) {
    id.kind = GroupKind::scope;
    id.runtime = Runtime::systemd;
  } else if (last.ends_with(".slice") || podman_pod) {
    id.kind = GroupKind::slice;
    id.runtime = podman_pod || last.find("-libpod_pod_") != std::string_view::npos ? Runtime::podman : Runtime::systemd;
  } else if (segments.size() > 1 && segments[0] == "docker" && segments[1] == "buildkit") {
    id.runtime = Runtime::buildkit;
  }
}

}  // namespace

Identity identify(std::string_view path) {
  const Segments all = split(path);
  const Rest segments(all);
  Identity id;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto rest = segments.subspan(i + 1);
    const auto parent = i == 0 ? std::string_view{} : segments[i - 1];
    if (is_root(segments[i])) {
      below_root(rest, id);
      return id;
    }
    if (auto triple = triple_of(segments[i])) {
      triple->node = id.node;
      if (!rest.empty()) triple->kind = GroupKind::inner;
      return *std::move(triple);
    }
    const auto name = container_of(segments[i]);
    const bool bare = name && name->id == segments[i];
    if (!name || (bare && parent == "libpod_parent")) continue;
    if (holds_root(rest)) {   // a cluster lives below: this container is its node
      id.node = name->id;
      continue;
    }
    id.kind = rest.empty() ? GroupKind::container : GroupKind::inner;
    id.runtime = bare ? runtime_below(parent) : name->runtime;
    id.container_id = name->id;
    return id;
  }
  by_last_segment(segments, id);
  return id;
}

bool descend_below(const Identity& identity) {
  switch (identity.kind) {
    case GroupKind::container:
    case GroupKind::inner:
    case GroupKind::helper:
    case GroupKind::sandbox_stub: return false;
    case GroupKind::pod:
    case GroupKind::qos:
    case GroupKind::scope:
    case GroupKind::slice:
    case GroupKind::other: return true;
  }
  return true;
}

}  // namespace headroom
