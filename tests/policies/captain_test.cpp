// Captain's golden vectors with their intermediate events, and the policy around the law.
#include "tests/policies/vectors.hpp"

#include "policies/captain_law.hpp"
#include "tests/policies/peer_node.hpp"

namespace headroom::testing {
namespace {

using autothrottle::Captain;
using autothrottle::Move;

const char* word(Move move) {
  switch (move) {
    case Move::none: return "";
    case Move::up: return "up";
    case Move::down: return "down";
    case Move::rollback: return "rollback";
    case Move::rollback_and_up: return "rollback+up";
    case Move::rollback_and_down: return "rollback+down";
  }
  return "";
}

TEST(CaptainVectors, EveryOneOfTheFileHolds) {
  int held = 0;
  for (const auto& vector : vectors("captain")) {
    const json& in = vector["in"];
    Captain c;
    c.limit = in["limit"];
    json events = json::array();
    int sample = 0;
    for (const auto& run : in["samples"])
      for (int i = run[0]; i > 0; --i) {
        ++sample;
        const Move move = autothrottle::sample(c, in["target"], run[1], run[2]);
        if (move != Move::none) events.push_back({sample, word(move), c.limit});
      }
    expect_like({{"limit", c.limit}, {"margin", c.margin}, {"shrunk", c.shrunk}, {"events", events}}, vector["out"], 1e-6, vector["name"]);
    ++held;
  }
  EXPECT_EQ(held, 13);
}

struct CaptainPolicyTest : ::testing::Test {
  PeerNode node;
  std::unique_ptr<Policy> p = policy("captain");
  Slot step = node.pod("s", kStep, MilliCpu{1000});
  void samples(int n) {
    for (int i = 0; i < n; ++i) node.tick(*p, milliseconds{100});
  }
};

TEST_F(CaptainPolicyTest, ShrinksAnIdleContainerToItsRequestAndNoFurther) {
  node.states[step].own.base_shares = Shares{256};   // a request of 0.25
  samples(1);   // only sets the counters
  samples(10);
  EXPECT_EQ(quota_of(node, step), 50000);
  samples(40);
  EXPECT_EQ(quota_of(node, step), 25000);
}

TEST_F(CaptainPolicyTest, GrowsByTheThrottledShareUpToTheCeilingOfALease) {
  node.work[step] = {MilliCpu{1000}, true};
  samples(11);
  EXPECT_EQ(quota_of(node, step), 200000) << "C5 with every period throttled: 1 + 1, and that is all CPUs";
  samples(10);
  EXPECT_EQ(quota_of(node, step), 200000);
}

TEST_F(CaptainPolicyTest, CountsThrottledOfElapsedPeriodsAndThePodsToo) {
  const Slot pod = node.catalog.groups[step]->parent;
  node.work[step].rate = MilliCpu{950};
  for (int i = 0; i < 11; ++i) {
    node.states[pod].read_at = node.now + milliseconds{100};
    node.states[pod].throttle.periods += 2;
    node.states[pod].throttle.throttled_periods += 1;
    samples(1);
  }
  EXPECT_EQ(quota_of(node, step), 150000);
}

TEST_F(CaptainPolicyTest, ACounterThatGoesBackwardsMovesNothing) {
  node.work[step] = {MilliCpu{600}, false};
  samples(100);
  const auto before = quota_of(node, step);
  node.states[step].usage = {};
  node.states[step].throttle = {};
  for (int i = 0; i < 60; ++i) {
    node.tick(*p, milliseconds{100});
    EXPECT_EQ(quota_of(node, step), before) << i;
  }
}

TEST_F(CaptainPolicyTest, AnotherLifeBeginsAtItsOwnersLimit) {
  samples(60);
  ASSERT_LT(quota_of(node, step), 100000);
  node.recreate(step);
  samples(10);
  EXPECT_EQ(quota_of(node, step), 100000);
  samples(1);
  EXPECT_EQ(quota_of(node, step), 50000);
}

TEST_F(CaptainPolicyTest, TargetIsAParameter) {
  p = policy("captain", tuning({{"targetPermille", "400"}}));
  node.work[step] = {MilliCpu{1000}, true};
  samples(30);
  EXPECT_EQ(quota_of(node, step), 100000) << "1 is not more than 3 x 0.4";
}

}  // namespace
}  // namespace headroom::testing
