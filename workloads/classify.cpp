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

Verdict judge(const ClassConfig& config, const Identity& identity, std::string_view path) {
  auto result = Verdict::no;
  for (const auto& entry : config.match) {
    const auto verdict = judge(entry, identity, path);
    if (verdict == Verdict::yes) return verdict;
    if (verdict == Verdict::unknown) result = verdict;
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

ClassRule classify(const Identity& identity, std::string_view path, std::span<const ClassConfig> classes) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (is_system(identity, path)) return ClassRule{.name = "system", .qos = QosClass::system, .borrow = {}, .weight = {}};
  ClassRule rule;
  bool may_lend = true;
  for (const auto& config : classes) {
    const auto verdict = judge(config, identity, path);
    if (verdict == Verdict::yes) {
      rule = config.rule;
      break;
    }
    // Perhaps the group was meant to be spared by this class: then no later one widens what it gets.
    if (verdict == Verdict::unknown && !config.rule.borrow) may_lend = false;
  }
  if (!may_lend) rule.borrow.reset();
  rule.qos = rule.borrow ? QosClass::step : QosClass::ls;
  if (identity.kube_qos == KubeQos::best_effort) rule.qos = QosClass::be;   // no quota to raise, weight already lowest
  if (rule.qos == QosClass::be || !can_hold_lease(identity.kind)) rule.borrow.reset();
  return rule;
}

}  // namespace headroom
