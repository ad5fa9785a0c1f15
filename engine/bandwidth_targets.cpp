#include <algorithm>

#include "engine/plan_steps.hpp"

namespace headroom::planning {
namespace {

/// `quota` of `from` in the unit of `to`'s period, rounded up: a parent must not end below its child (KERNEL 5).
microseconds rescale(microseconds quota, microseconds from, microseconds to) {
  return from == to ? quota : microseconds{(quota.count() * to.count() + from.count() - 1) / from.count()};
}

/// Rounded down, for ceilings.
microseconds rescale_down(microseconds quota, microseconds from, microseconds to) {
  return from == to ? quota : microseconds{quota.count() * to.count() / from.count()};
}

/// The smallest finite quota above `slot` other than its pod's, in the unit of `period`; nullopt: none. Other people's
/// slices are never raised, and on v1 a child above its parent is refused.
std::optional<microseconds> ceiling_above(const Context& c, Slot slot, Slot pod, microseconds period) {
  std::optional<microseconds> lowest;
  const Group* g = c.catalog().find(slot);
  for (Slot at = g->parent; const Group* up = c.catalog().find(at); at = up->parent) {
    if (at == pod || at >= c.now.groups.size()) continue;
    const auto& held = c.group(at).own.in_force;
    if (!held || !held->quota) continue;
    const microseconds q = rescale_down(*held->quota, held->period, period);
    lowest = lowest ? std::min(*lowest, q) : q;
  }
  return lowest;
}

constexpr microseconds kLeastQuota{1000};   // KERNEL 6

bool may_set(const Context& c, Slot slot) {
  const Slot pod = unit_root(c.catalog(), slot);
  if (!c.rails.guard_up || set_refusal(c, slot) != Because::none) return false;
  const Ownership& own = c.group(pod).own;
  return pod == slot || (own.certain && own.base && own.in_force);
}

/// What another agent's law says, within what the kernel takes and other people's slices allow.
microseconds quota_as_set(const Context& c, Slot slot, Slot pod) {
  const Ownership& own = c.group(slot).own;
  microseconds most = quota_for(c.rails.node_cores, own.base->period);
  if (const auto above = ceiling_above(c, slot, pod, own.base->period)) most = std::min(most, *above);
  return std::clamp(*c.standing(slot).set_quota, kLeastQuota, std::max(most, *own.base->quota));
}

/// What a member's quota is to be before its pod's ceiling is looked at: base without a file lease.
microseconds wanted_quota(const Context& c, Slot slot, Slot pod) {
  const Ownership& own = c.group(slot).own;
  const Standing& s = c.standing(slot);
  const microseconds base = *own.base->quota;
  if (s.set_quota && may_set(c, slot)) return quota_as_set(c, slot, pod);
  if (s.lent_cores.value == 0 || s.actuator == Actuator::hidden) return base;
  const microseconds period = own.base->period;
  microseconds most = quota_for(c.rails.node_cores, period);
  if (const auto above = ceiling_above(c, slot, pod, period)) most = std::min(most, *above);
  most = std::max(most, base);
  const microseconds want = std::clamp(quota_for(s.lent_cores, period), base, most);
  const microseconds held = own.in_force->quota.value_or(base);
  const auto gap = std::abs((want - held).count());
  const bool small = gap * 100 <= held.count() * c.rails.deadband_percent;
  return small && want > base && held > base && held <= most ? held : want;
}

bool kernel_burst_allowed(const Context& c, Slot slot) {
  const Ownership& own = c.group(slot).own;
  const Standing& s = c.standing(slot);
  if (!c.rails.guard_up || !c.rails.can.burst_file || c.now.at < own.no_burst_until) return false;
  const Slot pod = unit_root(c.catalog(), slot);
  if (pod != slot && c.now.at < c.group(pod).own.no_burst_until) return false;
  if (effective_visibility(c, slot, s.visibility) == Visibility::hidden) return false;
  if (s.lent_cores.value > 0 && s.kind == LeaseKind::start) return false;
  return lease_refusal(c, slot) == Because::none;
}

bool burst_may_be_set(const Context& c, Slot slot) {
  if (!c.rails.can.burst_file || c.now.at < c.group(slot).own.no_burst_until) return false;
  return c.now.at >= c.group(unit_root(c.catalog(), slot)).own.no_burst_until && may_set(c, slot);
}

/// Half of the base, so that somebody's decrease to half goes through at once (KERNEL 3). Never below the owner's own.
microseconds capped_burst(microseconds ours, const Bandwidth& base) {
  const microseconds half = base.quota ? *base.quota / 2 : microseconds{0};
  return std::max(std::min(ours, half), base.burst);
}

std::optional<Shares> shares_target(const Context& c, Slot slot) {
  const Ownership& own = c.group(slot).own;
  if (!own.base_shares || !own.shares_in_force) return std::nullopt;
  const auto eighths = static_cast<std::uint64_t>(c.standing(slot).eighths);
  if (eighths >= 8) return shares_are_ours(c, slot) ? own.base_shares : std::nullopt;
  const std::uint64_t floor = c.rails.can.v2 ? 1 : 2;
  // Rounded up: never below an eighth of its own.
  return Shares{std::max(floor, (own.base_shares->value * eighths + 7) / 8)};
}

/// A limit that somebody has taken away, or another period, is not ours to overwrite.
bool foreign_shape(const Ownership& own) {
  if (!own.base || !own.in_force || own.base->period != own.in_force->period) return true;
  return own.base->quota && !own.in_force->quota;
}

/// What was lent in it has gone home first, so that this write is its owner's alone.
bool is_put_right(const Ownership& own, microseconds lent, microseconds home) {
  return own.put_right && lent.count() == 0 && own.in_force->quota == home;
}
Bandwidth put_right(const FiniteLimit& owners, microseconds burst) { return {owners.quota, owners.period, std::min(burst, owners.quota)}; }

/// A member's target, with what has to stand because the kernel refused it within the last second.
std::optional<Bandwidth> member_target(const Context& c, const Unit& unit, Slot slot) {
  const Ownership& own = c.group(slot).own;
  if (foreign_shape(own)) return std::nullopt;
  if (!own.base->quota) return bandwidth_is_ours(c, slot) ? own.base : std::nullopt;
  const Standing& s = c.standing(slot);
  Bandwidth to = *own.base;
  to.quota = wanted_quota(c, slot, unit.root);
  if (s.burst.count() > 0 && kernel_burst_allowed(c, slot)) to.burst = capped_burst(s.burst, *own.base);
  if (s.set_quota) to.burst = std::min(to.burst, *to.quota);   // its owner's, under a quota below his (KERNEL 3)
  if (s.set_burst && burst_may_be_set(c, slot)) to.burst = std::clamp(*s.set_burst, microseconds{0}, *to.quota);
  if (is_put_right(own, *to.quota - *own.base->quota, *to.quota)) to = put_right(*own.put_right, to.burst);
  if (to == *own.base && !bandwidth_is_ours(c, slot)) return std::nullopt;
  if (!unit.forced && refused_lately(c, slot, to)) return own.in_force;
  return to;
}

bool lends(const Context& c, const Target& t) {
  const auto& base = c.group(t.slot).own.base;
  return t.bandwidth && t.bandwidth->quota && base->quota && *t.bandwidth->quota > *base->quota;
}

/// Keeps the sum of what is lent in a pod below other people's ceilings; who has borrowed longest is served first.
void fit_below(const Context& c, microseconds room, microseconds pod_period, std::vector<Target>& members) {
  std::vector<Target*> order;
  for (Target& t : members)
    if (lends(c, t)) order.push_back(&t);
  std::sort(order.begin(), order.end(), [&](const Target* a, const Target* b) {
    return std::pair(c.standing(a->slot).since, c.group(a->slot).id) <
           std::pair(c.standing(b->slot).since, c.group(b->slot).id);
  });
  for (Target* t : order) {
    const Bandwidth& base = *c.group(t->slot).own.base;
    const microseconds lent = *t->bandwidth->quota - *base.quota;
    const microseconds most = rescale_down(room, pod_period, base.period);
    if (lent > most) t->bandwidth->quota = *base.quota + most;
    t->bandwidth->burst = std::min(t->bandwidth->burst, *t->bandwidth->quota);
    room -= std::min(room, rescale(*t->bandwidth->quota - *base.quota, base.period, pod_period));
  }
}

/// A container that has been removed goes on holding its pod's quota up, on v1: 32 ms, at most 48 (measured: a group leaves its
/// parent's list when its last reference goes). What would be refused is not tried.
bool waits_for_the_dead(const Context& c, Slot pod) {
  constexpr milliseconds kDying{60};
  const TimePoint since = c.standing(pod).bereaved_at;
  return c.rails.can.parent_child_rule && since != TimePoint{} && c.now.at - since < kDying;
}

/// Absolute: what the pod had, plus what its containers have beyond theirs. Never "+= delta" (KERNEL 10).
std::optional<Bandwidth> pod_target(const Context& c, const Unit& unit, std::vector<Target>& members) {
  const Ownership& own = c.group(unit.root).own;
  if (foreign_shape(own) || !own.base->quota) return std::nullopt;
  if (const auto above = ceiling_above(c, unit.root, unit.root, own.base->period))
    fit_below(c, std::max(microseconds{0}, *above - *own.base->quota), own.base->period, members);
  Bandwidth to = *own.base;
  microseconds burst{0}, all_lent{0};
  bool set = false;
  for (const Target& t : members) {
    if (!t.bandwidth || !t.bandwidth->quota) continue;
    const Bandwidth& base = *c.group(t.slot).own.base;
    if (!base.quota) continue;
    // A quota set below its owner's leaves the pod as it is: its siblings' may be as large as the pod's.
    const microseconds lent = std::max(microseconds{0}, *t.bandwidth->quota - *base.quota);
    all_lent += rescale(lent, base.period, to.period);
    burst += t.bandwidth->burst - base.burst;
    set = set || c.standing(t.slot).set_burst;
  }
  to.quota = *to.quota + all_lent;
  // During a resize kubelet may raise a container above what its pod will go back to (v1): what would be refused is not tried.
  if (own.least && own.in_force->quota && c.rails.can.parent_child_rule)
    to.quota = std::max(*to.quota, std::min(*own.least, *own.in_force->quota));
  to.burst = set ? std::clamp(own.base->burst + burst, microseconds{0}, *to.quota) : capped_burst(own.base->burst + burst, *own.base);
  if (is_put_right(own, all_lent, *to.quota)) to = put_right(*own.put_right, to.burst);
  if (to == *own.base && !bandwidth_is_ours(c, unit.root)) return std::nullopt;
  const bool lowers = own.in_force->quota && *to.quota < *own.in_force->quota;
  if (!unit.forced && lowers && (waits_for_the_dead(c, unit.root) || refused_lately(c, unit.root, to))) return own.in_force;
  return to;
}

}  // namespace

std::vector<Target> targets_of(const Context& c, const Unit& unit) {
  std::vector<Target> targets;
  for (const Slot m : unit.members) targets.push_back({m, member_target(c, unit, m), shares_target(c, m)});
  if (!has_pod(unit)) return targets;
  const auto pod = pod_target(c, unit, targets);
  targets.push_back({unit.root, pod, shares_target(c, unit.root)});
  return targets;
}

}  // namespace headroom::planning
