// Laws of every plan, over random trees, desires, failures and other writers.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <rapidcheck/gtest.h>

#include "tests/engine/planner_support.hpp"

namespace headroom {
namespace {

using namespace test;

using Random = std::mt19937_64;

std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}
int percent(Random& random) { return static_cast<int>(pick(random, 0, 99)); }

/// A random node: two slices (one perhaps finite), pods of one to three containers, and flat groups.
struct RandomLoop : Loop {
  std::vector<Slot> all;

  explicit RandomLoop(Random& random) {
    const Slot slice = node.add(0, "kubepods", GroupKind::qos, kNone,
                                percent(random) < 50 ? unlimited() : limited(pick(random, 900'000, 2'000'000)));
    for (int p = 0; p < pick(random, 1, 4); ++p) add_pod(random, slice, "p" + std::to_string(p));
    for (int f = 0; f < pick(random, 0, 3); ++f)
      all.push_back(node.container(0, "flat" + std::to_string(f), rule(random), base(random, 100'000)));
    rails.refill_budget_permille = static_cast<int>(pick(random, 0, 5));
    rails.refill_cost = nanoseconds{pick(random, 1'000, 900'000)};
  }

  static std::uint32_t rule(Random& random) { return percent(random) < 60 ? kStep : static_cast<std::uint32_t>(pick(random, 0, 5)); }
  static Bandwidth base(Random& random, std::int64_t period) {
    return percent(random) < 15 ? unlimited() : limited(pick(random, 1'000, 60'000), period);
  }

  void add_pod(Random& random, Slot slice, const std::string& name) {
    const std::int64_t periods[] = {100'000, 50'000, 33'333};
    std::vector<Bandwidth> bases;
    std::int64_t sum = pick(random, 0, 20'000);
    for (int i = 0; i < pick(random, 1, 3); ++i) {
      bases.push_back(base(random, periods[pick(random, 0, 2)]));
      const Bandwidth& b = bases.back();
      if (b.quota) sum += b.quota->count() * 100'000 / b.period.count() + 1;
    }
    const bool finite = percent(random) < 75 && sum >= 1'000;
    const Slot pod = node.pod(slice, name, finite ? limited(sum) : unlimited());
    all.push_back(pod);
    for (std::size_t i = 0; i < bases.size(); ++i)
      all.push_back(node.container(pod, "c" + std::to_string(i), rule(random), bases[i]));
  }

  Slot any(Random& random) { return all[static_cast<std::size_t>(pick(random, 0, static_cast<std::int64_t>(all.size()) - 1))]; }

  void draw_desires(Random& random) {
    desired.clear();
    for (int i = 0; i < pick(random, 0, 5); ++i) {
      const auto kind = percent(random) < 30 ? LeaseKind::start : LeaseKind::burst;
      const Visibility seen = static_cast<Visibility>(pick(random, 0, 2));
      desired.leases.push_back(lease(any(random), percent(random) < 25 ? 0 : pick(random, 100, 12'000), kind, seen));
    }
    for (int i = 0; i < pick(random, 0, 3); ++i) desired.bursts.push_back(burst(any(random), pick(random, 0, 60'000)));
    for (int i = 0; i < pick(random, 0, 2); ++i) draw_set(random);
    for (int i = 0; i < pick(random, 0, 3); ++i) desired.weights.push_back(weight(any(random), static_cast<int>(pick(random, 1, 8))));
  }

  void draw_set(Random& random) {
    std::optional<microseconds> quota, burst;
    if (percent(random) < 70) quota = microseconds{pick(random, 500, 1'200'000)};
    if (percent(random) < 50) burst = microseconds{pick(random, 0, 300'000)};
    desired.quotas.push_back(set(any(random), quota, burst));
  }

  /// What happens between two ticks: use, restarts, somebody else's values, hands off.
  void live(Random& random) {
    for (Slot s = 0; s < node.groups.size(); ++s) {
      GroupState& g = node.groups[s];
      g.own.drop = g.own.overtaken = false;
      g.usage += microseconds{pick(random, 0, 20'000)};
      g.used_in_period = microseconds{pick(random, 0, 60'000)};
      g.throttling = percent(random) < 20;
    }
    node.touched.clear();
    const Slot s = any(random);
    Ownership& own = node.own(s);
    const int what = percent(random);
    const bool is_pod = node.catalog.groups[s]->identity.kind == GroupKind::pod;
    if (what < 10 && !is_pod) node.restart(s, *own.base);
    else if (what < 20 && !is_pod) somebody_writes(s, pick(random, 1'000, 60'000));
    else if (what < 25) own.hands_off_until = node.at + milliseconds{pick(random, 1, 2'000)};
    else if (what < 30) own.certain = !own.certain;
    else if (what < 34) own.no_burst_until = node.at + milliseconds{500};
    else if (what < 38) rails.guard_up = !rails.guard_up;
  }

  void somebody_writes(Slot s, std::int64_t quota) {
    Ownership& own = node.own(s);
    KernelRules kernel(node.catalog, Version::v1);
    for (Slot i = 0; i < node.groups.size(); ++i) kernel.set(i, *node.own(i).in_force);
    Bandwidth theirs = *own.in_force;
    if (!own.base->quota || microseconds{quota} > *own.base->quota) return;   // keep base trees legal
    theirs.quota = microseconds{quota};
    if (kernel.write(s, theirs)) return;
    own.base = own.in_force = theirs;
    ++own.foreign_writes;
    own.drop = true;
    node.touched.push_back(s);
  }
};

/// Nothing raised on groups that nobody may touch.
std::string off_limits(const RandomLoop& l, const Plan& plan) {
  for (const Write& w : plan.writes) {
    const Ownership& own = l.node.groups[w.slot].own;
    const bool bandwidth = std::holds_alternative<Bandwidth>(w.to);
    const Setting base = bandwidth ? Setting{*own.base} : Setting{*own.base_shares};
    const Group& g = *l.node.catalog.groups[w.slot];
    if (g.identity.kind == GroupKind::qos || g.path.empty()) return g.path + " was written";
    if (w.to == base) continue;
    const ClassRule& rule = l.node.catalog.rule_of(g);
    // Going back up to its owner's quota, from one that was set below, is no raise.
    const bool raises = bandwidth && std::get<Bandwidth>(w.to).quota > std::get<Bandwidth>(w.from).quota &&
                        std::get<Bandwidth>(w.to).quota > own.base->quota;
    if (raises && l.node.at < own.hands_off_until) return g.path + " is hands off";
    if (raises && !l.rails.guard_up) return g.path + " was raised without a guard";
    const bool set = l.state.standing[w.slot].set_quota && rule.qos == QosClass::ls;
    if (raises && g.identity.kind == GroupKind::container && !rule.borrow && !set) return g.path + " may not borrow";
  }
  return {};
}

/// Units that the kernel refuses this time, whatever they hold.
std::vector<std::uint32_t> draw_refusals(Random& random, const Plan& plan) {
  std::vector<std::uint32_t> refused;
  for (const Write& w : plan.writes)
    if (percent(random) < 5) refused.push_back(w.unit);
  return refused;
}

RC_GTEST_PROP(PlannerLaw, EveryPlanIsLegalOnBothVersionsAndEverythingReturnsToBase, (std::uint64_t seed)) {
  Random random(seed);
  RandomLoop l(random);
  for (int i = 0; i < 40; ++i) {
    l.node.at += milliseconds{pick(random, 2, 400)};
    l.draw_desires(random);
    l.live(random);
    const Plan plan = make_plan(l.node.snapshot(), l.desired, l.rails, l.state);
    RC_ASSERT(off_limits(l, plan) == "");
    const auto refused = draw_refusals(random, plan);
    TestNode v2 = l.node;
    RC_ASSERT(apply(v2, plan, Version::v2, refused) == "");
    RC_ASSERT(apply(l.node, plan, Version::v1, refused) == "");
  }
  l.rails.off = true;
  l.desired.clear();
  l.node.touched.clear();
  for (int i = 0; i < 3; ++i) {
    l.node.at += milliseconds{1'100};
    for (GroupState& g : l.node.groups) g.own.drop = false;
    const Plan plan = make_plan(l.node.snapshot(), l.desired, l.rails, l.state);
    RC_ASSERT(apply(l.node, plan, Version::v1) == "");
  }
  for (const GroupState& g : l.node.groups) {
    RC_ASSERT(g.own.in_force == g.own.base);
    RC_ASSERT(g.own.shares_in_force == g.own.base_shares);
  }
  RC_ASSERT(l.state.active.empty() && l.state.resting.empty());
}

RC_GTEST_PROP(PlannerLaw, APlanInForceIsNotWrittenTwice, (std::uint64_t seed)) {
  Random random(seed);
  RandomLoop l(random);
  for (int i = 0; i < 5; ++i) {
    l.draw_desires(random);
    l.step();
    RC_ASSERT(make_plan(l.node.snapshot(), l.desired, l.rails, l.state).writes.empty());
  }
}

std::string text_of(const Plan& plan) {
  std::string text;
  for (const Write& w : plan.writes) {
    text += std::to_string(w.slot) + "/" + std::to_string(w.unit) + ":";
    if (const auto* b = std::get_if<Bandwidth>(&w.to)) {
      text += std::to_string(b->quota.value_or(microseconds{-1}).count()) + "," + std::to_string(b->burst.count()) + " ";
    } else {
      text += "w" + std::to_string(std::get<Shares>(w.to).value) + " ";
    }
  }
  for (const Refill& r : plan.refills) text += "r" + std::to_string(r.slot) + " ";
  return text;
}

RC_GTEST_PROP(PlannerLaw, TheOrderOfWantsDoesNotMatter, (std::uint64_t seed)) {
  Random random(seed);
  RandomLoop l(random);
  l.draw_desires(random);
  for (GroupState& g : l.node.groups) g.used_in_period = milliseconds{60};
  PlanState other = l.state;
  Desired shuffled = l.desired;
  std::shuffle(shuffled.leases.begin(), shuffled.leases.end(), random);
  std::shuffle(shuffled.bursts.begin(), shuffled.bursts.end(), random);
  std::shuffle(shuffled.weights.begin(), shuffled.weights.end(), random);
  std::shuffle(shuffled.quotas.begin(), shuffled.quotas.end(), random);
  const Plan one = make_plan(l.node.snapshot(), l.desired, l.rails, l.state);
  const Plan two = make_plan(l.node.snapshot(), shuffled, l.rails, other);
  RC_ASSERT(text_of(one) == text_of(two));
}

RC_GTEST_PROP(PlannerLaw, RefillsStayWithinTheirBudgetInEveryRunningSecond, (std::uint64_t seed)) {
  Random random(seed);
  RandomLoop l(random);
  const nanoseconds budget = milliseconds{1} * l.rails.refill_budget_permille;
  std::vector<std::pair<TimePoint, nanoseconds>> paid;
  for (int i = 0; i < 200; ++i) {
    l.draw_desires(random);
    for (LeaseWant& w : l.desired.leases) w.visibility = Visibility::hidden;
    for (GroupState& g : l.node.groups) {
      g.usage += milliseconds{60};
      g.used_in_period = milliseconds{60};
    }
    const Plan plan = l.step(milliseconds{pick(random, 2, 30)});
    for (const Refill& r : plan.refills) {
      int levels = 0;
      for (Slot s = r.slot; s != kNoSlot; s = l.node.catalog.groups[s]->parent)
        levels += l.node.own(s).in_force->quota.has_value();
      paid.emplace_back(l.node.at, l.rails.refill_cost * levels);
    }
    nanoseconds spent{0};
    for (const auto& [at, cost] : paid) spent += l.node.at - at < seconds{1} ? cost : nanoseconds{0};
    RC_ASSERT(spent <= budget);
  }
}

RC_GTEST_PROP(PlannerLaw, APodIsItsBasePlusItsContainersSurplus, (std::uint64_t seed)) {
  Random random(seed);
  RandomLoop l(random);
  for (int i = 0; i < 10; ++i) {
    l.draw_desires(random);
    l.step();
  }
  for (Slot pod = 0; pod < l.node.groups.size(); ++pod) {
    const Ownership& own = l.node.own(pod);
    if (l.node.catalog.groups[pod]->identity.kind != GroupKind::pod || !own.base->quota) continue;
    std::int64_t want = own.base->quota->count();
    for (Slot s = 0; s < l.node.groups.size(); ++s) {
      const Ownership& child = l.node.own(s);
      if (l.node.catalog.groups[s]->parent != pod || !child.base->quota) continue;
      const std::int64_t surplus = std::max<std::int64_t>(0, (*child.in_force->quota - *child.base->quota).count());
      const std::int64_t period = child.base->period.count();
      want += (surplus * 100'000 + period - 1) / period;
    }
    RC_ASSERT(own.in_force->quota->count() == want);
  }
}

}  // namespace
}  // namespace headroom
