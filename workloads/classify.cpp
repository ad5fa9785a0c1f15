#include <algorithm>

#include "workloads/identity.hpp"

namespace headroom {
namespace {

enum class Verdict { no, yes, unknown };

/// `unknown`: everything that can be told here matches, but the entry also asks what a path cannot answer.
Verdict judge(const Match& entry, const Identity& identity, std::string_view path) {
  const auto fits = [path](const std::string& glob) { return glob_matches(glob, path); };
  if (!entry.path.empty() && std::none_of(entry.path.begin(), entry.path.end(), fits)) return Verdict::no;
  if (entry.qos && entry.qos != identity.kube_qos) return Verdict::no;
  if (entry.other) return Verdict::unknown;
  return entry.path.empty() && !entry.qos ? Verdict::no : Verdict::yes;
}

struct Judged {
  Verdict verdict = Verdict::no;
  std::size_t entry = 0;
};

Judged judge(const ClassConfig& config, const Identity& identity, std::string_view path) {
  Judged result;
  for (std::size_t i = 0; i < config.match.size(); ++i) {
    const auto verdict = judge(config.match[i], identity, path);
    if (verdict == Verdict::yes) return {verdict, i};
    if (verdict == Verdict::unknown) result = {verdict, i};
  }
  return result;
}

bool is_system(const Identity& identity, std::string_view path) {
  const bool below = path == "system.slice" || path.starts_with("system.slice/");
  return below && identity.container_id.empty() && identity.pod_uid.empty() && !identity.kube_qos;
}

/// A lease goes to a container, or to a plain group that somebody named. A pod gets what its containers need.
bool can_hold_lease(GroupKind kind) {
  switch (kind) {
    case GroupKind::container:
    case GroupKind::scope:
    case GroupKind::slice:
    case GroupKind::other: return true;
    case GroupKind::inner:
    case GroupKind::pod:
    case GroupKind::qos:
    case GroupKind::helper:
    case GroupKind::sandbox_stub: return false;
  }
  return false;
}

}  // namespace

Classified classify_why(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes) {
  if (path.starts_with('/')) path.remove_prefix(1);
  Classified result;
  ClassRule& rule = result.rule;
  if (is_system(identity, path)) {
    rule = ClassRule{.name = "system", .qos = QosClass::system, .borrow = {}, .weight = {}};
    return result;
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto [verdict, entry] = judge(classes[i], identity, path);
    if (verdict == Verdict::yes) {
      rule = classes[i].rule;
      result.matched = i;
      result.entry = entry;
      break;
    }
    // Perhaps the group was meant to be spared by this class: then no later one widens what it gets.
    if (verdict == Verdict::unknown && !classes[i].rule.borrow && !result.held_back) result.held_back = i;
  }
  if (result.held_back) rule.borrow.reset();
  rule.qos = rule.borrow ? QosClass::step : QosClass::ls;
  if (identity.kube_qos == KubeQos::best_effort) rule.qos = QosClass::be;   // no quota to raise, weight already lowest
  if (rule.qos == QosClass::be || !can_hold_lease(identity.kind)) rule.borrow.reset();
  return result;
}

ClassRule classify(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes) {
  return classify_why(identity, path, classes).rule;
}

}  // namespace headroom
