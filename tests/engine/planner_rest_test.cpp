// Units at rest: what is ours and stands is not worked out at every tick, and nothing is missed by that.
#include "tests/engine/planner_support.hpp"

namespace headroom {
namespace {

using namespace test;

TEST(PlannerRest, ABurstThatStandsStaysOursAndIsNotWrittenAgain) {
  Loop l;
  const Slot a = l.node.container(0, "a", kStep, limited(50'000));
  l.desired.bursts = {burst(a, 25'000)};
  EXPECT_EQ(l.step().writes.size(), 1u);
  l.desired.clear();
  for (int i = 0; i < 105; ++i) EXPECT_TRUE(l.step().empty());
  EXPECT_TRUE(l.state.active.empty());
  EXPECT_EQ(l.state.resting, (std::vector<Resting>{{a, a}}));
  EXPECT_EQ(l.node.own(a).in_force->burst, microseconds{25'000});
}

TEST(PlannerRest, WhatOnlyTimeChangesIsSeenWithinASecondAndWhatSomebodyTriedAtOnce) {
  for (const bool tried : {false, true}) {
    Loop l;
    const Slot a = l.node.container(0, "a", kStep, limited(50'000));
    l.desired.bursts = {burst(a, 25'000)};
    l.step();
    l.desired.clear();
    for (int i = 0; i < 200; ++i) l.step();
    l.node.own(a).no_burst_until = l.node.at + seconds{600};
    if (tried) l.node.touched = {a};
    for (int i = 0; i < (tried ? 1 : 101); ++i) l.step();
    EXPECT_EQ(l.node.own(a).in_force->burst, microseconds{0});
  }
}

TEST(PlannerRest, GuardAndOffAreSeenAtOnce) {
  for (const bool off : {false, true}) {
    Loop l;
    const Slot a = l.node.container(0, "a", kStep, limited(50'000));
    l.desired.bursts = {burst(a, 25'000)};
    l.step();
    l.desired.clear();
    for (int i = 0; i < 23; ++i) l.step();
    l.rails.off = off;
    l.rails.guard_up = off;
    l.step();
    EXPECT_EQ(l.node.own(a).in_force->burst, microseconds{0});
  }
}

TEST(PlannerRest, AUnitIsWokenAsAWhole) {
  Loop l;
  const Slot pod = l.node.pod(0, "p", limited(100'000));
  const Slot a = l.node.container(pod, "a", kStep, limited(50'000));
  const Slot b = l.node.container(pod, "b", kStep, limited(50'000));
  l.desired.bursts = {burst(a, 25'000), burst(b, 20'000)};
  l.step();
  l.desired.clear();
  for (int i = 0; i < 23; ++i) l.step();
  ASSERT_EQ(l.node.own(pod).in_force->burst, microseconds{45'000});
  l.desired.leases = {lease(b, 1'000, LeaseKind::burst, Visibility::file)};
  l.step();
  EXPECT_GT(quota_of(l.node, b), microseconds{50'000});
  EXPECT_EQ(l.node.own(pod).in_force->burst, microseconds{45'000});   // a's is still in it
  EXPECT_EQ(l.node.own(a).in_force->burst, microseconds{25'000});
}

}  // namespace
}  // namespace headroom
