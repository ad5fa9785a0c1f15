// Rates out of counters, and the axes on which they are drawn.
#include <gtest/gtest.h>

#include "lab/svg.hpp"
#include "lab/timeline.hpp"

namespace headroom::lab {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST(Timeline, IsRatesBetweenNeighbouringLooks) {
  const auto t = timeline_of("a", "step/0/main", 0.5, 100 * kMs,
                             {{100 * kMs, 7 * kMs, 0, 0.5}, {120 * kMs, 27 * kMs, 5 * kMs, 1.9}, {160 * kMs, 27 * kMs, 5 * kMs, {}}});
  EXPECT_EQ(t.t_s, (std::vector<double>{0.02, 0.06}));
  EXPECT_EQ(t.usage_cores, (std::vector<double>{1, 0}));
  EXPECT_EQ(t.throttled, (std::vector<double>{0.25, 0}));
  EXPECT_EQ(t.quota_cores, (std::vector<std::optional<double>>{1.9, std::nullopt}));
}

TEST(Timeline, OfFewerThanTwoLooksIsEmpty) {
  EXPECT_TRUE(timeline_of("a", "g", {}, 0, {}).t_s.empty());
  EXPECT_TRUE(timeline_of("a", "g", {}, 0, {{5, 1, 1, {}}}).t_s.empty());
}

TEST(Timeline, NeverDividesByNothingNorGoesBelowZero) {
  const auto t = timeline_of("a", "g", {}, 0, {{kMs, 9 * kMs, 9, {}}, {kMs, 10 * kMs, 9, {}}, {3 * kMs, 2 * kMs, 0, {}}});
  ASSERT_EQ(t.t_s.size(), 1u);
  EXPECT_EQ(t.usage_cores[0], 0);
  EXPECT_EQ(t.throttled[0], 0);
}

TEST(Axis, HasRoundTicksWithinItsSpan) {
  for (const double high : {0.07, 1.0, 3.3, 512.0, 98'765.0}) {
    for (const auto& axis : {linear_axis(0, high, 0, 300, 5), log_axis(high / 40, high, 0, 300, 8)}) {
      EXPECT_GE(axis.ticks.size(), 2u) << high;
      EXPECT_LE(axis.ticks.size(), 10u) << high;
      for (const auto& tick : axis.ticks) EXPECT_TRUE(axis.at(tick.value) >= 0 && axis.at(tick.value) <= 300) << tick.label;
    }
  }
}

TEST(Axis, KeepsWhatIsOutsideAtItsEdge) {
  const auto axis = log_axis(1, 100, 10, 110, 8);
  EXPECT_DOUBLE_EQ(axis.at(10), 60);
  EXPECT_DOUBLE_EQ(axis.at(0), 10);
  EXPECT_DOUBLE_EQ(axis.at(1e9), 110);
}

TEST(Axis, OfNothingIsStillAnAxis) {
  EXPECT_FALSE(linear_axis(0, 0, 0, 300, 5).ticks.empty());
  EXPECT_FALSE(log_axis(0, 0, 0, 300, 8).ticks.empty());
}

TEST(Axis, OfSharesGivesTheTailRoom) {
  const auto axis = share_axis(0, 100);
  EXPECT_GT(axis.at(0.999) - axis.at(0.99), axis.at(0.6) - axis.at(0.5));
  EXPECT_NEAR(axis.at(0.999) - axis.at(0.99), axis.at(0.01) - axis.at(0.001), 1e-9);
}

TEST(Labels, KeepOffWhatIsThere) {
  const Box taken{10, 10, 20, 20}, within{0, 0, 100, 100};
  EXPECT_EQ(free_place({{15, 15, 5, 5}, {50, 50, 5, 5}}, {taken}, within), 1u);
  EXPECT_EQ(free_place({{15, 15, 5, 5}, {99, 50, 5, 5}}, {taken}, within), 0u);
}

TEST(Labels, AreShortenedByCharactersNotBytes) {
  EXPECT_EQ(shortened("ääää", 4), "ääää");
  EXPECT_EQ(shortened("ääää", 3), "ää…");
}

}  // namespace
}  // namespace headroom::lab
