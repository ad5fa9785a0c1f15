#include "policies/peer.hpp"

#include <algorithm>

namespace headroom {
namespace {

/// A container, or a plain group that may borrow.
bool is_workload(const Catalog& catalog, const Group& g) {
  return g.identity.kind == GroupKind::container || (may_be_written(g.identity.kind) && catalog.rule_of(g).borrow.has_value());
}

bool backwards(const Counters& before, const GroupState& g) {
  return g.usage < before.usage || g.throttle.periods < before.throttle.periods ||
         g.throttle.throttled_periods < before.throttle.throttled_periods ||
         g.throttle.throttled_time < before.throttle.throttled_time;
}

/// Whether such a policy heeds it: classes that lend nothing are no matter to it.
bool is_heeded(Bar bar) {
  switch (bar) {
    case Bar::own: case Bar::system_part: case Bar::system_unit: case Bar::system_namespace: case Bar::opt_out: case Bar::label:
    case Bar::best_effort: case Bar::holdout: case Bar::namespaces: return true;
    case Bar::none: case Bar::sandbox: case Bar::kind: case Bar::helper: case Bar::sidecar: case Bar::init: case Bar::finished:
    case Bar::withheld: case Bar::unknown: case Bar::no_class: case Bar::spare_class: case Bar::watch_only: return false;
  }
  return false;
}

/// Of a group that untreated() refuses for what it is.
Bar heeded_bar(const Catalog& catalog, const Group& g) {
  Bars bars = catalog.rule_of(g).bars;
  if (g.infrastructure || !is_workload(catalog, g)) return first_bar(catalog, g);
  while (bars.any() && !is_heeded(bars.first())) bars.remove(bars.first());
  return bars.first();
}

MilliCpu cores_under(const Bandwidth& base, microseconds quota) {
  return limit_of({quota, base.period, microseconds{0}}).value_or(MilliCpu{});
}

}  // namespace

Because untreated(const Snapshot& snap, Slot slot) {
  const Group* group = snap.catalog.find(slot);
  if (group == nullptr || slot >= snap.groups.size() || snap.groups[slot].id != group->id) return Because::refuse_unread;
  if (group->infrastructure || !is_workload(snap.catalog, *group)) return Because::refuse_class;
  if (const ClassRule& rule = snap.catalog.rule_of(*group); rule.bars.spare() || !may_be_written(rule.qos)) return Because::refuse_class;
  const Ownership& own = snap.groups[slot].own;
  if (own.base && !own.base->quota) return Because::refuse_unlimited;
  if (!own.base || !own.certain || own.base->period.count() <= 0) return Because::refuse_uncertain;
  // Somebody has taken the limit away: one is never imposed.
  return own.in_force && !own.in_force->quota ? Because::refuse_unlimited : Because::none;
}

bool cycle_due(TimePoint now, TimePoint last, nanoseconds every) {
  return last == TimePoint{} || now - last >= every - every / 10;
}

bool dropped(const GroupState& g) { return g.own.drop || g.own.overtaken; }

Step look(Counters& counters, const GroupState& g, nanoseconds least) {
  const bool same = counters.id == g.id;
  if (g.read_at == TimePoint{}) return {};
  if (same && g.read_at - counters.at < least) return {};
  Step step;
  step.kind = Step::Kind::anew;
  if (same && !backwards(counters, g)) {
    step = {Step::Kind::moved, g.read_at - counters.at, g.usage - counters.usage,
            {g.throttle.periods - counters.throttle.periods,
             g.throttle.throttled_periods - counters.throttle.throttled_periods,
             g.throttle.throttled_time - counters.throttle.throttled_time}};
  }
  counters = {g.id, g.read_at, g.usage, g.throttle};
  return step;
}

double throttled_share(const ThrottleCounters& difference) {
  if (difference.periods == 0) return 0;
  return static_cast<double>(difference.throttled_periods) / static_cast<double>(difference.periods);
}

double cores_of(nanoseconds used, nanoseconds wall) {
  return wall.count() <= 0 ? 0 : static_cast<double>(used.count()) / static_cast<double>(wall.count());
}

Met meet(Asked& asked, const GroupState& g) {
  const bool same = asked.id == g.id;
  if (same && asked.base == g.own.base) return Met::same;
  asked = {g.id, g.own.base, {}, {}, {}};
  return same ? Met::resized : Met::anew;
}

void ask(const Snapshot& snap, Asked& asked, Slot slot, Because because, microseconds quota, microseconds burst,
         Desired& out) {
  const Bandwidth& base = *asked.base;
  const microseconds legal = std::min(burst, quota);
  const auto wanted_quota = quota == *base.quota ? std::nullopt : std::optional{quota};
  const auto wanted_burst = legal.count() <= 0 || legal == base.burst ? std::nullopt : std::optional{legal};
  asked.why = {};
  asked.why.because = because;
  asked.why.rate = snap.groups[slot].rate;
  asked.why.asked = asked.why.granted = cores_under(base, quota);
  const bool owners = !wanted_quota && !wanted_burst;
  if (owners && !asked.quota && !asked.burst) return;
  asked.quota = wanted_quota;
  asked.burst = wanted_burst;
  out.quotas.push_back({slot, wanted_quota, wanted_burst, asked.why});
}

void leave(const Snapshot& snap, Asked& asked, Slot slot, Desired& out, Because because) {
  const bool here = asked.id != 0 && slot < snap.groups.size() && snap.groups[slot].id == asked.id;
  if (here && (asked.quota || asked.burst)) {
    Reason why;
    why.because = because;
    why.rate = snap.groups[slot].rate;
    why.asked = why.granted = cores_under(*asked.base, *asked.base->quota);
    out.quotas.push_back({slot, std::nullopt, std::nullopt, why});
  }
  asked = {};
}

Reason explain_asked(const Snapshot& snap, const Asked* asked, Slot slot) {
  Reason why;
  why.because = untreated(snap, slot);
  if (why.because == Because::refuse_class) why.bar = heeded_bar(snap.catalog, *snap.catalog.find(slot));
  if (why.because != Because::none) return why;
  const GroupState& g = snap.groups[slot];
  if (asked != nullptr && asked->id == g.id && asked->why.because != Because::none) return asked->why;
  why.because = Because::law_hold;
  why.rate = g.rate;
  why.asked = why.granted = limit_of(*g.own.base).value_or(MilliCpu{});
  return why;
}

Terms terms_asked(const Snapshot& snap, const Asked* asked, Slot slot) {
  Terms out;
  out.because = explain_asked(snap, asked, slot).because;
  if (slot < snap.groups.size() && snap.groups[slot].own.base)
    out.limit = limit_of(*snap.groups[slot].own.base).value_or(MilliCpu{});
  return out;
}

Because law_of(microseconds before, microseconds after) {
  if (after == before) return Because::law_hold;
  return after > before ? Because::law_raise : Because::law_lower;
}

}  // namespace headroom
