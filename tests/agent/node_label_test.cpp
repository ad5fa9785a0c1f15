// The label that the scheduler sees: seldom changed, and never by a load that comes and goes.
#include "agent/node_label.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace headroom {
namespace {

constexpr TimePoint kBegin{seconds{1000}};

TEST(NodeLabel, TellsAfterAMinute) {
  NodeLabel label;
  for (int s = 0; s < 59; ++s) EXPECT_EQ(label.sample(kBegin + seconds{s}, MilliCpu{3500}), std::nullopt);
  EXPECT_EQ(label.sample(kBegin + seconds{59}, MilliCpu{3500}), 3);
}

TEST(NodeLabel, ASquareWaveOfFiveSecondsNeverChangesIt) {
  NodeLabel label;
  int changes = 0;
  for (int s = 0; s < 3600; ++s) changes += label.sample(kBegin + seconds{s}, MilliCpu{s / 5 % 2 == 0 ? 8000 : 1000}) ? 1 : 0;
  EXPECT_EQ(changes, 1) << "the first value alone";
}

TEST(NodeLabel, ADifferenceOfOneIsNone) {
  NodeLabel label;
  std::vector<int> told;
  for (int s = 0; s < 1200; ++s)
    if (const auto v = label.sample(kBegin + seconds{s}, MilliCpu{s < 300 ? 4000 : s < 600 ? 5000 : 6000})) told.push_back(*v);
  EXPECT_EQ(told, (std::vector{4, 6}));
}

RC_GTEST_PROP(NodeLabel, AtMostOneChangeAMinuteAndNoneBelowTwo, ()) {
  const auto loads = *rc::gen::container<std::vector<std::int64_t>>(300, rc::gen::inRange<std::int64_t>(-1000, 16'000));
  NodeLabel label;
  std::optional<int> last;
  TimePoint at;
  for (std::size_t s = 0; s < loads.size(); ++s) {
    const TimePoint now = kBegin + seconds{s};
    const auto v = label.sample(now, MilliCpu{loads[s]});
    if (!v) continue;
    RC_ASSERT(*v >= 0);
    RC_ASSERT(!last || now - at >= seconds{60});
    RC_ASSERT(!last || std::abs(*v - *last) >= 2);
    last = v;
    at = now;
  }
}

TEST(NodeLabel, TheFeatureFileExpires) {
  EXPECT_EQ(feature_file(3, 1795348800), "# +expiry-time=2026-11-22T12:00:00Z\nheadroom.io/lendable-cpus=3\n");
}

}  // namespace
}  // namespace headroom
