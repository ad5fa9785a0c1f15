// quotaTurbo's golden vectors, and the policy around the law.
#include "tests/policies/vectors.hpp"

#include "policies/quota_turbo_law.hpp"
#include "tests/policies/peer_node.hpp"

namespace headroom::testing {
namespace {

using rubik::TurboContainer;
using rubik::TurboNode;

TurboContainer container_of(const json& c, double period) {
  return {c["limit"], period, c["quota"], c["throttled_periods"], c["throttled_ns"], c["samples"], c["span_us"], c["used_us"]};
}

TEST(QuotaTurboVectors, EveryOneOfTheFileHolds) {
  int held = 0;
  for (const auto& vector : vectors("quota_turbo")) {
    const json& in = vector["in"];
    const std::vector<double> minute = in["minute_utilisation"];
    const TurboNode node{in["cpus"], in["utilisation"], *std::max_element(minute.begin(), minute.end()), *std::min_element(minute.begin(), minute.end())};
    std::vector<TurboContainer> containers;
    for (const auto& c : in["containers"]) containers.push_back(container_of(c, in["period_us"]));
    json got{{"quota", json::array()}, {"delta", rubik::deltas(node, containers)}};
    for (std::size_t i = 0; i < containers.size(); ++i) got["quota"].push_back(rubik::next_quota(containers[i], got["delta"][i]));
    expect_like(got, vector["out"], 1e-12, vector["name"]);
    ++held;
  }
  EXPECT_EQ(held, 11);
}

/// It breaks our law that who is throttled more is given no less: the same time in twice as many periods.
TEST(QuotaTurboLaw, IsNotMonotoneInThrottledPeriods) {
  const TurboNode node{16, 40, 40, 40};
  const auto quota = [&](std::uint64_t periods) {
    const TurboContainer c{2, 100'000, 200'000, periods, 100'000'000, 0, 0, 0};
    return rubik::next_quota(c, rubik::deltas(node, std::span(&c, 1))[0]);
  };
  EXPECT_EQ(quota(10), 210'000);
  EXPECT_EQ(quota(20), 205'000);
}

struct QuotaTurboPolicy : ::testing::Test {
  PeerNode node;
  std::unique_ptr<Policy> p = policy("quota_turbo");
  Slot step = node.pod("s", kStep, MilliCpu{500});
  QuotaTurboPolicy() { node.work[step] = {MilliCpu{100}, true}; }
  void cycles(int n) {
    for (int i = 0; i < n; ++i) node.tick(*p, milliseconds{100});
  }
};

TEST_F(QuotaTurboPolicy, RaisesByAHundredthOfTheCpusACycleUpToTwiceTheLimit) {
  cycles(1);   // sets the counters
  cycles(1);
  EXPECT_EQ(quota_of(node, step), 52000) << "10 ms a throttled period are 0.1 core; 1 % of two CPUs is 0.02";
  cycles(1);
  EXPECT_EQ(quota_of(node, step), 54000);
  cycles(100);
  EXPECT_EQ(quota_of(node, step), 100000);
}

/// It breaks our law of what is lendable: nobody adds up.
TEST_F(QuotaTurboPolicy, PromisesMoreThanTheNodeHas) {
  std::vector<Slot> three;
  for (const char* uid : {"a", "b", "c"}) three.push_back(node.pod(uid, kStep, MilliCpu{1000}));
  for (const Slot s : three) node.work[s] = {MilliCpu{33}, true};
  cycles(300);
  for (const Slot s : three) EXPECT_EQ(quota_of(node, s), 200000);
}

TEST_F(QuotaTurboPolicy, LeavesWhoHasTheWholeNodeAlone) {
  const Slot all = node.pod("n", kStep, MilliCpu{2000});
  node.work[all] = {MilliCpu{33}, true};
  cycles(100);
  EXPECT_EQ(quota_of(node, all), 200000);
}

TEST_F(QuotaTurboPolicy, FallsBackWhenTheNodeIsBusy) {
  cycles(30);
  ASSERT_GT(quota_of(node, step), 90000);
  node.work[step].throttled = false;
  node.others = MilliCpu{1750};
  cycles(30);
  EXPECT_EQ(quota_of(node, step), 50000);
}

TEST_F(QuotaTurboPolicy, TakesTheCreditBackWhenItIsSpent) {
  cycles(30);
  node.work[step].rate = MilliCpu{1000};
  cycles(80);
  EXPECT_EQ(quota_of(node, step), 50000);
  cycles(600);   // until the minute is even again
  EXPECT_EQ(quota_of(node, step), 50000);
  node.recreate(step);
  node.work[step].rate = MilliCpu{100};
  node.others = MilliCpu{900};
  cycles(2);
  EXPECT_EQ(quota_of(node, step), 52000) << "another life has spent nothing";
}

TEST_F(QuotaTurboPolicy, AMinuteOfUnrestIsNoTimeToRise) {
  node.work[step].throttled = false;
  cycles(5);
  node.others = MilliCpu{300};
  cycles(1);
  node.work[step].throttled = true;
  cycles(10);
  EXPECT_EQ(quota_of(node, step), 50000);
  cycles(600);
  EXPECT_GT(quota_of(node, step), 50000);
}

TEST_F(QuotaTurboPolicy, ACounterThatGoesBackwardsMovesNothing) {
  node.work[step].throttled = false;
  cycles(80);
  node.states[step].usage = {};
  node.states[step].throttle = {};
  for (int i = 0; i < 80; ++i) EXPECT_TRUE(node.tick(*p, milliseconds{100}).quotas.empty()) << i;
}

}  // namespace
}  // namespace headroom::testing
