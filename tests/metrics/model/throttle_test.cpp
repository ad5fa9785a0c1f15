// Since when a group is throttled: a stretch goes on while there is no minute without it.
#include <gtest/gtest.h>

#include "tests/metrics/model/world.hpp"

namespace headroom::test {
namespace {

struct Throttled : World {
  Slot slot = container(pod(), 1);
  ThrottleCounters counters{1000, 100, seconds{5}};

  /// A reading after `time` in which every second period was throttled for half of its length, or none.
  GroupState after(seconds time, bool throttled) {
    ms += time.count() * 1000;
    const auto periods = static_cast<std::uint64_t>(time.count() * 10);
    counters.periods += periods;
    if (throttled) {
      counters.throttled_periods += periods / 2;
      counters.throttled_time += time / 4;
    }
    read(slot).throttle = counters;
    return tick().groups[slot];
  }
};

TEST(ThrottleStretch, WhatWasBeforeTheFirstReadingIsNoStretch) {
  Throttled w;
  const GroupState first = w.after(seconds{1}, true);
  EXPECT_EQ(first.throttled_at, TimePoint{});
  EXPECT_EQ(w.after(seconds{1}, false).throttled_at, TimePoint{});
}

TEST(ThrottleStretch, BeginsAtTheReadingBeforeAndCountsFromThere) {
  Throttled w;
  const ThrottleCounters before = w.after(seconds{1}, false).throttle;
  const TimePoint began = at_ms(w.ms);
  for (int i = 0; i < 5; ++i) {
    const GroupState g = w.after(seconds{2}, true);
    EXPECT_EQ(g.throttled_since, began);
    EXPECT_EQ(g.throttle_before, before);
    EXPECT_EQ(g.throttled_at, at_ms(w.ms));
  }
}

TEST(ThrottleStretch, SurvivesAPauseOfAMinuteAndNoMore) {
  Throttled w;
  w.after(seconds{1}, false);
  const TimePoint began = w.after(seconds{1}, true).throttled_since;
  w.after(seconds{50}, false);
  EXPECT_EQ(w.after(seconds{5}, true).throttled_since, began);
  const ThrottleCounters rested = w.after(seconds{70}, false).throttle;
  const GroupState again = w.after(seconds{1}, true);
  EXPECT_EQ(again.throttled_since, at_ms(w.ms) - seconds{1});
  EXPECT_EQ(again.throttle_before, rested);
}

TEST(ThrottleStretch, CountersThatGoBackwardsNeverLeaveMoreInItThanThereIs) {
  Throttled w;
  w.after(seconds{1}, false);
  w.after(seconds{1}, true);
  w.counters = {3, 1, milliseconds{50}};
  const GroupState g = w.after(seconds{1}, true);
  EXPECT_LE(g.throttle_before.periods, g.throttle.periods);
  EXPECT_LE(g.throttle_before.throttled_time, g.throttle.throttled_time);
}

}  // namespace
}  // namespace headroom::test
