#include <algorithm>

#include "engine/plan_steps.hpp"

namespace headroom::planning {
namespace {

/// Whether `path` is `prefix` or lies below it; "kube" is not above "kubepods".
bool within(std::string_view path, std::string_view prefix) {
  if (prefix.empty() || !path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || path[prefix.size()] == '/';
}

bool may_be_demoted(GroupKind kind) {
  return kind == GroupKind::pod || (kind != GroupKind::slice && may_be_written(kind));
}

bool may_borrow(const ClassRule& rule) { return rule.borrow && may_be_written(rule.qos); }

/// Why nothing is written to a touchable group, whatever its class.
Because refusal_in_any_class(const Context& c, Slot slot) {
  const Group& g = *c.catalog().find(slot);
  if (g.infrastructure || !may_be_written(g.identity.kind)) return Because::refuse_class;
  const Ownership& own = c.group(slot).own;
  if (!own.certain || !own.base || !own.in_force) return Because::refuse_uncertain;
  if (!own.base->quota || !own.in_force->quota) return Because::refuse_unlimited;
  if (c.now.at < own.hands_off_until || c.now.at < own.no_lease_until) return Because::refuse_hands_off;
  const Slot pod = unit_root(c.catalog(), slot);
  if (c.now.at < c.standing(pod).quiet_until) return Because::refuse_hands_off;
  if (c.group(pod).own.put_right) return Because::refuse_hands_off;
  if (pod == slot) return Because::none;
  if (!touchable(c, pod)) return Because::refuse_class;
  return c.now.at < c.group(pod).own.hands_off_until ? Because::refuse_hands_off : Because::none;
}

bool demotable_class(const ClassRule& rule) {
  return may_borrow(rule) && !is_protected(rule.qos) && rule.weight != WeightRule::keep;
}

/// A pod may be demoted if it holds nobody but borrowers; sandboxes and infrastructure do not count.
bool scan_for_borrowers(const Catalog& catalog, Slot pod) {
  bool any = false;
  for (const auto& g : catalog.groups) {
    if (!g || g->parent != pod || g->infrastructure || g->identity.kind != GroupKind::container) continue;
    if (!demotable_class(catalog.rule_of(*g))) return false;
    any = true;
  }
  return any;
}

/// Walks all groups, hence once per change of the catalog and pod.
bool holds_borrowers_only(const Context& c, Slot pod) {
  Standing& s = c.standing(pod);
  if (s.weight_checked != c.catalog().generation) {
    s.weight_checked = c.catalog().generation;
    s.borrowers_only = scan_for_borrowers(c.catalog(), pod);
  }
  return s.borrowers_only;
}

}  // namespace

bool is_pod(const Group& g) {
  // podman keeps a pod's containers in a slice of its own.
  return g.identity.kind == GroupKind::pod ||
         (g.identity.kind == GroupKind::slice && g.identity.runtime == Runtime::podman);
}

Slot unit_root(const Catalog& catalog, Slot slot) {
  const Group* g = catalog.find(slot);
  for (Slot at = slot; g; at = g->parent, g = catalog.find(at))
    if (is_pod(*g)) return at;
  return slot;
}

bool has_pod(const Unit& unit) { return unit.members.empty() || unit.members.front() != unit.root; }

bool touchable(const Context& c, Slot slot) {
  const Group* g = c.catalog().find(slot);
  if (!g || g->path.empty() || slot >= c.now.groups.size() || c.group(slot).id != g->id) return false;
  return std::none_of(c.rails.protected_prefixes.begin(), c.rails.protected_prefixes.end(),
                      [&](const std::string& p) { return within(g->path, p) || within(p, g->path); });
}

Because lease_refusal(const Context& c, Slot slot) {
  if (!touchable(c, slot) || !may_borrow(c.catalog().rule_of(*c.catalog().find(slot)))) return Because::refuse_class;
  return refusal_in_any_class(c, slot);
}

Because set_refusal(const Context& c, Slot slot) {
  if (!touchable(c, slot) || !may_be_written(c.catalog().rule_of(*c.catalog().find(slot)).qos)) return Because::refuse_class;
  return refusal_in_any_class(c, slot);
}

bool weight_allowed(const Context& c, Slot slot) {
  if (!touchable(c, slot)) return false;
  const Group& g = *c.catalog().find(slot);
  const Ownership& own = c.group(slot).own;
  if (g.infrastructure || !may_be_demoted(g.identity.kind)) return false;
  if (!own.certain || !own.base_shares || !own.shares_in_force || c.now.at < own.hands_off_until) return false;
  return g.identity.kind == GroupKind::pod ? holds_borrowers_only(c, slot) : demotable_class(c.catalog().rule_of(g));
}

Visibility effective_visibility(const Context& c, Slot slot, Visibility asked) {
  const Group* g = c.catalog().find(slot);
  const ClassRule& rule = c.catalog().rule_of(*g);
  const bool must_hide =
      rule.qos == QosClass::control || (rule.borrow && rule.borrow->visibility == Visibility::hidden);
  return must_hide ? Visibility::hidden : asked;
}

}  // namespace headroom::planning
