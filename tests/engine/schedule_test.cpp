#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "engine/schedule.hpp"
#include "tests/engine/planner_support.hpp"

namespace headroom {
namespace {

using namespace test;

/// Runs the schedule by itself: each wakeup answers every request with a reading of use.
struct Clockwork {
  TestNode node;
  PlanState plans;
  ScheduleParams params;
  ScheduleState state;
  ReadPlan reads;
  std::map<Slot, std::vector<TimePoint>> usage, throttle, settings, wait;
  std::map<Slot, bool> still;
  std::vector<TimePoint> wakes;
  std::size_t most = 0;

  void tick() {
    next_reads(node.snapshot(), plans, params, state, reads);
    node.fresh.clear();
    node.touched.clear();
    node.at = reads.wake;
    wakes.push_back(reads.wake);
    most = std::max(most, reads.groups.size());
    TimePoint at = node.at - milliseconds{1};
    for (const auto& [slot, bits] : reads.groups) {
      if (bits & kReadUsage) read_usage(slot, at += microseconds{1});
      if (bits & kReadThrottle) throttle[slot].push_back(node.at);
      if (bits & kReadBandwidth) settings[slot].push_back(node.at), node.touched.push_back(slot);
      if (bits & kReadWait) wait[slot].push_back(node.at);
    }
  }
  /// Everybody's use moves at every reading, but for the pods that stand still. One reading comes after the other.
  void read_usage(Slot slot, TimePoint at) {
    usage[slot].push_back(node.at);
    node.fresh.push_back(slot);
    GroupState& g = node.groups[slot];
    const bool moved = !still[slot] || g.read_at == TimePoint{};
    g.read_at = at;
    if (moved) g.still_since = at;
  }
  void run(nanoseconds time) {
    for (const TimePoint end = node.at + time; node.at < end;) tick();
  }
  /// Runs a start-up second, then counts anew.
  void settle() {
    run(seconds{4});
    usage.clear(), throttle.clear(), settings.clear(), wait.clear(), wakes.clear();
    most = 0;
  }
  void lend(Slot slot, Actuator actuator, std::int64_t cores = 2000) {
    plans.standing.resize(node.groups.size());
    plans.standing[slot].group_id = node.groups[slot].id;
    plans.standing[slot].lent_cores = MilliCpu{cores};
    plans.standing[slot].actuator = actuator;
    plans.active = {slot};
  }
};

TEST(Schedule, ANodeWithoutBorrowersCostsFourWakeupsASecond) {
  Clockwork c;
  for (int i = 0; i < 400; ++i) c.node.container(0, "s" + std::to_string(i), kLatency, limited(50'000));
  c.settle();
  c.run(seconds{10});
  EXPECT_LE(c.wakes.size(), 41u);
  for (Slot s = 1; s <= 400; ++s) EXPECT_NEAR(double(c.usage[s].size()), 10, 1);
  EXPECT_LE(c.most, 200u);
}

TEST(Schedule, APolicysOwnRhythmReadsEveryContainerAtOnceAndNothingOftener) {
  Clockwork c;
  const Slot step = c.node.container(0, "a", kStep, limited(50'000));
  const Slot service = c.node.container(0, "b", kLatency, limited(50'000));
  c.params.rhythm = milliseconds{100};
  c.settle();
  c.run(seconds{10});
  for (const Slot s : {step, service}) {
    EXPECT_NEAR(double(c.usage[s].size()), 100, 1);
    EXPECT_EQ(c.throttle[s], c.usage[s]);
  }
  EXPECT_EQ(c.usage[step], c.usage[service]);
  EXPECT_LE(c.wakes.size(), 115u) << "and some for settings";
}

TEST(Schedule, BorrowersAreReadEvery50MsAndTheirCountersEverySecond) {
  Clockwork c;
  const Slot a = c.node.container(0, "a", kStep, limited(50'000));
  c.settle();
  c.run(seconds{10});
  EXPECT_NEAR(double(c.usage[a].size()), 200, 12);
  EXPECT_NEAR(double(c.throttle[a].size()), 10, 1);
}

TEST(Schedule, ALeasePutsOneGroupOnTheFastClockAndNoOther) {
  Clockwork c;
  const Slot a = c.node.container(0, "a", kStep, limited(50'000));
  const Slot b = c.node.container(0, "b", kStep, limited(50'000));
  c.settle();
  c.lend(a, Actuator::file);
  c.node.groups[a].use_100ms = MilliCpu{1900};
  c.run(seconds{1});
  EXPECT_NEAR(double(c.usage[a].size()), 100, 4);
  EXPECT_NEAR(double(c.throttle[a].size()), 10, 2);
  EXPECT_LE(c.usage[b].size(), 22u);
  EXPECT_TRUE(c.reads.node_usage);
}

TEST(Schedule, ALeaseThatIsNotUsedUpIsReadHalfAsOftenWhileTheNodeHasCpusToSpare) {
  for (const auto& [use, throttling, node_use, readings] :
       {std::tuple{1000, false, 1000, 50}, {1900, false, 1000, 100}, {1000, true, 1000, 100}, {1000, false, 1900, 100}}) {
    Clockwork c;
    const Slot a = c.node.container(0, "a", kStep, limited(50'000));
    c.node.view.cpus = 2;
    c.settle();
    c.lend(a, Actuator::file);
    c.node.groups[a].use_100ms = MilliCpu{use};
    c.node.groups[a].throttling = throttling;
    c.node.view.use_now = MilliCpu{node_use};
    c.run(seconds{1});
    EXPECT_NEAR(double(c.usage[a].size()), readings, 4);
    EXPECT_NEAR(double(c.wakes.size()), readings, 12);
  }
}

TEST(Schedule, ABusyBorrowerStaysFastForTwoSecondsAfterwards) {
  Clockwork c;
  const Slot a = c.node.container(0, "a", kStep, limited(50'000));
  c.settle();
  c.node.groups[a].used_in_period = milliseconds{20};
  c.run(milliseconds{100});
  c.node.groups[a].used_in_period = milliseconds{0};
  c.usage.clear();
  c.run(seconds{1});
  EXPECT_GE(c.usage[a].size(), 95u);
  c.run(seconds{2});
  c.usage.clear();
  c.run(seconds{1});
  EXPECT_LE(c.usage[a].size(), 22u);
}

TEST(Schedule, AHiddenLeaseWakesBeforeItsPoolRunsDry) {
  Clockwork c;
  const Slot a = c.node.container(0, "a", kStep, limited(10'000));
  c.settle();
  c.lend(a, Actuator::hidden);
  c.node.groups[a].rate = MilliCpu{1900};
  const TimePoint before = c.node.at;
  c.tick();
  EXPECT_LE(c.node.at - before, milliseconds{6});
  EXPECT_GE(c.node.at - before, milliseconds{1});
}

TEST(Schedule, TheBaseOfANewBorrowerAndOfItsPodIsWantedAtOnce) {
  Clockwork c;
  const Slot pod = c.node.pod(0, "p", unlimited());
  c.settle();
  const Slot a = c.node.container(pod, "a", kStep, limited(50'000));
  c.node.own(a).certain = c.node.own(pod).certain = false;
  const TimePoint born = c.node.at;
  for (int i = 0; i < 4; ++i) c.tick();
  for (const Slot s : {pod, a}) {
    ASSERT_GE(c.settings[s].size(), 2u);
    EXPECT_LE(c.settings[s][1] - born, milliseconds{12});
    EXPECT_GE(c.settings[s][1] - c.settings[s][0], milliseconds{5});
  }
}

TEST(Schedule, WhatSomebodyTouchedIsReadNowAndAgain) {
  Clockwork c;
  const Slot a = c.node.container(0, "a", kLatency, limited(50'000));
  c.settle();
  c.node.touched = {a};
  ++c.node.own(a).foreign_writes;
  const TimePoint event = c.node.at;
  c.tick(), c.tick(), c.tick();
  ASSERT_GE(c.settings[a].size(), 2u);
  EXPECT_LE(c.settings[a][0] - event, milliseconds{2});
  EXPECT_LE(c.settings[a][1] - event, milliseconds{8});
}

TEST(Schedule, SettingsAreReadInTurnAndNotBecauseTheyWereRead) {
  for (const auto& [rule, every] : {std::pair{kStep, seconds{10}}, std::pair{kLatency, seconds{60}}}) {
    Clockwork c;
    for (int i = 0; i < 50; ++i) c.node.container(0, "s" + std::to_string(i), rule, limited(50'000));
    c.settle();
    c.run(every + milliseconds{500});
    for (Slot s = 1; s <= 50; ++s) {
      EXPECT_GE(c.settings[s].size(), 1u);
      EXPECT_LE(c.settings[s].size(), 2u);
    }
  }
}

TEST(Schedule, NeighboursAreJudgedTogetherWhileLeasesAreOutOnAFullNode) {
  Clockwork c;
  const Slot a = c.node.container(0, "a", kStep, limited(50'000));
  const Slot n1 = c.node.container(0, "n1", kLatency, limited(50'000));
  const Slot n2 = c.node.container(0, "n2", kLatency, unlimited());
  c.node.view.cpus = 2;
  c.node.view.judge = Judge::pressure;
  c.settle();
  c.lend(a, Actuator::file);
  c.run(seconds{1});
  EXPECT_TRUE(c.wait[n1].empty());
  c.node.view.use_now = MilliCpu{1700};
  c.run(seconds{1});
  EXPECT_NEAR(double(c.wait[n1].size()), 10, 1);
  EXPECT_EQ(c.wait[n1], c.wait[n2]);
  EXPECT_NEAR(double(c.usage[n1].size()), 22, 2) << "their use twice as often; and once a second before";
  EXPECT_TRUE(c.wait[a].empty());
}

TEST(Schedule, BaselinesAreLearnedTwentyAtATimeAndThenRarely) {
  Clockwork c;
  c.node.container(0, "a", kStep, limited(50'000));
  for (int i = 0; i < 60; ++i) c.node.container(0, "n" + std::to_string(i), kLatency, limited(50'000));
  c.node.view.judge = Judge::pressure;
  c.settle();
  c.run(seconds{1});
  EXPECT_EQ(c.wait.size(), 20u);
  for (GroupState& g : c.node.groups) g.judged_windows = 100;
  c.run(seconds{1});
  c.wait.clear();
  c.run(seconds{10});
  EXPECT_EQ(c.wait.size(), 60u);
  for (const auto& [slot, times] : c.wait) EXPECT_LE(times.size(), 6u);
}

struct Sleepers : testing::Test {
  Clockwork c;
  Slot pod = c.node.pod(0, "p", limited(100'000));
  Slot borrower = c.node.container(pod, "a", kStep, limited(50'000));
  Slot neighbour = c.node.container(pod, "b", kLatency, limited(50'000));

  void stand_still() {
    c.still[pod] = true;
    c.run(seconds{3});
    c.settle();
  }
};

TEST_F(Sleepers, APodThatStandsStillIsReadForItsContainers) {
  stand_still();
  c.run(seconds{10});
  EXPECT_NEAR(double(c.usage[pod].size()), 160, 10);
  EXPECT_NEAR(double(c.usage[borrower].size()), 10, 1);   // for its credit
  EXPECT_EQ(c.usage[neighbour].size(), 0u);
  EXPECT_EQ(c.throttle[pod].size() + c.throttle[borrower].size() + c.throttle[neighbour].size(), 0u);
}

TEST_F(Sleepers, WakeInTheTickAfterTheirPodMoved) {
  stand_still();
  c.still[pod] = false;
  const auto readings = [&] { return c.usage[pod].size(); };
  for (const auto before = readings(); readings() == before;) c.tick();
  c.usage.clear(), c.throttle.clear();
  const TimePoint moved = c.node.at;
  c.tick();
  EXPECT_LE(c.node.at - moved, milliseconds{1});
  for (const Slot s : {pod, borrower, neighbour}) {
    EXPECT_EQ(c.usage[s].size(), 1u);
    EXPECT_EQ(c.throttle[s].size(), 1u);
  }
  c.usage.clear();
  c.run(seconds{10});
  EXPECT_NEAR(double(c.usage[pod].size()), 10, 1);
  EXPECT_NEAR(double(c.usage[borrower].size()), 200, 12);
  EXPECT_NEAR(double(c.usage[neighbour].size()), 10, 1);
}

TEST_F(Sleepers, NobodySleepsWhoseUseIsStillRemembered) {
  for (const Slot s : {borrower, neighbour}) c.node.groups[s].p90_10s = MilliCpu{100};
  stand_still();
  c.run(seconds{10});
  EXPECT_NEAR(double(c.usage[borrower].size()), 200, 12);
  EXPECT_NEAR(double(c.usage[neighbour].size()), 10, 1);
  EXPECT_NEAR(double(c.usage[pod].size()), 10, 1);
}

TEST_F(Sleepers, ABusyNeighbourInThePodLeavesNobodyAsleep) {
  c.settle();
  c.run(seconds{10});
  EXPECT_NEAR(double(c.usage[borrower].size()), 200, 12);
  EXPECT_NEAR(double(c.usage[neighbour].size()), 10, 1);
  EXPECT_NEAR(double(c.usage[pod].size()), 10, 1);
}

TEST_F(Sleepers, APodIsNotWatchedForABorrowerThatIsGone) {
  stand_still();
  c.node.catalog.groups[borrower].reset();
  ++c.node.catalog.generation;
  c.node.groups[borrower] = GroupState{};
  c.run(seconds{1});
  c.usage.clear();
  c.run(seconds{10});
  EXPECT_NEAR(double(c.usage[pod].size()), 10, 1);
}

TEST(Schedule, AnIdleNodeIsWokenOnlyByTheEligibleClock) {
  Clockwork c;
  c.node.container(0, "a", kStep, limited(50'000));
  for (int i = 0; i < 60; ++i) c.node.container(0, "n" + std::to_string(i), kLatency, limited(50'000));
  c.node.view.judge = Judge::pressure;
  c.node.at += milliseconds{7};   // whatever the phase is in which it began
  c.settle();
  c.run(seconds{10});
  EXPECT_EQ(c.wait.size(), 20u);
  EXPECT_LE(c.wakes.size(), 202u);
}

TEST(Schedule, WhatHasNoLimitWakesNobody) {
  Clockwork c;
  const Slot a = c.node.container(0, "a", kStep, unlimited());
  const Slot sandbox = c.node.container(0, "b", kStep, unlimited());
  c.node.own(a).certain = c.node.own(sandbox).certain = false;
  c.run(seconds{1});
  c.node.catalog.groups[sandbox]->infrastructure = true;   // it shows when its first files are read
  ++c.node.catalog.generation;
  c.run(seconds{35});
  c.settle();
  c.run(seconds{10});
  EXPECT_LE(c.wakes.size(), 41u);
  EXPECT_NEAR(double(c.settings[a].size()), 11, 2);   // it may be given one at any time
  EXPECT_LE(c.settings[sandbox].size(), 2u);
}

TEST(Schedule, AReusedSlotDoesNotInheritItsPredecessorsTimers) {
  Clockwork c;
  const Slot a = c.node.container(0, "a", kStep, limited(50'000));
  c.settle();
  for (int i = 0; i < 20; ++i) {
    c.node.restart(a, limited(50'000));
    c.run(milliseconds{100});
  }
  c.settle();
  c.run(seconds{1});
  EXPECT_LE(c.usage[a].size(), 22u);
  c.node.catalog.groups[a].reset();
  ++c.node.catalog.generation;
  c.node.groups[a] = GroupState{};
  c.usage.clear();
  c.run(seconds{1});
  EXPECT_TRUE(c.usage[a].empty());
}

}  // namespace
}  // namespace headroom
