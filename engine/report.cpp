#include "engine/report.hpp"

#include <algorithm>

#include "engine/describe.hpp"

namespace headroom {
namespace {

bool is_reported(const Group& g) {
  switch (g.identity.kind) {
    case GroupKind::container:
    case GroupKind::pod:
    case GroupKind::scope:
    case GroupKind::slice:
    case GroupKind::other:
      return !g.path.empty();
    case GroupKind::inner:
    case GroupKind::qos:
    case GroupKind::helper:
    case GroupKind::sandbox_stub:
      return false;
  }
  return false;
}

std::optional<MilliCpu> base_limit(const GroupState& g) { return g.own.base ? limit_of(*g.own.base) : std::nullopt; }

/// What a slot may use in all while its lease is out: the file's value once it is there (never in observe).
MilliCpu cores_out(const GroupState& g, const Standing& s) {
  const auto held = g.own.in_force ? limit_of(*g.own.in_force) : std::nullopt;
  const bool written = s.actuator == Actuator::file && held && held > base_limit(g);
  return written ? *held : s.lent_cores;
}

void fill_names(const Snapshot& now, Slot slot, GroupReport& out) {
  const Group& g = *now.catalog.find(slot);
  const ClassRule& rule = now.catalog.rule_of(g);
  out.slot = slot;
  out.id = g.id;
  out.path = g.path;
  out.ns = g.ns;
  out.pod = g.pod;
  out.container = g.container;
  out.step = g.step;
  out.role = g.role;
  out.container_id = g.identity.container_id;
  out.pod_uid = g.identity.pod_uid;
  out.kind = to_string(g.identity.kind);
  out.qos = to_string(rule.qos);
  out.rule = rule.name;
  out.borrower = rule.borrow.has_value() && !g.infrastructure;
}

void fill_throttling(const GroupState& g, TimePoint now, GroupReport& out) {
  out.throttle = g.throttle;
  if (g.throttled_at == TimePoint{}) return;
  out.throttled_for = now - g.throttled_since;
  out.throttled_ago = now - g.throttled_at;
  out.stretch = {g.throttle.periods - g.throttle_before.periods,
                 g.throttle.throttled_periods - g.throttle_before.throttled_periods,
                 g.throttle.throttled_time - g.throttle_before.throttled_time};
}

void fill_state(const GroupState& g, TimePoint now, GroupReport& out) {
  out.base_limit = base_limit(g);
  out.in_force = g.own.in_force;
  out.shares = g.own.shares_in_force;
  out.base_shares = g.own.base_shares;
  out.use = g.use_1s;
  out.rate = g.rate;
  out.usage_total = g.usage;
  fill_throttling(g, now, out);
  out.harm_minute = g.harm_minute;
  out.harm_total = g.harm_total;
  out.foreign_writes = g.own.foreign_writes;
}

LeaseReport lease_report(const Snapshot& now, const Policy& policy, const Standing& s, Slot slot) {
  LeaseReport out;
  out.kind = to_string(s.kind);
  out.actuator = to_string(s.actuator);
  out.cores = cores_out(now.groups[slot], s);
  out.age = now.at - s.since;
  out.why = describe(s.why, now.catalog, now.at);
  for (const Lease& lease : policy.leases()) {
    if (lease.slot != slot || lease.group_id != s.group_id) continue;
    out.age = now.at - lease.since;
    if (lease.expires > now.at) out.ends_in = lease.expires - now.at;
  }
  return out;
}

GroupReport group_report(const Snapshot& now, const Policy& policy, const PlanState& plans, const Accounts& accounts,
                         Slot slot) {
  GroupReport out;
  const GroupState& g = now.groups[slot];
  fill_names(now, slot, out);
  fill_state(g, now.at, out);
  if (slot < accounts.by_slot.size() && accounts.by_slot[slot].id == g.id) {
    out.lent_cpu = accounts.by_slot[slot].lent_cpu;
    out.stall_avoided = accounts.by_slot[slot].stall_avoided;
  }
  if (slot < plans.standing.size() && plans.standing[slot].group_id == g.id) {
    out.settings_writes = plans.standing[slot].writes;
    out.refills = plans.standing[slot].refills;
    if (has_lease(plans, slot)) out.lease = lease_report(now, policy, plans.standing[slot], slot);
  }
  out.reason = policy.explain(now, slot);
  out.verdict = describe(out.reason, now.catalog, now.at);
  return out;
}

}  // namespace

Report build_report(const Snapshot& snapshot, const Policy& policy, const PlanState& plans, const Guardrails& rails,
                    const Accounts& accounts, MilliCpu lendable) {
  Report report;
  report.at = snapshot.at;
  report.policy = policy.name();
  report.v2 = rails.can.v2;
  report.kernel = {rails.can.burst_file, rails.can.burst_above_quota, rails.can.parent_child_rule,
                   rails.can.rewrite_refills, rails.can.group_pressure, rails.can.assumed};
  report.guard_up = rails.guard_up;
  report.node = snapshot.node;
  report.lendable = lendable;
  for (Slot slot = 0; slot < snapshot.groups.size(); ++slot) {
    const Group* g = snapshot.catalog.find(slot);
    if (!g || !is_reported(*g) || snapshot.groups[slot].id != g->id) continue;
    report.groups.push_back(group_report(snapshot, policy, plans, accounts, slot));
    const GroupReport& last = report.groups.back();
    if (last.lease && last.base_limit) report.lent += std::max(MilliCpu{}, last.lease->cores - *last.base_limit);
  }
  return report;
}

LentTotal total_lent(const Snapshot& snapshot, const PlanState& plans) {
  LentTotal total;
  for (const Slot slot : plans.active) {
    if (slot >= snapshot.groups.size() || !has_lease(plans, slot)) continue;
    const auto limit = base_limit(snapshot.groups[slot]);
    if (!limit) continue;
    ++total.leases;
    total.cores += std::max(MilliCpu{}, cores_out(snapshot.groups[slot], plans.standing[slot]) - *limit);
  }
  return total;
}

}  // namespace headroom
