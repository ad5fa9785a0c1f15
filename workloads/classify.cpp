#include <fmt/format.h>

#include <algorithm>

#include "workloads/kube_pods.hpp"
#include "workloads/matching.hpp"
#include "workloads/names.hpp"

namespace headroom {
namespace {

/// Whether it is the system's own; none: it is not.
Bar system_bar(const Candidate& who, std::span<const ClassConfig> classes) {
  const auto& [identity, path, known, worker] = who;
  if (known.pod != nullptr && known.pod->ns == "kube-system") return Bar::system_namespace;
  const bool below = path == "system.slice" || path.starts_with("system.slice/");
  if (!below || !identity.container_id.empty() || !identity.pod_uid.empty() || identity.kube_qos) return Bar::none;
  // A batch service lies among the system's own: only one that somebody has named may borrow.
  const bool named = std::any_of(classes.begin(), classes.end(), [&](const ClassConfig& config) {
    const auto [verdict, entry] = matches(config, who);
    return verdict == MatchVerdict::yes && config.rule.borrow && !config.match[entry].unit.empty();
  });
  if (named) return Bar::none;
  const auto unit = unit_of(path);
  return unit.empty() || unit.ends_with(".slice") ? Bar::system_part : Bar::system_unit;
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

/// docs/workloads.md, "Classes": the first row that applies but the label's. (Exclusive cores show in the file's quota, not here.)
QosClass unlabelled(const Identity& identity, const ClassConfig* config) {
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

Bar bar_of_role(ContainerRole role, const Known& known) {
  const bool of_engine = known.what != nullptr && !known.what->step.engine.empty();
  switch (role) {
    case ContainerRole::infra:
    case ContainerRole::infra_init: return Bar::helper;
    case ContainerRole::sidecar: return of_engine ? Bar::sidecar : Bar::none;
    case ContainerRole::init: return of_engine ? Bar::init : Bar::none;
    case ContainerRole::service:
    case ContainerRole::work:
    case ContainerRole::batch:
    case ContainerRole::system:
    case ContainerRole::control: return Bar::none;
  }
  return Bar::none;
}


bool opts_out(const Known& known) { return known.pod != nullptr && text_at(known.pod->annotations, kOptOutAnnotation) == "true"; }

/// The first class that means it, and the first of those before that may, had more been known.
Classified match_class(const Candidate& who, std::span<const ClassConfig> classes) {
  Classified result;
  for (std::size_t i = 0; i < classes.size() && !result.matched; ++i) {
    const auto [verdict, entry] = matches(classes[i], who);
    if (verdict == MatchVerdict::yes) {
      result.rule = classes[i].rule;
      result.matched = i;
      result.entry = entry;
    }
    if (verdict != MatchVerdict::unknown) continue;
    // Perhaps the group was meant to be spared by this class: then no later one widens what it gets.
    auto& may_mean_it = classes[i].rule.borrow ? result.unheard : result.held_back;
    if (!may_mean_it) may_mean_it = i;
  }
  return result;
}

/// The system's own is of no class of the configuration. What it would be lent elsewhere, or once named, is kept.
Classified of_system(const ClassRule& elsewhere, Bar system, const Known& known) {
  Classified result;
  result.rule = ClassRule{.name = "system", .qos = QosClass::system, .borrow = {}, .weight = {}, .bars = elsewhere.bars, .barred = {}};
  result.rule.barred = elsewhere.borrow ? elsewhere.borrow : elsewhere.barred;
  if (system == Bar::system_unit) result.rule.barred = BorrowRule{};
  else if (!result.rule.barred) put_bar(result.rule, elsewhere.name == "none" ? Bar::no_class : Bar::spare_class);
  put_bar(result.rule, system);
  result.role = role_of(known, QosClass::system);
  return result;
}

}  // namespace

Classified classify_why(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes, const Known& known) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const Candidate who{identity, path, known, known.docker != nullptr && worker_labels(*known.docker, classes).has_value()};
  Classified result = match_class(who, classes);
  ClassRule& rule = result.rule;
  const bool lends = rule.borrow.has_value();
  const auto bar_if = [&rule](bool holds, Bar bar) {
    if (holds) put_bar(rule, bar);
  };
  if (!lends && result.unheard) {
    put_bar(rule, Bar::unknown);
    rule.barred = classes[*result.unheard].rule.borrow;
  }
  bar_if(opts_out(known), Bar::opt_out);
  bar_if(lends && result.held_back, Bar::withheld);
  const QosClass own_qos = unlabelled(identity, result.matched && rule.borrow ? &classes[*result.matched] : nullptr);
  rule.qos = labelled(known).value_or(own_qos);
  result.role = role_of(known, rule.qos);
  const Bar of_role = bar_of_role(result.role, known);
  const bool by_label = labelled(known) && !may_be_written(rule.qos);
  bar_if(by_label, Bar::label);
  bar_if(own_qos == QosClass::be && (by_label || rule.qos == own_qos), Bar::best_effort);
  bar_if(of_role != Bar::none, of_role);
  bar_if(known.pod != nullptr && known.pod->finished, Bar::finished);
  // A lease goes to a container, or to a plain group that somebody named. A pod gets what its containers need.
  bar_if(lends && !may_be_written(identity.kind), Bar::kind);
  const Bar system = system_bar(who, classes);
  return system == Bar::none ? result : of_system(rule, system, known);
}

ClassRule classify(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes, const Known& known) {
  return classify_why(identity, path, classes, known).rule;
}

Bars left_out(const Restriction& only, const Identity& identity, const Known& known) {
  Bars out;
  if (!identity.pod_uid.empty() && within_share(identity.pod_uid, only.holdout)) out.add(Bar::holdout);
  if (only.namespaces.empty()) return out;
  const bool among = known.pod != nullptr && std::find(only.namespaces.begin(), only.namespaces.end(), known.pod->ns) != only.namespaces.end();
  if (!among) out.add(Bar::namespaces);
  return out;
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kMost = 40;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
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
  constexpr MilliCpu kLeast{100}, kMost{64'000};
  const auto& text = text_at(pod.annotations, kUpToAnnotation);
  if (text.empty()) return {};
  if (!rules.up_to_max) return {{}, "is there, not accepted: set annotations.headroom.io/up-to: {max: 4 cores}"};
  std::string_view amount = text;
  for (const std::string_view unit : {" cores", " core"})
    if (amount.ends_with(unit)) amount.remove_suffix(unit.size());
  auto cores = amount.size() == text.size() ? std::nullopt : parse_cpu_quantity(amount);
  if (cores) cores->value -= cores->value % 100;   // each ceiling is a rule of the catalog: a tenant cannot make many
  if (!cores || *cores < kLeast || *cores > kMost) return {{}, fmt::format("want 0.1..64 cores (\"2 cores\"), got \"{}\"", shortened(text))};
  if (*cores <= *rules.up_to_max) return {cores, {}};
  return {rules.up_to_max, fmt::format("{} is clamped to {:g} cores", shortened(text), static_cast<double>(rules.up_to_max->value) / 1000)};
}

}  // namespace headroom
