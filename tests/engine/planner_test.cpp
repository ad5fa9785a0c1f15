#include <gtest/gtest.h>

#include "tests/engine/planner_support.hpp"

namespace headroom {
namespace {

using namespace test;
using std::chrono::microseconds;

/// A pod of two steps of 0.5 and 0.3 core; its quota is their sum.
struct PodLoop : Loop {
  Slot pod = node.pod(0, "pod1", limited(80'000));
  Slot a = node.container(pod, "a", kStep, limited(50'000));
  Slot b = node.container(pod, "b", kStep, limited(30'000));
};

TEST(Planner, RaisesPodBeforeContainerAndLowersTheOtherWay) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000)};
  Plan up = l.step();
  ASSERT_EQ(up.writes.size(), 2u);
  EXPECT_EQ(up.writes[0].slot, l.pod);
  EXPECT_EQ(up.writes[1].slot, l.a);
  EXPECT_EQ(up.writes[0].unit, up.writes[1].unit);
  l.desired.leases = {lease(l.a, 0)};
  Plan down = l.step();
  ASSERT_EQ(down.writes.size(), 2u);
  EXPECT_EQ(down.writes[0].slot, l.a);
  EXPECT_EQ(down.writes[1].slot, l.pod);
}

TEST(Planner, PodTargetIsBasePlusWhatItsContainersHaveBeyondTheirs) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000), lease(l.b, 1000)};
  l.step();
  EXPECT_EQ(quota_of(l.node, l.a), microseconds{200'000});
  EXPECT_EQ(quota_of(l.node, l.pod), microseconds{80'000 + 150'000 + 70'000});
}

TEST(Planner, AContainerThatRestartsLeavesNothingBehindInItsPod) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000)};
  l.step();
  l.node.restart(l.a, limited(50'000));
  l.desired.clear();
  EXPECT_TRUE(l.step().writes.empty()) << "the kernel refuses what is below a group that has just been removed";
  EXPECT_EQ(l.step(milliseconds{60}).writes.size(), 1U);
  EXPECT_EQ(quota_of(l.node, l.pod), microseconds{80'000});
}

TEST(Planner, PutsRightWhatItsOwnerAskedForInVainOverHisPeriod) {
  for (const auto& [quota, period] : {std::pair{5'000, 50'000}, {10'000, 50'000}, {30'000, 50'000}, {10'000, 100'000}}) {
    Loop l;
    const Slot unit = l.node.add(0, "dflow.slice/run-u1.scope", GroupKind::scope, kStep, limited(20'000));
    const FiniteLimit wanted{microseconds{quota}, microseconds{period}};
    l.node.own(unit).put_right = wanted;
    l.node.touched = {unit};
    const Plan plan = l.step();
    ASSERT_EQ(plan.writes.size(), 1u) << quota << " " << period;
    EXPECT_EQ(plan.writes[0].why.because, Because::put_right);
    EXPECT_EQ(finite(*l.node.own(unit).in_force), wanted) << quota << " " << period;
  }
}

TEST(Planner, WhatIsTakenBackGoesLargestAndNewestFirst) {
  Loop l;
  std::vector<Slot> pods, steps;
  for (const char* name : {"small", "large", "larger", "newest"}) {
    pods.push_back(l.node.pod(0, std::string("pod-") + name, limited(50'000)));
    steps.push_back(l.node.container(pods.back(), name, kStep, limited(50'000)));
  }
  l.desired.leases = {lease(steps[0], 1000), lease(steps[1], 2000), lease(steps[2], 2500)};
  l.step();
  l.desired.leases.push_back(lease(steps[3], 2000));
  l.step();
  for (LeaseWant& want : l.desired.leases) want.cores = {};
  std::vector<Slot> order;
  for (const Write& w : l.step().writes)
    if (std::find(steps.begin(), steps.end(), w.slot) != steps.end()) order.push_back(w.slot);
  EXPECT_EQ(order, (std::vector<Slot>{steps[2], steps[3], steps[1], steps[0]}));
}

TEST(Planner, AnUnlimitedPodIsLeftAlone) {
  Loop l;
  const Slot pod = l.node.pod(0, "pod1", unlimited());
  const Slot a = l.node.container(pod, "a", kStep, limited(50'000));
  l.desired.leases = {lease(a, 2000)};
  const Plan plan = l.step();
  ASSERT_EQ(plan.writes.size(), 1u);
  EXPECT_EQ(plan.writes[0].slot, a);
}

TEST(Planner, OtherPeoplesSlicesAreCeilingsForContainersAndForPods) {
  Loop l;
  const Slot slice = l.node.add(0, "kubepods", GroupKind::qos, kNone, limited(120'000));
  const Slot pod = l.node.pod(slice, "pod1", limited(80'000));
  const Slot a = l.node.container(pod, "a", kStep, limited(50'000));
  const Slot b = l.node.container(pod, "b", kStep, limited(30'000));
  l.desired.leases = {lease(a, 2000), lease(b, 2000)};
  l.step();
  EXPECT_EQ(quota_of(l.node, pod), microseconds{120'000});
  EXPECT_EQ(quota_of(l.node, a) + quota_of(l.node, b), microseconds{120'000});
  EXPECT_EQ(quota_of(l.node, slice), microseconds{120'000});
}

TEST(Planner, AChangedShareIsWrittenOnlyBeyondTheDeadband) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000)};
  l.step();
  l.desired.leases = {lease(l.a, 1700)};
  EXPECT_TRUE(l.step().writes.empty());
  l.desired.leases = {lease(l.a, 1500)};
  EXPECT_FALSE(l.step().writes.empty());
}

TEST(Planner, ADropTakesEverythingOfOursInThePodAtOnce) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000), lease(l.b, 1000)};
  l.desired.weights = {weight(l.pod, 2)};
  l.step();
  l.node.own(l.b).drop = true;
  l.node.touched = {l.b};
  l.step();
  EXPECT_EQ(l.node.own(l.a).in_force, l.node.own(l.a).base);
  EXPECT_EQ(l.node.own(l.b).in_force, l.node.own(l.b).base);
  EXPECT_EQ(l.node.own(l.pod).in_force, l.node.own(l.pod).base);
  EXPECT_EQ(l.node.own(l.pod).shares_in_force, Shares{1024});
}

TEST(Planner, NothingIsLentInAPodWhileItsResizeMayBeUnderWay) {
  PodLoop l;
  l.node.own(l.b).drop = true;
  l.node.touched = {l.b};
  l.step();
  l.node.own(l.b).drop = false;
  l.desired.leases = {lease(l.a, 2000)};
  for (int i = 0; i < 19; ++i) EXPECT_TRUE(l.step().empty());
  EXPECT_FALSE(l.step().empty());
}

TEST(Planner, OurBurstGoesAlthoughSomebodyWroteTheQuotaBesideIt) {
  PodLoop l;
  l.desired.bursts = {burst(l.a, 20'000)};
  l.step();
  l.node.own(l.a).base = limited(60'000);
  l.node.own(l.a).in_force->quota = microseconds{60'000};
  l.node.own(l.pod).base = l.node.own(l.pod).in_force = Bandwidth{microseconds{90'000}, microseconds{100'000}, microseconds{0}};
  l.node.own(l.a).drop = true;
  l.node.own(l.a).certain = false;
  l.node.touched = {l.a};
  l.step();
  EXPECT_EQ(l.node.own(l.a).in_force, limited(60'000));
}

TEST(Planner, KernelBurstGoesToBothLevelsAndStopsAtHalfOfTheBase) {
  PodLoop l;
  l.desired.bursts = {burst(l.a, 90'000), burst(l.b, 10'000)};
  l.step();
  EXPECT_EQ(l.node.own(l.a).in_force->burst, microseconds{25'000});
  EXPECT_EQ(l.node.own(l.pod).in_force->burst, microseconds{35'000});
}

TEST(Planner, NoKernelBurstInAStartLeaseOrWhereTheValueMustNotMove) {
  Loop l;
  const Slot a = l.node.container(0, "a", kStep, limited(50'000));
  const Slot b = l.node.container(0, "b", kControl, limited(50'000));
  l.desired.leases = {lease(a, 2000, LeaseKind::start)};
  l.desired.bursts = {burst(a, 20'000), burst(b, 20'000)};
  EXPECT_TRUE(l.step().writes.empty());
}

TEST(Planner, ForeignDecreaseThatWasRefusedTakesTheBurstAway) {
  PodLoop l;
  l.desired.bursts = {burst(l.a, 20'000)};
  l.step();
  l.node.own(l.a).no_burst_until = l.node.at + seconds{600};
  l.step();
  EXPECT_EQ(l.node.own(l.a).in_force->burst, microseconds{0});
  EXPECT_EQ(l.node.own(l.pod).in_force->burst, microseconds{0});
}

TEST(Planner, WithoutGuardNothingIsSetAndWhatIsOutComesBack) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000)};
  l.desired.bursts = {burst(l.b, 10'000)};
  l.desired.weights = {weight(l.pod, 4)};
  l.step();
  l.rails.guard_up = false;
  l.step();
  for (const Slot s : {l.pod, l.a, l.b}) EXPECT_EQ(l.node.own(s).in_force, l.node.own(s).base);
  EXPECT_EQ(l.node.own(l.pod).shares_in_force, Shares{1024});
  EXPECT_TRUE(has_lease(l.state, l.a));
}

TEST(Planner, AStartLeaseIsHiddenAndRefillsWhenHalfIsUsed) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000, LeaseKind::start)};
  l.node.groups[l.a].used_in_period = milliseconds{20};
  EXPECT_TRUE(l.step().empty());
  l.node.groups[l.a].used_in_period = milliseconds{25};
  Plan plan = l.step();
  EXPECT_TRUE(plan.writes.empty());
  ASSERT_EQ(plan.refills.size(), 1u);
  EXPECT_EQ(plan.refills[0].slot, l.a);
}

TEST(Planner, AHiddenLeaseLastsOnlyWhileItIsAskedFor) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000, LeaseKind::start)};
  l.step();
  EXPECT_TRUE(has_lease(l.state, l.a));
  l.desired.clear();
  l.node.groups[l.a].used_in_period = milliseconds{50};
  EXPECT_TRUE(l.step().empty());
  EXPECT_FALSE(has_lease(l.state, l.a));
}

TEST(Planner, BeyondTheBudgetAutomaticLeasesBecomeVisibleAndHiddenOnesWait) {
  Loop l;
  const Slot a = l.node.container(0, "a", kStep, limited(50'000));
  const Slot b = l.node.container(0, "b", kControl, limited(50'000));
  l.rails.refill_budget_permille = 0;
  l.desired.leases = {lease(a, 2000, LeaseKind::start), lease(b, 2000)};
  for (const Slot s : {a, b}) l.node.groups[s].used_in_period = milliseconds{40};
  const Plan plan = l.step();
  EXPECT_TRUE(plan.refills.empty());
  ASSERT_EQ(plan.writes.size(), 1u);
  EXPECT_EQ(plan.writes[0].slot, a);
  EXPECT_EQ(l.state.refills_refused, 2u);
}

TEST(Planner, ARefusedValueIsTriedAgainOnceASecond) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000)};
  int plans = 0;
  for (int i = 0; i < 300; ++i) {
    l.node.at += milliseconds{10};
    plans += !make_plan(l.node.snapshot(), l.desired, l.rails, l.state).writes.empty();
  }
  EXPECT_EQ(plans, 3);
}

TEST(Planner, WeightIsScaledFromItsBaseAndNeverTakenFromTheProtected) {
  PodLoop l;
  const Slot service = l.node.container(0, "svc", kLatency, limited(50'000));
  const Slot mixed = l.node.pod(0, "pod2", unlimited());
  l.node.container(mixed, "step", kStep, limited(50'000));
  l.node.container(mixed, "db", kLatency, limited(50'000));
  const Slot slice = l.node.add(0, "burstable", GroupKind::qos, kStep, unlimited());
  l.node.own(l.pod).base_shares = l.node.own(l.pod).shares_in_force = Shares{100};
  l.desired.weights = {weight(l.pod, 1), weight(service, 1), weight(mixed, 1), weight(slice, 1)};
  const Plan plan = l.step();
  ASSERT_EQ(plan.writes.size(), 1u);
  EXPECT_EQ(std::get<Shares>(plan.writes[0].to), Shares{13});
}

TEST(Planner, AValueThatIsNotOursIsNotPutBack) {
  PodLoop l;
  l.desired.leases = {lease(l.a, 2000)};
  l.step();
  l.node.own(l.a).in_force = limited(60'000);   // somebody's, not yet known to be the new base
  l.node.own(l.a).certain = false;
  l.desired.leases = {lease(l.a, 0)};
  l.step();
  EXPECT_EQ(quota_of(l.node, l.a), microseconds{60'000});
}

TEST(Planner, ProtectedPrefixesCoverWhatIsBelowAndAboveThemButNotTheirNamesakes) {
  PodLoop l;
  l.rails.protected_prefixes = {"kubepods/pod1/a", "kubepods/pod1/bb"};
  l.desired.leases = {lease(l.a, 2000)};
  l.desired.weights = {weight(l.pod, 1)};
  EXPECT_TRUE(l.step().empty());
  l.rails.protected_prefixes = {"kubepods/pod"};
  EXPECT_FALSE(l.step().empty());
}

}  // namespace
}  // namespace headroom
