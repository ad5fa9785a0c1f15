#include "workloads/kube_pods.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace headroom {
namespace {

using nlohmann::json;

/// Large and of no use here; by how deep the key is in a list of pods. Labels and annotations are at 5: none is dropped but
/// kubectl's copy of the whole object.
bool worth_keeping(int depth, std::string_view key) {
  constexpr std::array kOfPod{"managedFields", "tolerations", "affinity", "topologySpreadConstraints", "conditions",
                              "securityContext"};
  constexpr std::array kOfContainer{"volumeMounts", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports",
                                    "securityContext", "resizePolicy"};
  const auto among = [key](const auto& names) { return std::find(names.begin(), names.end(), key) != names.end(); };
  if (depth == 4) return !among(kOfPod);
  if (depth == 5) return key != "kubectl.kubernetes.io/last-applied-configuration";
  return depth != 6 || !among(kOfContainer);
}

/// nullptr: no such member, or it is null.
const json* find(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const json* find(const json& object, const char* first, const char* second) {
  const json* inner = find(object, first);
  return inner == nullptr ? nullptr : find(*inner, second);
}

std::string text_of(const json* value) {
  return value != nullptr && value->is_string() ? value->get_ref<const std::string&>() : std::string{};
}

const json& items_of(const json* list) {
  static const json kNone = json::array();
  return list != nullptr && list->is_array() ? *list : kNone;
}

TextMap texts_of(const json* object) {
  TextMap out;
  if (object == nullptr || !object->is_object()) return out;
  for (const auto& [key, value] : object->items())
    if (value.is_string()) out.emplace(key, value.get_ref<const std::string&>());
  return out;
}

std::optional<MilliCpu> cpu_of(const json* resources, const char* kind) {
  const json* value = resources == nullptr ? nullptr : find(*resources, kind, "cpu");
  return parse_cpu_quantity(text_of(value));
}

CpuAsk ask_of(const json* resources) { return {cpu_of(resources, "requests"), cpu_of(resources, "limits")}; }

void take_words(const json* words, PodHints& hints) {
  for (const json& word : items_of(words)) {
    const std::string text = text_of(&word);
    if (text == "/argo/staging/script") hints.staging_script = true;
    if (text.find("CPUBurst=true") != std::string::npos) hints.koordinator_burst = true;
  }
}

void take_volumes(const json* volumes, PodHints& hints) {
  for (const json& volume : items_of(volumes)) {
    const std::string path = text_of(find(volume, "hostPath", "path"));
    if (path == "/" || path == "/sys" || path == "/sys/fs" || path.starts_with("/sys/fs/cgroup")) hints.host_cgroups = true;
  }
}

void take_template(const std::string& text, PodHints& hints) {
  if (text.find("from dflow import") != std::string::npos) hints.imports_dflow = true;
  if (text.find("\"containerSet\"") == std::string::npos) return;
  const json parsed = json::parse(text, nullptr, false);
  if (find(parsed, "containerSet") != nullptr) hints.container_set = text_of(find(parsed, "name"));
}

std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0 ? std::optional(value) : std::nullopt;
}

void take_hints(const json& container, PodHints& hints) {
  take_words(find(container, "command"), hints);
  take_words(find(container, "args"), hints);
  for (const json& variable : items_of(find(container, "env"))) {
    const std::string name = text_of(find(variable, "name"));
    if (name == "ARGO_TEMPLATE") take_template(text_of(find(variable, "value")), hints);
    if (name == "FLYTE_ATTEMPT_NUMBER" && !hints.flyte_attempt) hints.flyte_attempt = number_in(text_of(find(variable, "value")));
  }
}

void take_containers(const json& spec, const char* key, ContainerKind kind, Pod& pod) {
  for (const json& item : items_of(find(spec, key))) {
    PodContainer container;
    container.name = text_of(find(item, "name"));
    container.image = text_of(find(item, "image"));
    const bool stays = kind == ContainerKind::init && text_of(find(item, "restartPolicy")) == "Always";
    container.kind = stays ? ContainerKind::sidecar : kind;
    container.cpu = ask_of(find(item, "resources"));
    pod.containers.push_back(std::move(container));
    take_hints(item, pod.hints);
  }
}

/// "containerd://<id>", "docker://<id>", "cri-o://<id>".
std::string id_of(const std::string& told) {
  const auto at = told.find("://");
  return at == std::string::npos ? std::string{} : told.substr(at + 3);
}

void take_ids(const json* statuses, Pod& pod) {
  for (const json& status : items_of(statuses)) {
    const std::string name = text_of(find(status, "name"));
    const auto found = std::find_if(pod.containers.begin(), pod.containers.end(), [&](const PodContainer& c) { return c.name == name; });
    if (found != pod.containers.end()) found->id = id_of(text_of(find(status, "containerID")));
  }
}

std::optional<KubeQos> qos_of(const std::string& word) {
  if (word == "Guaranteed") return KubeQos::guaranteed;
  if (word == "Burstable") return KubeQos::burstable;
  return word == "BestEffort" ? std::optional(KubeQos::best_effort) : std::nullopt;
}

std::string owner_of(const json& metadata) {
  for (const json& owner : items_of(find(metadata, "ownerReferences"))) {
    const json* controls = find(owner, "controller");
    if (controls != nullptr && controls->is_boolean() && controls->get<bool>()) return text_of(find(owner, "name"));
  }
  return {};
}

void take_metadata(const json& metadata, Pod& pod) {
  pod.ns = text_of(find(metadata, "namespace"));
  pod.name = text_of(find(metadata, "name"));
  pod.uid = text_of(find(metadata, "uid"));
  pod.labels = texts_of(find(metadata, "labels"));
  pod.annotations = texts_of(find(metadata, "annotations"));
  pod.owner = owner_of(metadata);
  // The API server's mirror of a static pod has a UID of its own; the cgroup has the hash.
  if (const auto& hash = text_at(pod.annotations, "kubernetes.io/config.mirror"); !hash.empty()) pod.uid = hash;
}

Pod pod_of(const json& item) {
  static const json kNothing = json::object();
  const json* metadata = find(item, "metadata");
  const json* spec = find(item, "spec");
  const json* status = find(item, "status");
  Pod pod;
  take_metadata(metadata == nullptr ? kNothing : *metadata, pod);
  if (spec != nullptr) {
    take_containers(*spec, "initContainers", ContainerKind::init, pod);
    take_containers(*spec, "containers", ContainerKind::main, pod);
    take_volumes(find(*spec, "volumes"), pod.hints);
    pod.whole = ask_of(find(*spec, "resources"));
    pod.overhead = parse_cpu_quantity(text_of(find(*spec, "overhead", "cpu"))).value_or(MilliCpu{});
  }
  if (status == nullptr) return pod;
  take_ids(find(*status, "initContainerStatuses"), pod);
  take_ids(find(*status, "containerStatuses"), pod);
  pod.qos = qos_of(text_of(find(*status, "qosClass")));
  const std::string phase = text_of(find(*status, "phase"));
  pod.finished = phase == "Succeeded" || phase == "Failed";
  return pod;
}

/// Power of ten of a suffix; nullopt: no decimal one.
std::optional<int> exponent_of(std::string_view suffix) {
  constexpr std::string_view kWords[] = {"n", "u", "m", "", "k", "M", "G"};
  constexpr int kPowers[] = {-9, -6, -3, 0, 3, 6, 9};
  for (std::size_t i = 0; i < std::size(kWords); ++i)
    if (suffix == kWords[i]) return kPowers[i];
  if (suffix.size() < 2 || (suffix.front() != 'e' && suffix.front() != 'E')) return std::nullopt;
  int power = 0;
  const std::string_view digits = suffix.substr(suffix[1] == '+' ? 2 : 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), power);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole && power >= -18 && power <= 18 ? std::optional(power) : std::nullopt;
}

}  // namespace

