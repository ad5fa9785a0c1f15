#include "agent/clock.hpp"
#include "agent/loop.hpp"
#include "agent/names.hpp"

namespace headroom {
namespace {

const char* word(GroupKind kind) {
  switch (kind) {
    case GroupKind::container: return "container";
    case GroupKind::inner: return "inner";
    case GroupKind::pod: return "pod";
    case GroupKind::qos: return "qos";
    case GroupKind::helper: return "helper";
    case GroupKind::sandbox_stub: return "sandbox_stub";
    case GroupKind::scope: return "scope";
    case GroupKind::slice: return "slice";
    case GroupKind::other: return "other";
  }
  return "other";
}

std::optional<LeaseReport> lease_of(const Engine& engine, Slot slot, TimePoint at) {
  if (!has_lease(engine.plans, slot)) return std::nullopt;
  const Standing& s = engine.plans.standing[slot];
  LeaseReport out;
  out.kind = s.kind == LeaseKind::start ? "start" : "burst";
  out.actuator = s.actuator == Actuator::hidden ? "hidden" : "file";
  out.cores = s.lent_cores;
  out.age = at - s.since;
  for (const Lease& lease : engine.policy->leases())
    if (lease.slot == slot && lease.group_id == s.group_id && lease.expires > at) out.ends_in = lease.expires - at;
  out.why = headroom::word(s.why.because);
  return out;
}

GroupReport group_of(const TickResult& last, const Engine& engine, Slot slot) {
  const Group& g = *last.snapshot.catalog.find(slot);
  const GroupState& now = last.snapshot.groups[slot];
  const ClassRule& rule = last.snapshot.catalog.rule_of(g);
  GroupReport out;
  out.slot = slot;
  out.id = g.id;
  out.path = g.path;
  out.ns = g.ns;
  out.pod = g.pod;
  out.container = g.container;
  out.container_id = g.identity.container_id;
  out.pod_uid = g.identity.pod_uid;
  out.kind = word(g.identity.kind);
  out.qos = headroom::word(rule.qos);
  out.rule = rule.name;
  out.borrower = rule.borrow.has_value() && !g.infrastructure && g.identity.kind != GroupKind::pod;
  if (now.own.base) out.base_limit = limit_of(*now.own.base);
  out.in_force = now.own.in_force;
  out.shares = now.own.shares_in_force;
  out.base_shares = now.own.base_shares;
  out.use = now.use_1s;
  out.rate = now.rate;
  out.usage_total = now.usage;
  out.throttle = now.throttle;
  out.lease = lease_of(engine, slot, last.snapshot.at);
  out.reason = engine.policy->explain(last.snapshot, slot);
  out.verdict = headroom::word(out.reason.because);
  out.harm_minute = now.harm_minute;
  out.foreign_writes = now.own.foreign_writes;
  if (slot < engine.plans.standing.size() && engine.plans.standing[slot].group_id == g.id) {
    out.settings_writes = engine.plans.standing[slot].writes;
    out.refills = engine.plans.standing[slot].refills;
  }
  return out;
}

}  // namespace

void Loop::publish() {
  if (!last_) return;
  auto report = std::make_shared<Report>();
  const Snapshot& now = last_->snapshot;
  report->at = now.at;
  report->mode = parts_.mode;
  report->mode_reason = parts_.mode_reason.empty() && paused_ && parts_.mode != "off" ? "paused" : parts_.mode_reason;
  report->policy = engine_.policy->name();
  report->cgroup_root = parts_.cgroup_root;
  report->v2 = engine_.rails.can.v2;
  report->node = now.node;
  report->lendable = engine_.desired.lendable;
  for (Slot slot = 0; slot < now.catalog.groups.size() && slot < now.groups.size(); ++slot)
    if (now.catalog.find(slot) != nullptr && now.groups[slot].id != 0) report->groups.push_back(group_of(*last_, engine_, slot));
  for (const GroupReport& g : report->groups)
    if (g.lease && g.base_limit) report->lent += std::max(MilliCpu{0}, g.lease->cores - *g.base_limit);
  accounting_.fill(*report);
  if (parts_.kernel != nullptr) {
    report->writes = parts_.kernel->counters().writes();
    report->write_cost_seconds = parts_.kernel->counters().cost_seconds();
    report->refill_cost_seconds = parts_.kernel->counters().refill_cost_seconds();
  }
  report->guard_up = parts_.enforcement != nullptr && engine_.rails.guard_up;
  parts_.board.publish(std::move(report));
}

}  // namespace headroom
