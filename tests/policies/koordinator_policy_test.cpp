// The policy around Koordinator's law: whom it treats, how often, what it asks in which unit, and what it never does.
#include <gtest/gtest.h>

#include "tests/policies/peer_node.hpp"

namespace headroom::testing {
namespace {

constexpr nanoseconds kCycle = seconds{1};

/// One container of one CPU, throttled, on a node with CPUs to spare.
struct Koordlet : ::testing::Test {
  PeerNode node;
  std::unique_ptr<Policy> p = policy("koordinator");
  Slot step = node.pod("s", kStep, MilliCpu{1000});

  Koordlet() { node.work[step] = {MilliCpu{100}, true}; }
  void use(std::initializer_list<std::pair<const char*, const char*>> values) { p = policy("koordinator", tuning(values)); }
  void cycles(int n) {
    for (int i = 0; i < n; ++i) node.tick(*p, kCycle);
  }
};

TEST_F(Koordlet, RaisesByAFifthASecondUpToThreeTimesTheLimit) {
  cycles(1);   // the first sample of its throttling is nothing to compare with
  for (const std::int64_t quota : {120000, 144000, 172800, 207360, 248832, 298598, 300000, 300000}) {
    cycles(1);
    EXPECT_EQ(quota_of(node, step), quota);
    EXPECT_EQ(burst_of(node, step), quota) << "ten times the limit is not legal";
  }
}

TEST_F(Koordlet, DecidesOnceASecondHoweverOftenTheLoopTurns) {
  cycles(1);
  for (int i = 0; i < 30; ++i) node.tick(*p, milliseconds{100});
  EXPECT_EQ(quota_of(node, step), 172800);
}

TEST_F(Koordlet, KeepsWhatItRaisedUntilTheSharePoolIsFull) {
  cycles(3);
  node.work[step].throttled = false;
  cycles(100);
  EXPECT_EQ(quota_of(node, step), 144000) << "there is no decay";
  node.others = MilliCpu{1400};
  cycles(4);   // 0.1 + 1.4 of 2 CPUs, averaged over five seconds
  EXPECT_EQ(quota_of(node, step), 115200);
  cycles(1);
  EXPECT_EQ(node.states[step].own.in_force->quota, node.states[step].own.base->quota);
}

TEST_F(Koordlet, APodsOwnStrategyComesBeforeTheNodes) {
  const Slot other = node.pod("o", kStep, MilliCpu{1000});
  node.work[other] = {MilliCpu{100}, true};
  koordlet::Patch less;
  less.quota_burst_percent = 150;
  node.catalog.groups[step]->strategy = std::make_shared<const koordlet::Patch>(less);
  cycles(12);
  EXPECT_EQ(quota_of(node, step), 150000);
  EXPECT_EQ(quota_of(node, other), 300000);
  koordlet::Patch none;
  none.policy = koordlet::BurstPolicy::none;
  node.catalog.groups[step]->strategy = std::make_shared<const koordlet::Patch>(none);
  cycles(2);
  EXPECT_EQ(quota_of(node, step), 100000);
  EXPECT_EQ(burst_of(node, step), 0);
}

TEST_F(Koordlet, WhoHasOptedOutIsLeftAlone) {
  cycles(5);
  ASSERT_GT(quota_of(node, step), 100000);
  node.catalog.rules.push_back(node.catalog.rules[kStep]);
  node.catalog.rules.back().bars.add(Bar::opt_out);
  node.catalog.groups[step]->rule = static_cast<std::uint32_t>(node.catalog.rules.size() - 1);
  cycles(3);
  EXPECT_EQ(quota_of(node, step), 100000);
  EXPECT_EQ(burst_of(node, step), 0);
  EXPECT_EQ(p->explain(node.snapshot(), step).because, Because::refuse_class);
}

TEST_F(Koordlet, BlindItPutsTheOriginalsBackUnlessItIsToHoldThem) {
  cycles(5);
  const std::int64_t raised = quota_of(node, step);
  ASSERT_GT(raised, 100000);
  node.node.blind = node.node.hold_when_blind = true;
  node.pass(milliseconds{100});
  node.apply(node.decide(*p));
  EXPECT_EQ(quota_of(node, step), raised);
  node.node.hold_when_blind = false;
  node.pass(milliseconds{100});
  const Desired d = node.decide(*p);
  ASSERT_NE(quota_for_slot(d, step), nullptr);
  EXPECT_EQ(quota_for_slot(d, step)->why.because, Because::revoke_blind);
  node.apply(d);
  EXPECT_EQ(quota_of(node, step), 100000);
}

TEST_F(Koordlet, InCoolingNobodyRises) {
  node.others = MilliCpu{820};
  cycles(20);
  EXPECT_EQ(quota_of(node, step), 100000);
}

TEST_F(Koordlet, CpusBoundToExclusivePodsLeaveTheSharePool) {
  const Slot bound = node.pod("x", kExclusive, MilliCpu{1000});
  node.states[bound].own.base_shares = Shares{1024};
  node.work[bound].rate = MilliCpu{900};
  cycles(10);
  EXPECT_GT(quota_of(node, step), 100000) << "0.1 of one CPU";
  node.others = MilliCpu{450};
  cycles(10);
  EXPECT_EQ(quota_of(node, step), 100000) << "0.55 of one CPU";
  EXPECT_EQ(quota_of(node, bound), 100000) << "never touched";
}

TEST_F(Koordlet, BestEffortUseIsNotLoad) {
  node.work[node.pod("b", kBatch, std::nullopt)].rate = MilliCpu{1800};
  cycles(10);
  EXPECT_EQ(quota_of(node, step), 300000);
}

TEST_F(Koordlet, WithoutTheNodesUseNobodyRises) {
  cycles(3);
  node.node.usage = nanoseconds{0};
  for (int i = 0; i < 5; ++i) {
    node.live(kCycle);
    node.node.usage = nanoseconds{0};
    node.apply(node.decide(*p));
  }
  EXPECT_EQ(quota_of(node, step), 144000) << "and what was raised stays";
}

TEST_F(Koordlet, PoliciesChooseWhatIsAsked) {
  use({{"policy", "none"}});
  cycles(5);
  EXPECT_EQ(quota_of(node, step), 100000);
  EXPECT_EQ(burst_of(node, step), 0);
  use({{"policy", "cpuBurstOnly"}, {"cpuBurstPercent", "50"}});
  cycles(5);
  EXPECT_EQ(quota_of(node, step), 100000);
  EXPECT_EQ(burst_of(node, step), 50000);
  EXPECT_EQ(p->explain(node.snapshot(), step).because, Because::law_burst);
  node.own(step, MilliCpu{1000});
  use({{"policy", "cfsQuotaBurstOnly"}});
  cycles(3);
  EXPECT_EQ(quota_of(node, step), 144000);
  EXPECT_EQ(burst_of(node, step), 0);
  EXPECT_EQ(p->explain(node.snapshot(), step).because, Because::law_raise);
}

TEST_F(Koordlet, AnExhaustedLimiterBringsTheQuotaBack) {
  use({{"cfsQuotaBurstPeriodSeconds", "10"}});
  node.catalog.cpus = node.node.cpus = 16;
  cycles(9);
  node.work[step].rate = MilliCpu{3000};   // 200 tokens a second; at most 2000 are there
  for (int i = 0; i < 25; ++i) node.tick(*p, milliseconds{990});   // nearly a second counts as one
  EXPECT_EQ(quota_of(node, step), 100000);
}

TEST_F(Koordlet, AsksInThePeriodThatTheFileHas) {
  node.states[step].own.base = node.states[step].own.in_force = Bandwidth{microseconds{40000}, milliseconds{20}, {}};
  use({{"policy", "none"}});
  cycles(3);
  EXPECT_EQ(quota_of(node, step), 40000) << "koordlet writes 200000, ten CPUs";
  use({});
  cycles(2);
  EXPECT_EQ(quota_of(node, step), 48000);
}

TEST_F(Koordlet, NeverGivesALimitToWhoHasNone) {
  const Slot free = node.pod("f", kLatency, std::nullopt);
  node.work[free] = {MilliCpu{100}, true};
  node.states[step].own.in_force->quota.reset();   // the operator took it away
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(node.tick(*p, kCycle).quotas.empty());
  EXPECT_EQ(p->explain(node.snapshot(), free).because, Because::refuse_unlimited);
}

TEST_F(Koordlet, LeavesSandboxesAndClassesOfItsOwnAlone) {
  const Slot sandbox = node.pod("i", kStep, MilliCpu{1000}), batch = node.pod("b", kBatch, MilliCpu{1000});
  node.catalog.groups[sandbox]->infrastructure = true;
  for (const Slot s : {sandbox, batch}) node.work[s] = {MilliCpu{10}, true};
  cycles(5);
  for (const Slot s : {sandbox, batch}) {
    EXPECT_EQ(quota_of(node, s), 100000);
    EXPECT_EQ(p->terms(node.snapshot(), s).because, Because::refuse_class);
  }
}

/// It breaks our law of the ceiling: three CPUs for one container of a node of two.
TEST_F(Koordlet, KnowsNoCeilingButItsOwn) {
  cycles(9);
  EXPECT_EQ(quota_of(node, step), 300000);
  EXPECT_EQ(node.catalog.cpus, 2);
}

/// And our law of what is lendable: each rises as if it were alone.
TEST_F(Koordlet, DoesNotShareOutWhatThereIs) {
  const Slot other = node.pod("t", kStep, MilliCpu{1000});
  node.work[other] = {MilliCpu{100}, true};
  cycles(2);
  EXPECT_EQ(quota_of(node, step) + quota_of(node, other), 240000);
}

TEST_F(Koordlet, AsksAgainAfterSomebodyWroteInThePod) {
  cycles(3);
  node.own(step, MilliCpu{1000});   // the planner has put everything back
  node.states[step].own.drop = true;
  Desired d;
  const Slot touched[] = {step};
  p->decide({node.now, node.catalog, node.states, node.node, {}, touched}, d);
  EXPECT_TRUE(d.quotas.empty());
  node.states[step].own.drop = false;
  d = node.tick(*p, kCycle);
  ASSERT_NE(quota_for_slot(d, step), nullptr);
  EXPECT_EQ(quota_for_slot(d, step)->quota, microseconds{120000});
}

TEST_F(Koordlet, AsksNothingInTheTickInWhichSomebodyWrites) {
  cycles(3);
  node.own(step, MilliCpu{1000});
  node.states[step].own.drop = true;
  const Slot touched[] = {step};
  node.live(kCycle);
  Desired d;
  p->decide({node.now, node.catalog, node.states, node.node, node.fresh, touched}, d);
  EXPECT_TRUE(d.quotas.empty()) << "it would not be heard";
  node.states[step].own.drop = false;
  EXPECT_NE(quota_for_slot(node.tick(*p, kCycle), step), nullptr);
}

TEST_F(Koordlet, AnotherLifeIsAskedForAnew) {
  cycles(5);
  node.recreate(step);
  node.work[step].throttled = false;
  cycles(2);
  EXPECT_EQ(quota_of(node, step), 100000);
  EXPECT_EQ(burst_of(node, step), 100000);
}

TEST_F(Koordlet, WhoIsNoLongerTreatedIsGivenBack) {
  cycles(3);
  node.catalog.groups[step]->rule = kBatch;
  const Desired d = node.tick(*p, kCycle);
  ASSERT_NE(quota_for_slot(d, step), nullptr);
  EXPECT_EQ(quota_for_slot(d, step)->quota, std::nullopt);
  EXPECT_EQ(quota_for_slot(d, step)->burst, std::nullopt);
}

TEST(KoordinatorParameters, AreKoordinatorsButForThePolicy) {
  Faults faults;
  EXPECT_EQ(make_policy("koordinator", tuning({{"policy", "always"}, {"cfsQuotaBurstPeriodSeconds", "-2"}}), faults), nullptr);
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].where, "tuning.policy");
  EXPECT_EQ(faults[0].detail, "want one of none, cpuBurstOnly, cfsQuotaBurstOnly, auto, got \"always\"");
  EXPECT_EQ(faults[1].where, "tuning.cfsQuotaBurstPeriodSeconds");
  EXPECT_EQ(policy("koordinator")->rhythm(), seconds{1});
  EXPECT_EQ(policy("headroom")->rhythm(), seconds{0});
}

}  // namespace
}  // namespace headroom::testing
