#include "workloads/names.hpp"

#include <algorithm>
#include <array>

namespace headroom {
namespace {

constexpr std::size_t kIdLength = 64;

constexpr std::array<std::pair<std::string_view, Runtime>, 6> kPrefixes{{{"cri-containerd-", Runtime::containerd},
                                                                         {"crio-", Runtime::crio},
                                                                         {"docker-", Runtime::docker},
                                                                         {"libpod-payload-", Runtime::podman},
                                                                         {"libpod-", Runtime::podman},
                                                                         {"nerdctl-", Runtime::nerdctl}}};

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// 8-4-4-4-12 hex digits joined by - or _, or a static pod's 32 without.
bool is_pod_uid(std::string_view text) {
  if (text.size() == 32) return is_hex(text);
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool joint = i == 8 || i == 13 || i == 18 || i == 23;
    if (joint ? text[i] != '-' && text[i] != '_' : !is_hex(text.substr(i, 1))) return false;
  }
  return true;
}

}  // namespace

bool is_container_id(std::string_view text) { return text.size() == kIdLength && is_hex(text); }

bool is_root(std::string_view segment) {
  take_suffix(segment, ".slice");
  if (!take_suffix(segment, "kubepods")) return false;
  char before = '-';   // an empty word is none: neither "-kubepods" nor "a--kubepods"
  for (const char c : segment) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    if (!word && (c != '-' || before == '-')) return false;
    before = c;
  }
  return segment.empty() || segment.back() == '-';
}

std::string pod_uid_of(std::string_view segment) {
  take_suffix(segment, ".slice");
  for (const std::size_t length : {36U, 32U}) {
    if (segment.size() < length + 3) continue;
    const auto head = segment.substr(0, segment.size() - length);
    const auto uid = segment.substr(segment.size() - length);
    if (!is_pod_uid(uid) || (head != "pod" && !head.ends_with("-pod"))) continue;
    std::string result(uid);
    std::replace(result.begin(), result.end(), '_', '-');
    return result;
  }
  return {};
}

std::optional<KubeQos> qos_of(std::string_view segment) {
  if (segment == "burstable") return KubeQos::burstable;
  if (segment == "besteffort") return KubeQos::best_effort;
  if (!take_suffix(segment, ".slice")) return std::nullopt;
  if (take_suffix(segment, "-burstable") && is_root(segment)) return KubeQos::burstable;
  if (take_suffix(segment, "-besteffort") && is_root(segment)) return KubeQos::best_effort;
  return std::nullopt;
}

std::optional<ContainerName> container_of(std::string_view segment) {
  ContainerName name;
  name.scope = take_suffix(segment, ".scope");
  for (const auto& [prefix, runtime] : kPrefixes) {
    if (!take_prefix(segment, prefix)) continue;
    name.runtime = runtime;
    break;
  }
  name.id = segment;
  return is_container_id(segment) ? std::optional{name} : std::nullopt;
}

std::optional<Runtime> monitor_of(std::string_view segment) {
  take_suffix(segment, ".scope");
  const bool crio = take_prefix(segment, "crio-conmon-");
  if (!crio && !take_prefix(segment, "libpod-conmon-")) return std::nullopt;
  if (!is_container_id(segment)) return std::nullopt;
  return crio ? Runtime::crio : Runtime::podman;
}

std::optional<Identity> triple_of(std::string_view segment) {
  const auto last = segment.rfind(':');
  const auto first = segment.find(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const auto slice = segment.substr(0, first);
  const auto runtime = segment.substr(first + 1, last - first - 1);
  Identity id;
  id.kind = GroupKind::container;
  id.runtime = Runtime::any;
  id.kube_qos = KubeQos::guaranteed;
  id.pod_uid = pod_uid_of(slice);
  id.container_id = segment.substr(last + 1);
  if (id.pod_uid.empty() || !is_container_id(id.container_id)) return std::nullopt;
  if (slice.find("burstable-pod") != std::string_view::npos) id.kube_qos = KubeQos::burstable;
  if (slice.find("besteffort-pod") != std::string_view::npos) id.kube_qos = KubeQos::best_effort;
  for (const auto& [prefix, known] : kPrefixes) {
    if (prefix.substr(0, prefix.size() - 1) == runtime) id.runtime = known;
  }
  return id;
}

bool is_unit(std::string_view segment) {
  for (const std::string_view suffix : {".service", ".scope", ".slice"})
    if (segment.size() > suffix.size() && segment.ends_with(suffix)) return true;
  return false;
}

std::string_view unit_of(std::string_view path) {
  const auto slash = path.rfind('/');
  const auto last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return is_unit(last) ? last : std::string_view{};
}

}  // namespace headroom
