// Laws of the policy over drawn nodes: what is granted, to whom, and that nothing but the snapshot decides it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "metrics/model/lendable.hpp"
#include "tests/policies/small_node.hpp"

namespace headroom::testing {
namespace {

constexpr std::uint32_t kStep = 1, kLatency = 2;

/// One container as it is drawn: what it is, what it may use, what it does.
struct Drawn {
  std::uint32_t rule = kStep;
  std::int64_t limit = 500, rate = 0, throttled_at = 0;
  int used_ms = 0, cpus = 3;  ///< cpus: a bit a CPU
  bool throttling = false, certain = true, finite = true;
};

rc::Gen<Drawn> drawn() {
  return rc::gen::build<Drawn>(rc::gen::set(&Drawn::rule, rc::gen::element(kStep, kStep, kLatency)),
                               rc::gen::set(&Drawn::limit, rc::gen::inRange<std::int64_t>(100, 1500)),
                               rc::gen::set(&Drawn::rate, rc::gen::inRange<std::int64_t>(0, 2000)),
                               rc::gen::set(&Drawn::used_ms, rc::gen::inRange(0, 100)),
                               rc::gen::set(&Drawn::cpus, rc::gen::inRange(1, 4)),
                               rc::gen::set(&Drawn::throttling), rc::gen::set(&Drawn::finite, rc::gen::weightedElement<bool>({{8, true}, {1, false}})),
                               rc::gen::set(&Drawn::certain, rc::gen::weightedElement<bool>({{8, true}, {1, false}})));
}

struct World : SmallNode {
  std::vector<Slot> slots;
  explicit World(const std::vector<Drawn>& containers) {
    for (std::size_t i = 0; i < containers.size(); ++i) {
      const Drawn& d = containers[i];
      const Slot s = pod("p" + std::to_string(i), d.rule, d.finite ? std::optional{MilliCpu{d.limit}} : std::nullopt);
      states[s].own.certain = d.certain;
      catalog.groups[s]->cpus = CpuSet(static_cast<unsigned long>(d.cpus));
      slots.push_back(s);
    }
    node.cpu_busy = {MilliCpu{300}, MilliCpu{600}};
    sample(containers);
  }
  /// Everybody is read anew, as drawn.
  void sample(const std::vector<Drawn>& containers) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      run(slots[i], MilliCpu{containers[i].rate}, milliseconds{containers[i].used_ms});
      states[slots[i]].throttling = containers[i].throttling;
      states[slots[i]].usage += milliseconds{containers[i].used_ms};
    }
  }
};

using Wants = std::map<Slot, std::int64_t>;
Wants leases_of(const Desired& d) {
  Wants out;
  for (const auto& w : d.leases) out[w.slot] = w.cores.value;
  return out;
}
rc::Gen<std::vector<std::vector<Drawn>>> ticks() {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(1, 7), [](std::size_t groups) {
    return rc::gen::container<std::vector<std::vector<Drawn>>>(rc::gen::container<std::vector<Drawn>>(groups, drawn()));
  });
}
/// What the policy says tick by tick; the first tick's drawing says what the containers are.
template <class Look>
void play(const std::vector<std::vector<Drawn>>& curve, Look look) {
  if (curve.empty()) return;
  World w(curve[0]);
  const auto p = policy("headroom");
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (i > 0) w.sample(curve[i]);
    look(w, *p);
    w.fresh.clear();
    w.pass(milliseconds{10});
  }
}

RC_GTEST_PROP(HeadroomLaws, TheSameSnapshotsGiveTheSameDecisions, ()) {
  const auto curve = *ticks();
  const auto record = [&] {
    std::vector<Wants> out;
    play(curve, [&](World& w, Policy& p) { out.push_back(leases_of(w.decide(p))); });
    return out;
  };
  RC_ASSERT(record() == record());
}

RC_GTEST_PROP(HeadroomLaws, TheOrderOfReadingsDoesNotMatter, ()) {
  const auto curve = *ticks();
  const auto seed = *rc::gen::arbitrary<unsigned>();
  const auto record = [&](bool shuffled) {
    std::vector<Wants> out;
    std::mt19937 random{seed};
    play(curve, [&](World& w, Policy& p) {
      if (shuffled) std::shuffle(w.fresh.begin(), w.fresh.end(), random);
      out.push_back(leases_of(w.decide(p)));
    });
    return out;
  };
  RC_ASSERT(record(false) == record(true));
}

RC_GTEST_PROP(HeadroomLaws, WhatIsNewlyGrantedIsNoMoreThanWhatIsLendable, ()) {
  play(*ticks(), [](World& w, Policy& p) {
    const Snapshot before = w.snapshot();
    const MilliCpu most = lendable(before, CpuSet(3), {});
    std::map<Slot, std::int64_t> had;
    for (const Lease& l : p.leases()) had[l.slot] = l.cores.value;
    const Desired d = w.decide(p);
    std::int64_t granted = 0;
    for (const auto& lease : d.leases) {
      if (lease.cores.value == 0) continue;
      const std::int64_t above = lease.cores.value - limit_of(*w.states[lease.slot].own.base)->value;
      RC_ASSERT(above > 0);
      if (had.count(lease.slot) == 0) granted += above;
    }
    RC_ASSERT(granted <= std::max<std::int64_t>(0, most.value));
  });
}

