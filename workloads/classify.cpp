#include <fmt/format.h>

#include <algorithm>

#include "workloads/kube_pods.hpp"
#include "workloads/matching.hpp"

namespace headroom {
namespace {

bool is_system(const Identity& identity, std::string_view path, const Known& known, std::span<const ClassConfig> classes) {
  if (known.pod != nullptr && known.pod->ns == "kube-system") return true;
  const bool below = path == "system.slice" || path.starts_with("system.slice/");
  if (!below || !identity.container_id.empty() || !identity.pod_uid.empty() || identity.kube_qos) return false;
  // A batch service lies among the system's own: only one that somebody has named may borrow.
  const Candidate who{identity, path, known};
  return std::none_of(classes.begin(), classes.end(), [&](const ClassConfig& config) {
    const auto [verdict, entry] = matches(config, who);
    return verdict == MatchVerdict::yes && config.rule.borrow && !config.match[entry].unit.empty();
  });
}

/// Koordinator's label; any other value counts as none.
std::optional<QosClass> labelled(const Known& known) {
  if (known.pod == nullptr) return std::nullopt;
  const auto& word = text_at(known.pod->labels, "koordinator.sh/qosClass");
  if (word == "LSE") return QosClass::lse;
  if (word == "LSR") return QosClass::lsr;
  if (word == "LS") return QosClass::ls;
  if (word == "BE") return QosClass::be;
  return word == "SYSTEM" ? std::optional(QosClass::system) : std::nullopt;
}

/// An engine's own control plane: hidden leases to namespaces that the administrator has named, and nothing else.
bool is_control(const ClassConfig& config) {
  const auto by_namespace = [](const Match& entry) {
    Match plain;
    plain.namespaces = entry.namespaces;
    return !entry.namespaces.empty() && entry == plain;
  };
  return config.rule.borrow && config.rule.borrow->visibility == Visibility::hidden &&
         std::all_of(config.match.begin(), config.match.end(), by_namespace);
}

/// docs/workloads.md, "Classes": the first row that applies. (Exclusive cores show in the file's quota, not here.)
QosClass qos_of(const Identity& identity, const ClassConfig* config, const Known& known) {
  if (const auto label = labelled(known)) return *label;
  if (config != nullptr && is_control(*config)) return QosClass::control;
  if (identity.kube_qos == KubeQos::best_effort) return QosClass::be;   // no quota to raise, weight already lowest
  return config != nullptr && config->rule.borrow ? QosClass::step : QosClass::ls;
}

ContainerRole role_of(const Known& known, QosClass qos) {
  if (known.pod == nullptr || known.what == nullptr) return ContainerRole::service;
  if (qos == QosClass::control) return ContainerRole::control;
  if (known.container == nullptr) return ContainerRole::service;
  const auto index = static_cast<std::size_t>(known.container - known.pod->containers.data());
  const ContainerRole role = known.what->roles[index];
  if (role != ContainerRole::service) return role;
  if (qos == QosClass::system) return ContainerRole::system;
  return qos == QosClass::be ? ContainerRole::batch : role;
}

bool helps_only(ContainerRole role, const Known& known) {
  const bool of_engine = known.what != nullptr && !known.what->step.engine.empty();
  switch (role) {
    case ContainerRole::infra:
    case ContainerRole::infra_init: return true;
    case ContainerRole::sidecar:
    case ContainerRole::init: return of_engine;
    case ContainerRole::service:
    case ContainerRole::work:
    case ContainerRole::batch:
    case ContainerRole::system:
    case ContainerRole::control: return false;
  }
  return false;
}

/// A lease goes to a container, or to a plain group that somebody named. A pod gets what its containers need.
bool may_hold_lease(const Identity& identity, const Classified& so_far, const Known& known) {
  if (!may_be_written(identity.kind) || so_far.held_back || helps_only(so_far.role, known)) return false;
  return known.pod == nullptr || !known.pod->finished;
}

bool opts_out(const Known& known) { return known.pod != nullptr && text_at(known.pod->annotations, "headroom.io/opt-out") == "true"; }

}  // namespace

Classified classify_why(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes, const Known& known) {
  if (path.starts_with('/')) path.remove_prefix(1);
  Classified result;
  if (is_system(identity, path, known, classes)) {
    result.rule = ClassRule{.name = "system", .qos = QosClass::system, .borrow = {}, .weight = {}};
    result.role = role_of(known, QosClass::system);
    return result;
  }
  const Candidate who{identity, path, known, known.docker != nullptr && worker_labels(*known.docker, classes).has_value()};
  for (std::size_t i = 0; i < classes.size() && !result.matched; ++i) {
    const auto [verdict, entry] = matches(classes[i], who);
    if (verdict == MatchVerdict::yes) {
      result.rule = classes[i].rule;
      result.matched = i;
      result.entry = entry;
    }
    // Perhaps the group was meant to be spared by this class: then no later one widens what it gets.
    if (verdict == MatchVerdict::unknown && !classes[i].rule.borrow && !result.held_back) result.held_back = i;
  }
  ClassRule& rule = result.rule;
  rule.spared = opts_out(known);
  if (rule.spared || result.held_back) rule.borrow.reset();
  rule.qos = qos_of(identity, result.matched && rule.borrow ? &classes[*result.matched] : nullptr, known);
  result.role = role_of(known, rule.qos);
  if (!may_be_written(rule.qos) || !may_hold_lease(identity, result, known)) rule.borrow.reset();
  return result;
}

ClassRule classify(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes, const Known& known) {
  return classify_why(identity, path, classes, known).rule;
}

bool is_left_out(const Restriction& only, const Identity& identity, const Known& known) {
  if (!identity.pod_uid.empty() && within_share(identity.pod_uid, only.holdout)) return true;
  if (only.namespaces.empty()) return false;
  if (known.pod == nullptr) return true;
  return std::find(only.namespaces.begin(), only.namespaces.end(), known.pod->ns) == only.namespaces.end();
}

std::optional<WorkflowStep> step_in(const Known& known, ContainerRole role, std::span<const ClassConfig> classes) {
  if (known.what != nullptr) {
    WorkflowStep step = known.what->step;
    if (role == ContainerRole::control) step.component = component_of(*known.pod);
    return step.engine.empty() && step.component.empty() ? std::nullopt : std::optional(std::move(step));
  }
  auto labels = known.docker == nullptr ? std::nullopt : worker_labels(*known.docker, classes);
  if (!labels) return std::nullopt;
  WorkflowStep step;
  step.engine = "globalfunc";
  step.workflow = text_at(*labels, "host");
  step.step = text_at(*labels, "port");
  step.labels.insert(labels->begin(), labels->end());
  return step;
}

AskedCeiling asked_ceiling(const Pod& pod, const AnnotationRules& rules) {
  constexpr std::string_view kKey = "headroom.io/up-to";
  constexpr MilliCpu kLeast{100}, kMost{64'000};
  const auto& text = text_at(pod.annotations, kKey);
  if (text.empty()) return {};
  const std::string place = fmt::format("{}/{}: annotation {}: ", pod.ns, pod.name, kKey);
  if (!rules.up_to_max) return {{}, place + "ignored, annotations does not accept it"};
  std::string_view amount = text;
  for (const std::string_view unit : {" cores", " core"})
    if (amount.ends_with(unit)) amount.remove_suffix(unit.size());
  auto cores = amount.size() == text.size() ? std::nullopt : parse_cpu_quantity(amount);
  if (cores) cores->value -= cores->value % 100;   // each ceiling is a rule of the catalog: a tenant cannot make many
  if (!cores || *cores < kLeast || *cores > kMost) return {{}, fmt::format("{}want 0.1..64 cores (\"2 cores\"), got \"{}\"", place, text)};
  if (*cores <= *rules.up_to_max) return {cores, {}};
  return {rules.up_to_max, fmt::format("{}{} is clamped to {:g} cores", place, text, static_cast<double>(rules.up_to_max->value) / 1000)};
}

}  // namespace headroom
