#include <gtest/gtest.h>

#include "tests/policies/peer_node.hpp"

namespace headroom::testing {
namespace {

struct KernelBurstPolicy : ::testing::Test {
  PeerNode node;
  std::unique_ptr<Policy> p = policy("kernel_burst");
  Slot step = node.pod("s", kStep, MilliCpu{500});
};

TEST_F(KernelBurstPolicy, AsksForABurstAsLargeAsTheQuotaAndForNothingElse) {
  const Desired d = node.tick(*p, seconds{1});
  ASSERT_EQ(d.quotas.size(), 1U);
  EXPECT_EQ(d.quotas[0].slot, step);
  EXPECT_EQ(d.quotas[0].quota, std::nullopt) << "the quota stays its owner's";
  EXPECT_EQ(d.quotas[0].burst, microseconds{50000});
  EXPECT_EQ(d.quotas[0].why.because, Because::law_burst);
  node.work[step] = {MilliCpu{500}, true};
  for (int i = 0; i < 100; ++i) {
    const Desired later = node.tick(*p, seconds{1});
    ASSERT_EQ(later.quotas.size(), 1U) << "a pause would have taken it back";
    EXPECT_EQ(later.quotas[0].burst, d.quotas[0].burst);
    EXPECT_EQ(later.quotas[0].quota, std::nullopt);
  }
}

TEST_F(KernelBurstPolicy, FollowsItsOwnersLimitAndAnotherLife) {
  node.tick(*p, seconds{1});
  node.own(step, MilliCpu{800});
  ASSERT_EQ(node.tick(*p, seconds{1}).quotas.size(), 1U);
  EXPECT_EQ(burst_of(node, step), 80000);
  node.recreate(step);
  EXPECT_EQ(node.tick(*p, seconds{1}).quotas.size(), 1U);
  node.recreate(step);
  node.live(seconds{1});   // before its limits are known
  node.states[step].own.certain = false;
  EXPECT_TRUE(node.decide(*p).quotas.empty());
  node.states[step].own.certain = true;
  EXPECT_EQ(node.tick(*p, seconds{1}).quotas.size(), 1U);
}

TEST_F(KernelBurstPolicy, PercentIsOfTheQuota) {
  p = policy("kernel_burst", tuning({{"percent", "40"}}));
  node.tick(*p, seconds{1});
  EXPECT_EQ(burst_of(node, step), 20000);
  p = policy("kernel_burst", tuning({{"percent", "0"}}));
  EXPECT_TRUE(node.tick(*p, seconds{1}).quotas.empty());
}

TEST_F(KernelBurstPolicy, WhoHasNoLimitHasNoBurst) {
  const Slot free = node.pod("f", kLatency, std::nullopt);
  node.tick(*p, seconds{1});
  EXPECT_EQ(burst_of(node, free), 0);
}

}  // namespace
}  // namespace headroom::testing
