#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/metrics/model/world.hpp"

namespace headroom::test {
namespace {

constexpr std::int64_t kTickUs = 4000;

/// What a kernel shows of `threads` spinning: the counter moves once per scheduler tick.
nanoseconds shown(std::int64_t threads, std::int64_t us) { return microseconds{us / kTickUs * kTickUs * threads}; }

RC_GTEST_PROP(Rates, SlopeIsWithinOneQuantumPerThreadOverItsShortestStretch, ()) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  const auto threads = *rc::gen::inRange<std::int64_t>(0, 5);
  std::int64_t us = 10'000'000;
  for (int i = 0; i < 30; ++i) {
    us += *rc::gen::inRange<std::int64_t>(9'000, 14'000);
    Reading& r = w.read(s);
    r.at = TimePoint{microseconds{us}};
    r.usage = shown(threads, us);
    w.ms = us / 1000;
    const auto snapshot = w.tick();
    if (i >= 2)
      RC_ASSERT(std::abs(snapshot.groups[s].rate.value - threads * 1000) <= threads * 1000 * 4 / 12 + threads);
  }
}

RC_GTEST_PROP(Rates, NoRateIsEverNegativeOrAboveWhatWasUsed, ()) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  for (int i = 0; i < 60; ++i) {
    w.ms += *rc::gen::inRange(12, 1200);
    w.use(s, microseconds{*rc::gen::inRange(0, 1'000'000)});  // goes backwards half of the time
    const GroupState& g = w.tick().groups[s];
    for (const MilliCpu m : {g.rate, g.use_100ms, g.use_1s, g.p90_10s}) RC_ASSERT(m.value >= 0 && m.value <= 84'000);
    RC_ASSERT(g.used_in_period.count() >= 0);
  }
}

TEST(Rates, CounterThatGoesBackwardsStartsAgainWithoutAJump) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  for (int i = 0; i < 20; ++i, w.ms += 10) w.use(s, seconds{100} + milliseconds{5 * i}), w.tick();
  w.use(s, milliseconds{3});
  EXPECT_EQ(w.tick().groups[s].rate.value, 0);
  for (int i = 1; i < 4; ++i) w.ms += 10, w.use(s, milliseconds{3 + 5 * i}), w.tick();
  w.ms += 10;
  w.use(s, milliseconds{23});
  EXPECT_EQ(w.tick().groups[s].rate.value, 500);
}

TEST(Rates, BurstAfterAnIdleStretchShowsWithinThreeSchedulerTicks) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  for (int i = 0; i < 20; ++i, w.ms += 10) w.use(s, seconds{1}), w.tick();
  for (int i = 1; i <= 2; ++i, w.ms += 10) {
    w.use(s, seconds{1} + milliseconds{20 * i});
    w.tick();
  }
  w.use(s, seconds{1} + milliseconds{60});
  EXPECT_EQ(w.tick().groups[s].rate.value, 2000);
}

TEST(Rates, ReadingsFarApartGiveTheLastInterval) {
  for (const int apart : {50, 1000}) {
    World w;
    const Slot s = w.container(w.pod(), 1);
    for (int i = 0; i < 5; ++i, w.ms += apart) w.use(s, seconds{1}), w.tick();
    w.use(s, seconds{1} + milliseconds{apart / 2});
    EXPECT_EQ(w.tick().groups[s].rate.value, 500) << apart;
  }
}

/// `full` reads a container every 50 ms; `sparse` only its pod while that stands still, and the container when it moves.
RC_GTEST_PROP(Rates, WhatIsLeftOutWhileThePodStandsStillChangesNoRate, ()) {
  World full, sparse;
  Slot pod = kNoSlot, slot = kNoSlot;
  for (World* w : {&full, &sparse}) pod = w->pod(), slot = w->container(pod, 1);
  nanoseconds used = seconds{1};
  GroupState a, b;
  const auto read = [&](bool container_too) {
    for (World* w : {&full, &sparse}) {
      w->ms = full.ms;
      w->use(pod, used);
      if (w == &full || container_too) w->use(slot, used);
      (w == &full ? a : b) = w->tick().groups[slot];
    }
    full.ms += 50;
  };
  for (int i = 0; i < 240; ++i) read(true);   // at rest, and read
  for (int i = *rc::gen::inRange(1, 400); i > 0; --i) read(false);
  const auto step = milliseconds{*rc::gen::inRange(4, 100)};
  for (int i = 0; i < 6; ++i) {
    used += step;
    read(true);
    RC_ASSERT(b.rate == a.rate);
    RC_ASSERT(b.used_in_period == a.used_in_period);
    RC_ASSERT(b.use_100ms >= rate_of(step, milliseconds{200}) && b.use_100ms <= rate_of(step, milliseconds{50}));
    RC_ASSERT(b.p90_10s == a.p90_10s);
  }
}

