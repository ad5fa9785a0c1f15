// Exact values, as another agent's law says them: legal, absolute, put back.
#include <gtest/gtest.h>

#include "tests/engine/planner_support.hpp"

namespace headroom {
namespace {

using namespace test;

/// A pod of two containers of half a core each: a step and a service that may not borrow.
struct SetLoop : Loop {
  Slot pod = node.pod(0, "pod1", limited(100'000));
  Slot step_ = node.container(pod, "step", kStep, limited(50'000));
  Slot service = node.container(pod, "service", kLatency, limited(50'000));

  void want(std::vector<QuotaWant> wants) {
    desired.clear();
    desired.quotas = std::move(wants);
  }
};

TEST(PlannerSet, TheValueIsExactAndThePodIsItsBaseAndWhatWasAdded) {
  SetLoop l;
  l.want({set(l.step_, microseconds{72'001}), set(l.service, microseconds{60'000})});
  l.step();
  EXPECT_EQ(quota_of(l.node, l.step_), microseconds{72'001}) << "no deadband";
  EXPECT_EQ(quota_of(l.node, l.service), microseconds{60'000}) << "of a class that may not borrow, too";
  EXPECT_EQ(quota_of(l.node, l.pod), microseconds{132'001});
}

TEST(PlannerSet, ItStandsUntilTheNextWantAndGoesBackByAnExplicitOne) {
  SetLoop l;
  l.want({set(l.step_, microseconds{90'000}, microseconds{90'000})});
  l.step();
  l.want({});
  EXPECT_TRUE(l.step().empty());
  EXPECT_TRUE(l.step(milliseconds{1500}).empty());
  EXPECT_EQ(l.node.own(l.step_).in_force->burst, microseconds{90'000});
  l.want({set(l.step_, std::nullopt)});
  l.step();
  EXPECT_EQ(l.node.own(l.step_).in_force, l.node.own(l.step_).base);
  EXPECT_EQ(l.node.own(l.pod).in_force, l.node.own(l.pod).base);
}

TEST(PlannerSet, BelowItsOwnersTheContainerShrinksAndThePodStays) {
  SetLoop l;
  l.want({set(l.step_, microseconds{20'000})});
  l.step();
  EXPECT_EQ(quota_of(l.node, l.step_), microseconds{20'000});
  EXPECT_EQ(quota_of(l.node, l.pod), microseconds{100'000});
  l.want({set(l.step_, microseconds{1})});
  l.step();
  EXPECT_EQ(quota_of(l.node, l.step_), microseconds{1'000}) << "the least that the kernel takes";
}

TEST(PlannerSet, ABurstIsAtMostTheQuotaAtEveryStep) {
  SetLoop l;
  l.want({set(l.step_, microseconds{150'000}, microseconds{500'000})});
  l.step();
  EXPECT_EQ(l.node.own(l.step_).in_force->burst, microseconds{150'000});
  l.want({set(l.step_, microseconds{50'000}, microseconds{500'000})});
  l.step();
  EXPECT_EQ(*l.node.own(l.step_).in_force, (Bandwidth{microseconds{50'000}, microseconds{100'000}, microseconds{50'000}}));
}

TEST(PlannerSet, TheNodesCpusBoundIt) {
  SetLoop l;
  l.rails.node_cores = MilliCpu{2000};
  l.want({set(l.step_, microseconds{900'000})});
  l.step();
  EXPECT_EQ(quota_of(l.node, l.step_), microseconds{200'000});
}

TEST(PlannerSet, WithoutAGuardOrForBestEffortNothingIsSet) {
  SetLoop l;
  const Slot batch = l.node.container(l.pod, "batch", kBestEffort, limited(10'000));
  l.want({set(batch, microseconds{60'000})});
  EXPECT_TRUE(l.step().empty());
  l.rails.guard_up = false;
  l.want({set(l.step_, microseconds{60'000})});
  EXPECT_TRUE(l.step().empty());
}

TEST(PlannerSet, WhatSomebodyWritesEndsItForTheWholePod) {
  SetLoop l;
  l.want({set(l.step_, microseconds{90'000}), set(l.service, microseconds{80'000})});
  l.step();
  l.want({});
  l.node.own(l.service).drop = true;
  l.node.touched.push_back(l.service);
  l.step();
  for (const Slot s : {l.step_, l.service, l.pod}) EXPECT_EQ(l.node.own(s).in_force, l.node.own(s).base);
}

}  // namespace
}  // namespace headroom
