#include "engine/what_if.hpp"

#include <algorithm>

#include "engine/plan_steps.hpp"

namespace headroom {
namespace {

std::unique_ptr<Policy> copy_of(const Policy& policy) {
  ByteWriter out;
  policy.save(out);
  Faults none;
  auto copy = make_policy(policy.name(), {}, none);
  ByteReader in(out.bytes());
  if (copy) copy->load(in);
  return copy;
}

}  // namespace

WhatIf::WhatIf(const Snapshot& now, const Policy& policy, const PlanState& plans, const Guardrails& rails,
               std::uint64_t tick)
    : at_(now.at), catalog_(now.catalog), groups_(now.groups.begin(), now.groups.end()), node_(now.node), rails_(rails),
      plans_(plans), policy_(copy_of(policy)), tick_(tick) {}

/// A rule of the group's own, so that nobody else's class changes.
ClassRule& WhatIf::own_rule(Slot slot) {
  Group& group = *catalog_.groups[slot];
  catalog_.rules.push_back(catalog_.rule_of(group));
  group.rule = static_cast<std::uint32_t>(catalog_.rules.size() - 1);
  ++catalog_.generation;
  return catalog_.rules.back();
}

/// A changed configuration makes the policy meet the group anew, with a full account.
void WhatIf::begin_life(Slot slot) {
  std::uint64_t last = 0;
  for (const auto& g : catalog_.groups)
    if (g) last = std::max(last, g->id);
  catalog_.groups[slot]->id = groups_[slot].id = last + 1;
  ++catalog_.generation;
}

/// Its files, and its pod's, have been read often enough.
void WhatIf::settle(Slot slot) {
  for (const Slot s : {slot, planning::unit_root(catalog_, slot)}) {
    Ownership& own = groups_[s].own;
    if (!own.in_force) own.in_force = own.base.value_or(Bandwidth{});
    if (!own.base) own.base = own.in_force;
    own.certain = true;
  }
}

/// A class of its own is the default one.
void WhatIf::lift(Bar bar, Slot slot) {
  ClassRule& rule = own_rule(slot);
  if (bar == Bar::no_class || bar == Bar::spare_class)
    rule = {.name = "what-if", .qos = QosClass::step, .borrow = {}, .bars = {}, .barred = BorrowRule{}};
  lift_bar(rule, bar);
  if (rule.qos == QosClass::ls || !may_be_written(rule.qos)) rule.qos = rule.borrow ? QosClass::step : QosClass::ls;
  begin_life(slot);
}

void WhatIf::lift_ceiling(MilliCpu cores, Slot slot) {
  ClassRule& rule = own_rule(slot);
  if (rule.borrow) rule.borrow->up_to = std::max(rule.borrow->up_to, cores);
  const auto cpus = static_cast<int>((cores.value + 999) / 1000);
  CpuSet& set = catalog_.groups[slot]->cpus;
  for (int i = 0; set.any() && set.count() < static_cast<std::size_t>(cpus); ++i) set.set(static_cast<std::size_t>(i));
  if (cpus <= catalog_.cpus) return;
  node_.target = MilliCpu{node_.target.value * cpus / std::max(1, node_.cpus)};
  catalog_.cpus = node_.cpus = cpus;
  rails_.node_cores = std::max(rails_.node_cores, MilliCpu{cpus * 1000});
}

void WhatIf::make_room(MilliCpu cores, Slot slot) {
  const CpuSet& set = catalog_.groups[slot]->cpus;
  const auto own = static_cast<std::int64_t>(set.none() ? 1 : std::min<std::size_t>(set.count(), static_cast<std::size_t>(node_.cpus)));
  node_.target.value += cores.value * ((node_.cpus + own - 1) / own);   // its CPUs' part of it is what is missing
  node_.steal = {};
  // A set of CPUs that could not be read has nothing free.
  if (node_.cpu_busy.empty()) node_.cpu_busy.assign(static_cast<std::size_t>(node_.cpus), MilliCpu{});
  for (std::size_t i = 0; i < node_.cpu_busy.size() && i < kMaxCpus; ++i)
    if (set.none() || set.test(i)) node_.cpu_busy[i] = {};
}

void WhatIf::apply(const Change& change, Slot slot) {
  GroupState& g = groups_[slot];
  switch (change.kind) {
    case ChangeKind::none:
    case ChangeKind::law: return;
    case ChangeKind::resume: rails_.off = false; return;
    case ChangeKind::policy: {
      Faults none;
      policy_ = make_policy("headroom", {}, none);
      return;
    }
    case ChangeKind::bar: return lift(change.bar, slot);
    case ChangeKind::wait:
      node_.at = at_ = std::max(at_, change.until) + nanoseconds{1};
      for (GroupState& other : groups_) other.own.drop = other.own.overtaken = false;   // they are of one tick
      return;
    case ChangeKind::read_again: return settle(slot);
    case ChangeKind::limit:
      settle(slot);
      g.own.base->quota = g.own.in_force->quota = quota_for(change.cores, g.own.base->period);
      return;
    case ChangeKind::credit: {
      ClassRule& rule = own_rule(slot);
      const nanoseconds quota = g.own.base && g.own.base->quota ? nanoseconds{*g.own.base->quota} : nanoseconds{0};
      if (rule.borrow) rule.borrow->credit = std::max(rule.borrow->credit, 3 * quota);
      return begin_life(slot);
    }
    case ChangeKind::load:
      node_.state = LoadState::normal;
      node_.failed_ticks = 0;
      node_.worst_lateness_1s = nanoseconds{0};
      return;
    case ChangeKind::demand: g.throttling = true; return;
    case ChangeKind::ceiling: return lift_ceiling(change.cores, slot);
    case ChangeKind::room: return make_room(change.cores, slot);
    case ChangeKind::guard: rails_.guard_up = rails_.can.rewrite_refills = true; return;
  }
}

Explanation WhatIf::decide(Slot slot) {
  groups_[slot].read_at = at_;
  fresh_ = {slot};
  Desired desired;
  policy_->decide(snapshot(), desired);
  make_plan(snapshot(), desired, rails_, plans_);
  return explain(snapshot(), *policy_, plans_, rails_, ++tick_, slot);
}

Explanation explain_fully(const Snapshot& now, const Policy& policy, const PlanState& plans, const Guardrails& rails,
                          std::uint64_t tick, Slot slot) {
  Explanation e = explain(now, policy, plans, rails, tick, slot);
  if (e.borrows || e.by_law || e.change.kind == ChangeKind::none) return e;
  WhatIf changed(now, policy, plans, rails, tick);
  changed.apply(e.change, slot);
  const Explanation then = changed.decide(slot);
  e.next = Next{then.borrows, then.by_law, then.why, then.in_all};
  return e;
}

}  // namespace headroom
