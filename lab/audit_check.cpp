// An explanation held against the state that it was made of. The sums are made anew from the groups' own numbers: nothing
// here calls what computes them in the daemon.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "lab/replay.hpp"

namespace headroom::lab {
namespace {

constexpr int kMostChanges = 16;

std::int64_t limit_milli(const GroupState& g) {
  const auto& b = g.own.base ? g.own.base : g.own.in_force;
  return b && b->quota ? b->quota->count() * 1000 / b->period.count() : INT64_MAX;
}

/// docs/policies/headroom.md: a neighbour max(use now, 90th percentile of 10 s), while it wakes its limit or twice its use;
/// others their use now; at most the limit.
std::int64_t expected_milli(const Snapshot& now, Slot s) {
  const Group* g = now.catalog.find(s);
  const GroupState& state = now.groups[s];
  if (g == nullptr || !state.counted) return 0;
  const ClassRule& rule = now.catalog.rule_of(*g);
  if (rule.qos == QosClass::be && (!rule.borrow || g->infrastructure)) return 0;
  std::int64_t want = state.use_100ms.value;
  if (!is_protected(rule.qos) || g->infrastructure) return std::min(want, limit_milli(state));
  want = std::max({want, state.p90_10s.value, state.rate.value});
  const bool wakes = state.rate.value > state.p90_10s.value + 100 && state.rate.value * 10 > state.use_100ms.value * 13;
  return std::min(wakes ? std::max(2 * want, limit_milli(state) == INT64_MAX ? 0 : limit_milli(state)) : want, limit_milli(state));
}

/// With SMT: of the CPUs that others use, as many siblings count 0.4.
std::int64_t siblings_milli(const Snapshot& now, const Explanation& e) {
  const std::int64_t cpus = now.node.cpus, cores = now.catalog.cores, used = e.share.of.expected.value;
  if (cores <= 0 || cores >= cpus) return 0;
  return std::min(used * (cpus - cores) / cores, std::max<std::int64_t>(0, cpus * 1000 - used)) * 6 / 10;
}

std::string differ(const char* what, std::int64_t told, std::int64_t made) {
  return told == made ? "" : fmt::format("{}: told {}, made anew {}", what, told, made);
}

/// Whom nobody's change makes a borrower.
bool names_nobody(Bar bar) {
  return bar == Bar::own || bar == Bar::helper || bar == Bar::sidecar || bar == Bar::init || bar == Bar::finished;
}

/// Every subtrahend, and their sum.
std::string check_terms(const Explanation& e, const Snapshot& now) {
  std::int64_t told = 0, made = 0;
  std::map<Slot, const LendTerm*> by_slot;
  for (const LendTerm& t : e.terms) {
    by_slot[t.slot] = &t;
    told += t.cores.value;
  }
  for (Slot s = 0; s < now.groups.size(); ++s) {
    const auto at = by_slot.find(s);
    const bool claims = at != by_slot.end() && at->second->why == LendTerm::Why::claimant;
    const std::int64_t expected = claims ? limit_milli(now.groups[s]) : expected_milli(now, s);
    if (const auto wrong = differ("a term", at == by_slot.end() ? 0 : at->second->cores.value, expected); !wrong.empty())
      return fmt::format("{} (/{})", wrong, now.catalog.find(s) ? now.catalog.find(s)->path : "");
    made += expected;
  }
  if (auto wrong = differ("sum of the terms", told, made); !wrong.empty()) return wrong;
  if (!e.of_this_tick || e.share.of.stolen) return "";
  const std::int64_t target = now.node.target.value;
  if (auto wrong = differ("target", e.share.of.target.value, target); !wrong.empty()) return wrong;
  std::int64_t lendable = std::max<std::int64_t>(0, target - made - siblings_milli(now, e));
  if (e.share.of.free) lendable = std::min(lendable, e.share.of.free->value);
  return differ("lendable", e.share.of.lendable.value, lendable);
}

}  // namespace

std::string check_arithmetic(const Explanation& e, const Snapshot& now) {
  const ShareTerms& s = e.share;
  if (e.limit.value > 0) {
    if (auto wrong = differ("own limit", e.limit.value, limit_milli(now.groups[e.slot])); !wrong.empty()) return wrong;
  }
  if (s.at == TimePoint{}) return e.borrows ? "a lease without terms" : "";
  if (auto wrong = check_terms(e, now); !wrong.empty()) return wrong;
  if (!s.of.stolen) {
    std::int64_t lendable = std::max<std::int64_t>(0, (s.of.target - s.of.expected - s.of.siblings - s.of.claimed).value);
    if (s.of.free) lendable = std::min(lendable, s.of.free->value);
    if (auto wrong = differ("target - expected - claimed", s.of.lendable.value, lendable); !wrong.empty()) return wrong;
  }
  if (auto wrong = differ("amount", s.amount.value, (s.of.lendable - s.served_before).value); !wrong.empty()) return wrong;
  if (s.granted + s.others_granted > s.amount || s.granted > s.asked) return "more is granted than there is";
  const MilliCpu all = e.limit + s.granted;
  if (!e.borrows) return e.limit.value > 0 ? differ("would get", e.in_all.value, all.value) : "";
  const bool cut = e.bound == Bound::node || e.bound == Bound::file || e.in_all < all;
  if (!cut && e.in_all > all) {   // within the deadband what is written stays
    const bool deadband = (e.in_all - all).value * 100 <= e.in_all.value * 20 + 100;
    if (!deadband) return differ("in all", e.in_all.value, all.value);
  }
  if (e.why.granted != all) return differ("granted in all", e.why.granted.value, all.value);
  return "";
}

std::string check_changes(const Explanation& first, const Snapshot& now, const Policy& policy, const PlanState& plans,
                          const Guardrails& rails) {
  Explanation e = first;
  WhatIf node(now, policy, plans, rails, first.tick);
  for (int i = 0; i < kMostChanges; ++i) {
    if (e.borrows || e.by_law) return "";
    if (e.change.kind == ChangeKind::none) {
      const Group* g = now.catalog.find(e.slot);
      const bool never = g == nullptr || g->infrastructure || g->identity.kind != GroupKind::container || names_nobody(e.why.bar);
      return never ? "" : "no change is named";
    }
    const Because before = e.why.because;
    const Bar bar = e.why.bar;
    const ChangeKind named = e.change.kind;   // another policy may refuse for the same reason and name another way out
    const TimePoint at = e.at;
    node.apply(e.change, e.slot);
    const Explanation then = node.decide(e.slot);
    if (!then.borrows && then.why.because == before && then.why.bar == bar && then.change.kind == named && then.at == at)
      return fmt::format("after \"{}\" the same rule decides again", describe(e, e.change, node.catalog()));
    if (i == 0 && first.next && (first.next->borrows != then.borrows ||
                                 first.next->why.because != then.why.because || first.next->why.bar != then.why.bar))
      return "the bound that is named next is not the one that comes";
    e = then;
  }
  return "it does not borrow after any number of changes";
}

}  // namespace headroom::lab
