#include "engine/explain.hpp"

#include <algorithm>

#include "engine/plan_steps.hpp"

namespace headroom {
namespace {

using planning::Context;

const Lease* lease_of(const Policy& policy, Slot slot, std::uint64_t id) {
  for (const Lease& lease : policy.leases())
    if (lease.slot == slot && lease.group_id == id) return &lease;
  return nullptr;
}

/// What keeps it from being lent to under any policy; none: nothing.
Bar bar_of_place(const Context& c, Slot slot) {
  const Group& g = *c.catalog().find(slot);
  if (g.path.empty() || !may_be_written(g.identity.kind)) return Bar::kind;
  if (g.infrastructure) return first_bar(c.catalog(), g);
  return planning::touchable(c, slot) ? Bar::none : Bar::own;
}

/// When the planner stops keeping its hands off the group or its pod.
TimePoint hands_off_until(const Context& c, Slot slot) {
  TimePoint until;
  for (const Slot s : {slot, planning::unit_root(c.catalog(), slot)}) {
    const Ownership& own = c.group(s).own;
    until = std::max({until, own.hands_off_until, own.no_lease_until, c.standing(s).quiet_until});
  }
  return until;
}

bool is_law(Because because) {
  return because == Because::law_raise || because == Because::law_lower || because == Because::law_hold || because == Because::law_burst;
}

/// The first rule that keeps the group from a lease: switched off, what it is, the policy's rules, the planner's.
Because first_refusal(const Context& c, const Terms& terms, Slot slot) {
  if (c.rails.off) return Because::end_off;
  if (bar_of_place(c, slot) != Bar::none) return Because::refuse_class;
  if (is_law(terms.because)) {
    const Because no = planning::set_refusal(c, slot);
    return no == Because::none ? terms.because : no;
  }
  if (terms.because != Because::none) return terms.because;
  if (const Because no = planning::lease_refusal(c, slot); no != Because::none) return no;
  return terms.lent ? Because::refuse_no_guard : Because::none;
}

/// @param told  by the policy
Bar bar_of(const Context& c, Slot slot, Bar told) {
  if (const Bar place = bar_of_place(c, slot); place != Bar::none) return place;
  if (told != Bar::none) return told;
  const Bar bar = first_bar(c.catalog(), *c.catalog().find(slot));
  return bar == Bar::none ? Bar::own : bar;   // its pod is not to be touched
}

Change change_of(const Context& c, const Terms& terms, const Explanation& e) {
  switch (e.why.because) {
    case Because::end_off: return {.kind = ChangeKind::resume};
    case Because::refuse_class:
      if (!can_be_lifted(e.why.bar)) return {};
      if (e.why.bar == Bar::watch_only) return {.kind = ChangeKind::policy};
      return {.kind = ChangeKind::bar, .bar = e.why.bar};
    case Because::refuse_uncertain:
    case Because::refuse_unread: return {.kind = ChangeKind::read_again};
    case Because::refuse_unlimited:
      return {.kind = ChangeKind::limit, .cores = std::max(MilliCpu{100}, e.use)};
    case Because::end_foreign: return {.kind = ChangeKind::wait, .until = e.at + milliseconds{1}};
    case Because::refuse_no_credit:
      return {.kind = ChangeKind::credit, .time = terms.credit_needed - terms.credit + nanoseconds{1}};
    case Because::refuse_load: return {.kind = ChangeKind::load};
    case Because::refuse_idle: return {.kind = ChangeKind::demand};
    case Because::refuse_ceiling: return {.kind = ChangeKind::ceiling, .cores = terms.limit + terms.least};
    case Because::refuse_no_guard: return {.kind = ChangeKind::guard};
    case Because::refuse_hands_off:
      return {.kind = ChangeKind::wait, .until = std::max(terms.wait_until, hands_off_until(c, e.slot))};
    case Because::refuse_no_lendable:
    case Because::revoke_harm:
      if (terms.wait_until > e.at) return {.kind = ChangeKind::wait, .until = terms.wait_until};
      return {.kind = ChangeKind::room, .cores = std::max(terms.least, terms.missing)};
    case Because::none: return {.kind = ChangeKind::wait, .until = e.at + milliseconds{1}};
    case Because::lend_predicted: case Because::lend_start: case Because::lend_continues: case Because::kernel_burst:
    case Because::weight_lowered: case Because::weight_back: case Because::end_idle: case Because::end_expired:
    case Because::revoke_overload: case Because::revoke_late: case Because::revoke_blind: case Because::shrink_share:
    case Because::refuse_budget: case Because::put_right: break;
    case Because::law_raise: case Because::law_lower: case Because::law_hold: case Because::law_burst:
      return {.kind = ChangeKind::law};
  }
  return {.kind = ChangeKind::wait, .until = e.at + milliseconds{1}};
}

/// What everybody is expected to use; the claimants of this tick count with their limits.
std::vector<LendTerm> terms_of(const Snapshot& now, const Terms& terms, bool of_this_tick) {
  std::vector<LendTerm> out;
  for (Slot s = 0; s < now.groups.size(); ++s) {
    const Group* g = now.catalog.find(s);
    if (g == nullptr || now.groups[s].expected.value == 0) continue;
    const bool neighbour = is_protected(now.catalog.rule_of(*g).qos) && !g->infrastructure;
    out.push_back({neighbour ? LendTerm::Why::neighbour : LendTerm::Why::user, s, now.groups[s].expected});
  }
  if (of_this_tick)
    for (const Claim& claim : terms.claims) {
      auto at = std::find_if(out.begin(), out.end(), [&](const LendTerm& t) { return t.slot == claim.slot; });
      if (at == out.end()) at = out.insert(out.end(), LendTerm{{}, claim.slot, {}});
      at->why = LendTerm::Why::claimant;
      at->cores += claim_surplus(now, claim);
    }
  std::erase_if(out, [](const LendTerm& t) { return t.cores.value == 0; });
  std::stable_sort(out.begin(), out.end(), [](const LendTerm& a, const LendTerm& b) { return a.cores > b.cores; });
  return out;
}

void fill_payers(const Snapshot& now, Explanation& e) {
  for (Slot s = 0; s < now.groups.size(); ++s) {
    const Group* g = now.catalog.find(s);
    if (g == nullptr || g->infrastructure || !now.groups[s].counted) continue;
    if (!is_protected(now.catalog.rule_of(*g).qos)) continue;
    ++e.protected_groups;
    if (now.groups[s].harm_minute.count() > 0) e.payers.push_back({s, now.groups[s].harm_minute});
  }
  std::stable_sort(e.payers.begin(), e.payers.end(), [](const Payer& a, const Payer& b) { return a.waited > b.waited; });
}

LevelValues level_of(const Context& c, Slot slot) {
  const Ownership& own = c.group(slot).own;
  LevelValues out{slot, own.base, own.in_force, own.base_shares, own.shares_in_force, 0, 0, own.foreign_writes};
  const Standing& s = c.standing(slot);
  if (s.group_id != c.group(slot).id) return out;
  out.writes = s.writes;
  out.refills = s.refills;
  return out;
}

/// What cut the lease first, on the way from the wish to the files.
void fill_bound(const Context& c, const Terms& terms, Explanation& e) {
  const ShareTerms& share = terms.share;
  const MilliCpu wish = terms.limit + share.asked;
  e.bound = wish >= terms.ceiling ? Bound::ceiling : Bound::use;
  e.bound_at = wish;
  if (share.granted < share.asked) {
    e.bound = share.others_granted.value > 0 ? Bound::share : Bound::lendable;
    e.bound_at = share.amount;
  }
  const Standing& s = c.standing(e.slot);
  if (s.lent_cores < terms.limit + share.granted && s.lent_cores == c.rails.node_cores) {
    e.bound = Bound::node;
    e.bound_at = s.lent_cores;
  }
  const auto& held = c.group(e.slot).own.in_force;
  const MilliCpu written = held ? limit_of(*held).value_or(MilliCpu{}) : MilliCpu{};
  const MilliCpu over = written - s.lent_cores;
  const bool moved = e.writes && s.actuator == Actuator::file && written > terms.limit;
  if (!moved || std::abs(over.value) <= 1) return;
  const bool deadband = over.value > 0 && over.value * 100 <= written.value * c.rails.deadband_percent;
  if (!deadband) e.bound = Bound::file, e.bound_at = written;
  e.in_all = written;
}

void fill_lease(const Context& c, const Policy& policy, const Terms& terms, Explanation& e) {
  const Standing& s = c.standing(e.slot);
  e.kind = s.kind;
  e.actuator = s.actuator;
  e.since = s.since;
  e.in_all = s.lent_cores;
  e.why = s.why;
  e.wanted_at = terms.wanted_at;
  if (const Lease* lease = lease_of(policy, e.slot, e.group_id)) {
    e.since = lease->since;
    e.expires = lease->expires;
  }
  fill_bound(c, terms, e);
}

/// Nothing of what is lendable counts.
void fill_law(const Context& c, const Terms& terms, Explanation& e) {
  e.by_law = true;
  e.law = terms.law;
  e.terms.clear();
  std::optional<Bandwidth> held = c.group(e.slot).own.in_force;
  if (held && held->quota && !e.writes && e.law) held->quota = microseconds{e.law->target};
  e.in_all = held ? limit_of(*held).value_or(MilliCpu{}) : e.limit;
}

void fill_numbers(const Context& c, const Terms& terms, Explanation& e) {
  const GroupState& g = c.group(e.slot);
  e.limit = terms.limit;
  e.rate = g.rate;
  e.use = g.use_1s;
  e.hold = terms.hold;
  e.share = terms.share;
  e.of_this_tick = terms.share.at == e.at;
  e.ceiling = terms.ceiling;
  e.least = terms.least;
  e.credit = terms.credit;
  e.credit_cap = terms.credit_cap;
  e.credit_needed = terms.credit_needed;
  e.terms = terms_of(c.now, terms, e.of_this_tick);
  e.allowed = c.now.node.contract_budget;
  e.allowed_per = c.now.node.contract_window;
  e.load = c.now.node.state;
  e.lateness = c.now.node.worst_lateness_1s;
  e.cpus = c.now.node.cpus;
  e.refill_cost = c.rails.refill_cost;
  fill_payers(c.now, e);
  e.levels.push_back(level_of(c, e.slot));
  const Slot pod = planning::unit_root(c.catalog(), e.slot);
  if (pod != e.slot) e.levels.push_back(level_of(c, pod));
}

}  // namespace

Explanation explain(const Snapshot& now, const Policy& policy, const PlanState& plans, const Guardrails& rails,
                    std::uint64_t tick, Slot slot) {
  PlanState scratch;   // the planner's rules want a state to work on; of it they read what stands
  scratch.standing = plans.standing;
  scratch.standing.resize(std::max(scratch.standing.size(), now.groups.size()));
  const Desired nothing;
  const Context c{now, nothing, rails, scratch};
  Explanation e;
  e.tick = tick;
  e.at = now.at;
  e.slot = slot;
  e.group_id = now.groups[slot].id;
  e.writes = rails.may_write;
  e.policy = policy.name();
  const Terms terms = policy.terms(now, slot);
  fill_numbers(c, terms, e);
  e.borrows = scratch.standing[slot].group_id == e.group_id && has_lease(scratch, slot);
  if (e.borrows) {
    fill_lease(c, policy, terms, e);
    return e;
  }
  e.why = policy.explain(now, slot);
  e.why.because = first_refusal(c, terms, slot);
  e.why.bar = e.why.because == Because::refuse_class ? bar_of(c, slot, e.why.bar) : Bar::none;
  e.in_all = terms.limit.value > 0 ? terms.limit + terms.share.granted : MilliCpu{};
  e.change = change_of(c, terms, e);
  if (is_law(e.why.because)) fill_law(c, terms, e);
  if (e.change.kind != ChangeKind::none) return e;
  e.share = {};   // nothing is ever lent to it, so it would have got nothing
  e.in_all = {};
  e.terms.clear();
  e.of_this_tick = false;
  return e;
}

}  // namespace headroom
