// What policy headroom lends, to whom, for how long, and when it takes it back; neighbours that wait: headroom_contract_test.cpp.
#include "tests/policies/headroom_fixture.hpp"

namespace headroom::testing {
namespace {

TEST_F(HeadroomPolicy, LendsBeforeTheQuotaRunsDry) {
  node.run(step, MilliCpu{2000}, milliseconds{20});
  const Desired d = node.decide(*p);
  const LeaseWant* w = want_for(d, step);
  ASSERT_NE(w, nullptr);
  EXPECT_GT(w->cores, MilliCpu{500});
  EXPECT_LE(w->cores, MilliCpu{2000});
  EXPECT_EQ(w->why.because, Because::lend_predicted);
}

TEST_F(HeadroomPolicy, LendsNothingToWhoStaysBelowItsLimit) {
  node.run(step, MilliCpu{490}, milliseconds{30});
  EXPECT_EQ(want_for(node.decide(*p), step), nullptr);
  EXPECT_EQ(p->explain(node.snapshot(), step).because, Because::refuse_idle);
}

TEST_F(HeadroomPolicy, NeverLendsToAClassThatMayNotBorrow) {
  node.run(service, MilliCpu{2000}, milliseconds{90});
  node.states[service].throttling = true;
  EXPECT_EQ(want_for(node.decide(*p), service), nullptr);
  EXPECT_EQ(p->explain(node.snapshot(), service).because, Because::refuse_class);
}

TEST_F(HeadroomPolicy, NeverLendsWithoutACertainFiniteBase) {
  node.states[step].own.certain = false;
  node.run(step, MilliCpu{2000}, milliseconds{40});
  EXPECT_EQ(want_for(node.decide(*p), step), nullptr);
  node.own(step, std::nullopt);
  node.run(step, MilliCpu{2000}, milliseconds{40});
  EXPECT_EQ(want_for(node.decide(*p), step), nullptr);
}

TEST_F(HeadroomPolicy, BurstsOfASmallContainerDoNotMoveItsLimitToAndFro) {
  const Slot small = node.pod("s3", kStep, MilliCpu{50});
  MilliCpu before{};
  int moves = 0;
  for (int i = 0; i < 500; ++i) {   // a second of ticks; a few milliseconds at 0.27 cores in every period, 0.06 cores over all
    node.pass(milliseconds{2});
    node.run(small, MilliCpu{270}, milliseconds{2 + i % 15});
    node.states[small].use_100ms = MilliCpu{60};
    node.decide(*p);
    ASSERT_EQ(p->leases().size(), 1U) << i;
    moves += p->leases()[0].cores != before;
    before = p->leases()[0].cores;
  }
  EXPECT_LE(moves, 22);   // up and down again, each time after 100 ms of use at the most
}

TEST_F(HeadroomPolicy, GoesBackAfterTheHoldAndNotBefore) {
  lend(step);
  node.pass(milliseconds{900});
  node.run(step, MilliCpu{10}, milliseconds{1});
  const Desired held = node.decide(*p);
  ASSERT_NE(want_for(held, step), nullptr);
  EXPECT_GT(want_for(held, step)->cores, MilliCpu{500});
  node.pass(milliseconds{200});
  node.run(step, MilliCpu{10}, milliseconds{1});
  const Desired back = node.decide(*p);
  ASSERT_NE(want_for(back, step), nullptr);
  EXPECT_EQ(want_for(back, step)->cores, MilliCpu{0});
  EXPECT_TRUE(p->leases().empty());
}

TEST_F(HeadroomPolicy, ALeaseHeldOverAGapGoesBackAtOnceWhenItsCpusAreWanted) {
  lend(step);
  const auto pause = [&] {
    node.pass(milliseconds{100});
    node.run(step, MilliCpu{100}, milliseconds{10});
    return node.decide(*p);
  };
  pause();
  ASSERT_EQ(p->leases().size(), 1u) << "nobody else wants them";
  node.run(service, MilliCpu{1000}, milliseconds{10});
  const Desired d = pause();
  EXPECT_TRUE(p->leases().empty());
  const LeaseWant* w = want_for(d, step);
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->cores, MilliCpu{});
  EXPECT_EQ(w->why.because, Because::shrink_share);
}

TEST_F(HeadroomPolicy, OverloadBlindnessAndLatenessEndEverythingWithinOneTick) {
  const auto ends = [&](auto&& spoil, Because because) {
    p = policy("headroom");
    lend(step);
    const NodeView good = node.node;
    spoil();
    node.pass(milliseconds{10});
    const Desired d = node.decide(*p);
    ASSERT_NE(want_for(d, step), nullptr);
    EXPECT_EQ(want_for(d, step)->cores, MilliCpu{0});
    EXPECT_EQ(want_for(d, step)->why.because, because);
    node.node = good;
    node.pass(seconds{5});
  };
  ends([&] { node.node.state = LoadState::overload; }, Because::revoke_overload);
  ends([&] { node.node.state = LoadState::unknown; }, Because::revoke_blind);
  ends([&] { node.node.worst_lateness_1s = milliseconds{31}; }, Because::revoke_late);
}

TEST_F(HeadroomPolicy, BlindAndToldToHoldItLeavesWhatIsOutAndLendsNothingNew) {
  lend(step);
  const MilliCpu out = p->leases()[0].cores;
  node.node.state = LoadState::unknown;
  node.node.blind = node.node.hold_when_blind = true;
  for (int i = 0; i < 100; ++i) {   // longer than `hold`, and than a lease may stay unread
    node.pass(milliseconds{100});
    const Desired d = node.decide(*p);
    ASSERT_NE(want_for(d, step), nullptr);
    EXPECT_EQ(want_for(d, step)->cores, out);
  }
  node.run(other, MilliCpu{2000}, milliseconds{40});
  EXPECT_EQ(want_for(node.decide(*p), other), nullptr);
  node.node.hold_when_blind = false;
  node.pass(milliseconds{10});
  const Desired d = node.decide(*p);
  ASSERT_NE(want_for(d, step), nullptr);
  EXPECT_EQ(want_for(d, step)->why.because, Because::revoke_blind);
  EXPECT_TRUE(p->leases().empty());
}

TEST_F(HeadroomPolicy, CoolingLendsNothingNewAndKeepsWhatIsOut) {
  lend(step);
  node.node.state = LoadState::cooling;
  node.run(step, MilliCpu{1500}, milliseconds{40});
  node.run(other, MilliCpu{2000}, milliseconds{40});
  const Desired d = node.decide(*p);
  ASSERT_NE(want_for(d, step), nullptr);
  EXPECT_GT(want_for(d, step)->cores, MilliCpu{0});
  EXPECT_EQ(want_for(d, other), nullptr);
}

TEST(HeadroomClasses, AreServedAsTheyAreWrittenAndNotAsTheyAreMet) {
  for (const int rank : {1, 3}) {
    SmallNode node;
    const auto p = policy("headroom");
    node.catalog.rules.push_back(node.catalog.rules[kStep]);   // met after kStep
    node.catalog.rules[kStep].rank = 2;
    node.catalog.rules.back().rank = rank;
    const Slot of_second = node.pod("s1", kStep, MilliCpu{500});
    const Slot of_ranked = node.pod("s2", static_cast<std::uint32_t>(node.catalog.rules.size() - 1), MilliCpu{500});
    for (const Slot s : {of_second, of_ranked}) node.run(s, MilliCpu{2000}, milliseconds{40});
    const Desired d = node.decide(*p);
    const auto cores = [&](Slot s) { return want_for(d, s) == nullptr ? MilliCpu{} : want_for(d, s)->cores; };
    const Slot first = rank < 2 ? of_ranked : of_second, last = rank < 2 ? of_second : of_ranked;
    EXPECT_GT(cores(first), cores(last)) << "rank " << rank;
  }
}

TEST_F(HeadroomPolicy, CreditBoundsWhatIsLent) {
  node.catalog.rules[kStep].borrow->credit = seconds{1};
  nanoseconds used{0};
  nanoseconds above{0};
  for (int i = 0; i < 1000; ++i) {   // 10 s of two busy threads
    const Desired d = node.decide(*p);
    const MilliCpu cores = p->leases().empty() ? MilliCpu{500} : p->leases()[0].cores;
    used += cpu_time(cores, milliseconds{10});
    above += cpu_time(cores - MilliCpu{500}, milliseconds{10});
    node.pass(milliseconds{10});
    node.states[step].usage = used;
    node.run(step, cores, milliseconds{60});
    node.states[step].throttling = true;
  }
  EXPECT_GT(above, milliseconds{500});
  EXPECT_LE(above, milliseconds{1100});
  EXPECT_EQ(p->explain(node.snapshot(), step).because, Because::refuse_no_credit);
}

TEST_F(HeadroomPolicy, TheAccountOfWhoIsNamedLaterIsFullThen) {
  node.catalog.groups[step]->rule = 0;   // known by its path alone
  for (int i = 0; i < 10; ++i) {
    (void)node.decide(*p);
    node.pass(milliseconds{10});
  }
  node.catalog.groups[step]->rule = kStep;
  ++node.catalog.generation;
  node.run(step, MilliCpu{500}, milliseconds{60});
  node.states[step].throttling = true;
  (void)node.decide(*p);
  EXPECT_FALSE(p->leases().empty()) << static_cast<int>(p->explain(node.snapshot(), step).because);
}

TEST_F(HeadroomPolicy, AStartLeaseIsGivenWithoutWaitingForUseAndOncePerPod) {
  node.catalog.groups[step]->first_seen = node.now;
  node.run(step, MilliCpu{0}, milliseconds{0});
  const Desired d = node.decide(*p);
  ASSERT_NE(want_for(d, step), nullptr);
  EXPECT_EQ(want_for(d, step)->kind, LeaseKind::start);
  // The container restarts in the same pod: another group at the same place.
  node.pass(seconds{5});
  node.catalog.groups[step]->id = node.states[step].id = 999;
  node.catalog.groups[step]->first_seen = node.now;
  node.decide(*p);
  node.run(step, MilliCpu{0}, milliseconds{0});
  EXPECT_EQ(want_for(node.decide(*p), step), nullptr);
}

TEST_F(HeadroomPolicy, SomebodyElsesWriteEndsTheLease) {
  lend(step);
  node.states[step].own.drop = true;
  const Desired d = node.decide(*p);
  ASSERT_NE(want_for(d, step), nullptr);
  EXPECT_EQ(want_for(d, step)->cores, MilliCpu{0});
  EXPECT_EQ(want_for(d, step)->why.because, Because::end_foreign);
}

TEST_F(HeadroomPolicy, KernelBurstIsAskedForOnceAndNotWhereTheValueMustNotMove) {
  node.run(step, MilliCpu{10}, milliseconds{1});
  const Desired d = node.decide(*p);
  ASSERT_EQ(d.bursts.size(), 1u);
  EXPECT_EQ(d.bursts[0].burst, milliseconds{25});
  node.states[step].own.in_force->burst = milliseconds{25};
  node.run(step, MilliCpu{10}, milliseconds{1});
  EXPECT_TRUE(node.decide(*p).bursts.empty());
  node.catalog.rules[kStep].borrow->visibility = Visibility::hidden;
  node.run(other, MilliCpu{10}, milliseconds{1});
  EXPECT_TRUE(node.decide(*p).bursts.empty());
}

TEST_F(HeadroomPolicy, LowersTheWeightOfThePodAgainstABurstableNeighbourWhileClaimsExceedWhatIsLendable) {
  node.states[service].use_1s = MilliCpu{300};
  for (const Slot s : {step, other}) node.run(s, MilliCpu{2000}, milliseconds{30});
  node.decide(*p);
  for (const Slot s : {step, other}) node.run(s, MilliCpu{2000}, milliseconds{30});
  const Desired d = node.decide(*p);
  ASSERT_FALSE(d.weights.empty());
  for (const auto& w : d.weights) {
    EXPECT_EQ(node.catalog.groups[w.slot]->identity.kind, GroupKind::pod);
    EXPECT_EQ(w.why.neighbour, service);
    EXPECT_LT(w.eighths, 8);
  }
}

TEST_F(HeadroomPolicy, NeverLowersAWeightAgainstAGuaranteedNeighbourOrInAPodThatHoldsAProtectedContainer) {
  const Slot kubepods = node.catalog.groups[node.burstable]->parent;
  node.catalog.groups[service]->rule = 0;
  node.states[service].use_1s = MilliCpu{0};
  const Slot guaranteed = node.pod("g1", kLatency, MilliCpu{500}, kubepods);
  node.states[guaranteed].use_1s = MilliCpu{300};
  for (int i = 0; i < 2; ++i) {
    for (const Slot s : {step, other}) node.run(s, MilliCpu{2000}, milliseconds{30});
    EXPECT_TRUE(node.decide(*p).weights.empty());
  }
  node.add("kubepods/burstable/pods1/sidecar", node.catalog.groups[step]->parent, GroupKind::container, kLatency);
  node.states[service].use_1s = MilliCpu{300};
  node.pass(seconds{2});
  for (const Slot s : {step, other}) node.run(s, MilliCpu{2000}, milliseconds{30});
  for (const auto& w : node.decide(*p).weights) EXPECT_NE(w.slot, node.catalog.groups[step]->parent);
}

}  // namespace
}  // namespace headroom::testing
