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
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(l.step().empty());
  EXPECT_EQ(l.state.active, std::vector<Slot>{a});
  EXPECT_EQ(l.node.own(a).in_force->burst, microseconds{25'000});
}

TEST(PlannerRest, WhatOnlyTimeChangesIsSeenWithinATenthOfASecond) {
  Loop l;
  const Slot a = l.node.container(0, "a", kStep, limited(50'000));
  l.desired.bursts = {burst(a, 25'000)};
  l.step();
  l.desired.clear();
  for (int i = 0; i < 20; ++i) l.step();
  l.node.own(a).no_burst_until = l.node.at + seconds{600};
  for (int i = 0; i < 11; ++i) l.step();
  EXPECT_EQ(l.node.own(a).in_force->burst, microseconds{0});
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