TEST(Rates, WindowsOfTenMillisecondReadings) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  Slot fresh = kNoSlot;
  for (int i = 0; i <= 1100; ++i, w.ms += 10) {
    w.use(s, microseconds{2500} * i);  // a quarter of a core
    const auto snapshot = w.tick();
    ASSERT_EQ(snapshot.fresh.size(), 1u);
    fresh = snapshot.fresh[0];
  }
  const GroupState& g = w.tick().groups[s];
  EXPECT_EQ(fresh, s);
  EXPECT_EQ(g.use_100ms.value, 250);
  EXPECT_EQ(g.use_1s.value, 250);
  EXPECT_EQ(g.p90_10s.value, 250);
}

TEST(Rates, NinetiethPercentileIgnoresOneSecondInTenAndNotTwo) {
  for (const auto& [busy, expected] : {std::pair{1, 100}, std::pair{2, 900}}) {
    World w;
    const Slot s = w.container(w.pod(), 1);
    nanoseconds used{0};
    for (int i = 0; i < 25; ++i, w.ms += 1000) {  // read once a second: each reading fills ten windows
      w.use(s, used);
      const MilliCpu p90 = w.tick().groups[s].p90_10s;
      used += milliseconds{i >= 12 && i < 12 + busy ? 900 : 100};
      EXPECT_TRUE(i != 20 || p90.value == expected) << p90.value;
    }
  }
}

TEST(Rates, AnotherLifeOfTheSlotStartsFromNothing) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  for (int i = 0; i < 30; ++i, w.ms += 10) w.use(s, milliseconds{10 * i}), w.tick();
  w.catalog.groups[s]->id = ++w.ids;
  ++w.catalog.generation;
  w.use(s, seconds{50});
  const GroupState& g = w.tick().groups[s];
  EXPECT_EQ(g.rate.value + g.use_100ms.value + g.use_1s.value + g.p90_10s.value, 0);
  w.catalog.groups[s].reset();
  ++w.catalog.generation;
  EXPECT_EQ(w.tick().groups[s].id, 0u);
}

/// A group of 50 ms / 100 ms whose boundaries lie 37 ms past each 100 ms.
struct Periods : ::testing::Test {
  World w;
  Slot s = w.container(w.pod(), 1);
  std::int64_t used_us = 0;
  void SetUp() override { w.settle({{s, quota_ms(50)}}); }
  GroupState step(std::int64_t ms, std::int64_t permille) {
    w.ms += ms;
    used_us += ms * permille;
    Reading& r = w.read(s);
    r.usage = microseconds{used_us};
    r.throttle = ThrottleCounters{static_cast<std::uint64_t>((w.ms - 37) / 100), 0, nanoseconds{0}};
    return w.tick().groups[s];
  }
};

TEST_F(Periods, UnknownPhaseCountsTheLastPeriodAndLeavesAWholeOne) {
  w.ms = 20'038;
  for (int i = 0; i < 8; ++i) step(10, 400);
  const GroupState g = step(10, 400);
  EXPECT_EQ(g.period_left, milliseconds{100});
  EXPECT_EQ(g.used_in_period, milliseconds{32});  // eight intervals are known
}

TEST_F(Periods, PhaseIsFoundFromTheReadingsAtWhichThePeriodsAdvanced) {
  w.ms = 20'000;
  for (int i = 0; i < 100; ++i) step(9 + i % 3, 400);
  const GroupState g = step(10, 400);
  const std::int64_t since = (w.ms - 37) % 100;
  EXPECT_NEAR(static_cast<double>(g.period_left.count()) / 1e6, static_cast<double>(100 - since), 3.0);
  EXPECT_NEAR(static_cast<double>(g.used_in_period.count()) / 1e6, 0.4 * static_cast<double>(since), 3.0);
}

TEST_F(Periods, PhaseStandsOverAnIdleStretch) {
  w.ms = 20'000;
  for (int i = 0; i < 60; ++i) step(10, 400);
  w.ms += 5'000;
  step(10, 0);
  const GroupState g = step(10, 900);
  EXPECT_NEAR(static_cast<double>(g.period_left.count()) / 1e6, static_cast<double>(100 - (w.ms - 37) % 100), 6.0);
}

TEST(Throttling, APodsQuotaThrottlesItsContainersForOnePeriod) {
  World w;
  const Slot pod = w.pod(), a = w.container(pod, 1), other = w.container(w.pod(), 1);
  w.read(pod).throttle = ThrottleCounters{10, 0, nanoseconds{0}};
  w.tick();
  w.ms += 10;
  w.read(pod).throttle = ThrottleCounters{11, 1, milliseconds{30}};
  const auto snapshot = w.tick();
  EXPECT_TRUE(snapshot.groups[a].throttling && snapshot.groups[pod].throttling);
  EXPECT_FALSE(snapshot.groups[other].throttling);
  EXPECT_EQ(snapshot.groups[pod].throttled_at, at_ms(w.ms));
  EXPECT_EQ(snapshot.groups[a].throttled_at, TimePoint{});
  w.ms += 101;
  const auto later = w.tick();
  EXPECT_FALSE(later.groups[a].throttling || later.groups[pod].throttling);
}

}  // namespace
}  // namespace headroom::test
