#include "lab/stats.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "lab/random.hpp"

namespace headroom::lab {
namespace {

Latencies one_to(std::int64_t n) {
  Latencies out(static_cast<std::size_t>(n));
  std::iota(out.begin(), out.end(), 1);
  return out;
}

ArmStats arm(const std::string& name, double b_p95, std::size_t requests = 30'000, std::size_t bursts = 300) {
  ArmStats out;
  out.arm = name;
  out.burstable.p95 = b_p95;
  out.burstable.count = out.guaranteed.count = requests;
  out.step.count = bursts;
  return out;
}

TEST(Quantile, IsTheNearestRank) {
  EXPECT_EQ(quantile(one_to(100), 950), 95);
  EXPECT_EQ(quantile(one_to(100), 990), 99);
  EXPECT_EQ(quantile(one_to(10), 950), 10);
  EXPECT_EQ(quantile(one_to(3), 500), 2);
  EXPECT_EQ(quantile(one_to(1), 1), 1);
}

TEST(Quantile, DoesNotDependOnOrder) {
  auto sample = one_to(1000);
  shuffle(sample, 7);
  EXPECT_EQ(quantile(sample, 950), quantile(one_to(1000), 950));
}

TEST(Quantile, OfNothingIsNothing) { EXPECT_EQ(quantile({}, 500), std::nullopt); }

TEST(Summary, IsInMilliseconds) {
  const auto s = summarize({1'000'000, 2'000'000, 6'000'000});
  EXPECT_DOUBLE_EQ(s.mean, 3);
  EXPECT_DOUBLE_EQ(s.p50, 2);
  EXPECT_DOUBLE_EQ(s.worst, 6);
  EXPECT_EQ(s.count, 3u);
}

TEST(NeighbourRule, TwinsWithinFivePercentCount) {
  const std::vector<std::string> judged{"b_p95"};
  for (const double twin : {9.5, 10.0, 10.5}) {
    EXPECT_TRUE(run_counts(twin_ratios(arm("static", 10), arm("static2", twin), judged))) << twin;
  }
  for (const double twin : {9.4, 10.6, 0.0}) {
    EXPECT_FALSE(run_counts(twin_ratios(arm("static", 10), arm("static2", twin), judged))) << twin;
  }
}

TEST(NeighbourRule, OneStatisticOutsideVoidsTheRun) {
  auto a = arm("static", 10), twin = arm("static2", 10);
  a.guaranteed.p95 = 10;
  twin.guaranteed.p95 = 12;
  EXPECT_TRUE(run_counts(twin_ratios(a, twin, {"b_p95"})));
  EXPECT_FALSE(run_counts(twin_ratios(a, twin, {"b_p95", "g_p95"})));
}

TEST(NeighbourRule, AnUnknownStatisticNeverCounts) {
  EXPECT_FALSE(run_counts(twin_ratios(arm("static", 10), arm("static2", 10), {"b_p42"})));
}

TEST(NeighbourRule, RefusesSmallSamples) {
  EXPECT_EQ(too_small({arm("static", 1)}, {}), "");
  EXPECT_NE(too_small({arm("static", 1), arm("nolimit", 1, 29'999)}, {}), "");
  EXPECT_NE(too_small({arm("static", 1, 30'000, 299)}, {}), "");
}

TEST(Ratio, OfZeroToZeroIsOneAndOfSomethingToZeroIsNone) {
  EXPECT_EQ(ratio(0, 0), 1.0);
  EXPECT_EQ(ratio(1, 0), std::nullopt);
  EXPECT_EQ(ratio(3, 2), 1.5);
}

TEST(Statistic, ThrottledCountsBothLevels) {
  ArmStats a;
  a.throttled_container = 2;
  a.throttled_pod = 3;
  EXPECT_EQ(statistic(a, "throttled"), 5.0);
}

TEST(Seeds, AreTheSameForEveryArmAndDifferOtherwise) {
  EXPECT_EQ(load_seed(1, 3, "step/0/main"), load_seed(1, 3, "step/0/main"));
  EXPECT_NE(load_seed(1, 3, "step/0/main"), load_seed(1, 4, "step/0/main"));
  EXPECT_NE(load_seed(1, 3, "step/0/main"), load_seed(1, 3, "step/1/main"));
  EXPECT_NE(load_seed(1, 3, "step/0/main"), load_seed(2, 3, "step/0/main"));
}

TEST(Seeds, DrawTheSameGapsWithEveryCompiler) {
  Random random(42);
  EXPECT_EQ(random.next(), 0xbdd732262feb6e95ULL);   // splitmix64's published sequence for 42
}

TEST(Draws, HaveTheirMeans) {
  Random random(1);
  double gaps = 0, pauses = 0;
  for (int i = 0; i < 20'000; ++i) {
    gaps += random.exponential(10);
    const auto pause = random.around(10);
    EXPECT_GE(pause, 5);
    EXPECT_LE(pause, 15);
    pauses += pause;
  }
  EXPECT_NEAR(gaps / 20'000, 10, 0.3);
  EXPECT_NEAR(pauses / 20'000, 10, 0.1);
}

}  // namespace
}  // namespace headroom::lab