std::optional<MilliCpu> parse_cpu_quantity(std::string_view text) {
  constexpr std::int64_t kMost = std::int64_t{1'000'000} * 1000;
  std::int64_t digits = 0;
  int after_point = 0;
  bool any = false, point = false;
  std::size_t at = 0;
  for (; at < text.size() && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9')); ++at) {
    if (text[at] == '.') {
      if (std::exchange(point, true)) return std::nullopt;
      continue;
    }
    if (digits > INT64_MAX / 10 - 9) return std::nullopt;
    digits = digits * 10 + (text[at] - '0');
    after_point += point ? 1 : 0;
    any = true;
  }
  const auto exponent = exponent_of(text.substr(at));
  if (!any || !exponent) return std::nullopt;
  int power = *exponent - after_point + 3;
  for (; power > 0 && digits <= kMost; --power) digits *= 10;
  for (; power < 0 && digits > 0; ++power) digits = digits / 10 + (digits % 10 != 0 ? 1 : 0);
  return digits <= kMost ? std::optional(MilliCpu{digits}) : std::nullopt;
}

Result<PodList> parse_pod_list(std::string_view text, std::string_view where) {
  const auto keep = [](int depth, json::parse_event_t event, json& value) {
    return event != json::parse_event_t::key || worth_keeping(depth, value.get_ref<const std::string&>());
  };
  const json document = json::parse(text, keep, false);
  if (document.is_discarded()) return fail(Errc::malformed, std::string(where), "want JSON, got something else or a part of it");
  const json* items = find(document, "items");
  // Go writes an empty list as null.
  const bool list = items != nullptr ? items->is_array() : document.is_object() && document.contains("items");
  if (!list) return fail(Errc::malformed, std::string(where), "want a list of pods (items: [...])");
  PodList out;
  std::size_t index = 0;
  for (const json& item : items_of(items)) {
    Pod pod = pod_of(item);
    const std::string place = fmt::format("{}: items[{}]", where, index++);
    if (pod.uid.empty() || pod.name.empty()) out.faults.push_back({Errc::malformed, place, "want a pod with a name and a UID"});
    else out.pods.push_back(std::move(pod));
  }
  return out;
}

}  // namespace headroom