TEST(HeadroomLaw, BorrowersOnDifferentCpusShareWhatTheNodeHas) {
  SmallNode node;
  const auto p = policy("headroom");
  const Slot left = node.pod("l", kStep, MilliCpu{200}), right = node.pod("r", kStep, MilliCpu{200}),
             service = node.pod("n", kLatency, std::nullopt);
  node.catalog.groups[left]->cpus = CpuSet(1);
  node.catalog.groups[right]->cpus = CpuSet(2);
  node.node.cpu_busy = {MilliCpu{200}, MilliCpu{200}};
  node.states[service].p90_10s = MilliCpu{1000};  // it sleeps now
  for (const Slot s : {left, right}) node.run(s, MilliCpu{200}, milliseconds{20});
  for (const Slot s : {left, right}) node.states[s].throttling = true;
  std::int64_t above = 0;
  for (const auto& lease : node.decide(*p).leases) above += lease.cores.value - 200;
  EXPECT_GT(above, 0);
  EXPECT_LE(above, 1900 - 1000 - 2 * 200);
}

RC_GTEST_PROP(HeadroomLaws, WhoeverMayNotBorrowOrHasNoCertainFiniteLimitIsNeverWanted, ()) {
  play(*ticks(), [](World& w, Policy& p) {
    const Desired d = w.decide(p);
    const auto may = [&](Slot s) {
      const Ownership& own = w.states[s].own;
      return w.catalog.rule_of(*w.catalog.groups[s]).borrow && own.certain && own.base->quota;
    };
    for (const auto& lease : d.leases) RC_ASSERT(may(lease.slot));
    for (const auto& burst : d.bursts) RC_ASSERT(may(burst.slot));
    for (const auto& weight : d.weights) {
      // The level is a borrower's pod or container: whoever is protected keeps his weight.
      RC_ASSERT(weight.eighths >= 1 && weight.eighths <= 8);
      for (const Slot s : w.slots) {
        const bool at_or_below = s == weight.slot || w.catalog.groups[s]->parent == weight.slot;
        RC_ASSERT(!at_or_below || w.catalog.rule_of(*w.catalog.groups[s]).borrow);
      }
    }
  });
}

RC_GTEST_PROP(HeadroomLaws, WhoIsThrottledIsGrantedNoLessThanIfHeWereNot, ()) {
  auto containers = *rc::gen::nonEmpty(rc::gen::container<std::vector<Drawn>>(drawn()));
  const auto who = *rc::gen::inRange<std::size_t>(0, containers.size());
  const auto granted = [&](bool throttling) {
    containers[who].throttling = throttling;
    World w(containers);
    const auto p = policy("headroom");
    const Desired d = w.decide(*p);
    const LeaseWant* want = want_for(d, w.slots[who]);
    return want ? want->cores.value : 0;
  };
  RC_ASSERT(granted(true) >= granted(false));
}

/// A borrower on a crowded node that got less than its request; its weight is lowered before.
struct Starved : ::testing::Test {
  SmallNode node;
  std::unique_ptr<Policy> p = policy("headroom");
  Slot step = node.pod("s1", kStep, MilliCpu{500}), service = node.pod("n1", kLatency, std::nullopt);
  Slot pod = node.catalog.groups[step]->parent;

  std::optional<int> eighths() {
    const Desired d = node.decide(*p);
    for (const auto& w : d.weights)
      if (w.slot == pod) return w.eighths;
    return std::nullopt;
  }
  void SetUp() override {
    node.states[step].own.base_shares = Shares{512};
    node.states[service].use_1s = MilliCpu{300};
    for (int i = 0; i < 25; ++i) {
      node.run(step, MilliCpu{1600}, milliseconds{60});
      const auto now = eighths();
      if (i > 0) {
        ASSERT_EQ(now, 1);
      }
      node.pass(milliseconds{10});
    }
  }
};

TEST_F(Starved, HasItsWeightBackInThatTickAndItsLeaseToo) {
  node.node.use_now = MilliCpu{1990};
  node.run(step, MilliCpu{100}, milliseconds{5});
  EXPECT_EQ(eighths(), 8);
  EXPECT_EQ(p->leases().size(), 1u);
}

TEST_F(Starved, ButNotWhoUsesLittleWhileCpusIdle) {
  node.node.use_now = MilliCpu{400};
  node.run(step, MilliCpu{100}, milliseconds{5});
  EXPECT_EQ(eighths(), 1);
}

/// What the write of the old limit refills is used at a lower weight, so that the wake does not pay for it.
TEST(Headroom, WhoGaveWayToAWakingNeighbourHasItsWeightBackAPeriodLater) {
  SmallNode node;
  const auto p = policy("headroom");
  const Slot step = node.pod("s1", kStep, MilliCpu{500}), service = node.pod("n1", kLatency, std::nullopt);
  const Slot pod = node.catalog.groups[step]->parent;
  node.run(step, MilliCpu{1600}, milliseconds{60});
  ASSERT_NE(want_for(node.decide(*p), step), nullptr);
  node.pass(milliseconds{10});
  node.run(service, MilliCpu{1000}, milliseconds{0});
  node.states[service].use_100ms = MilliCpu{500};
  const auto eighths = [&]() -> std::optional<int> {
    for (const auto& w : node.decide(*p).weights)
      if (w.slot == pod) return w.eighths;
    return std::nullopt;
  };
  node.run(step, MilliCpu{1600}, milliseconds{70});
  EXPECT_EQ(eighths(), 1);
  EXPECT_TRUE(p->leases().empty());
  node.pass(milliseconds{90});
  EXPECT_EQ(eighths(), 1);
  node.pass(milliseconds{10});
  EXPECT_EQ(eighths(), 8);
  EXPECT_EQ(eighths(), std::nullopt);
}

}  // namespace
}  // namespace headroom::testing
