#include "tests/metrics/model/world.hpp"

namespace headroom::test {
namespace {

/// A neighbour beside a borrower with a lease; windows of 100 ms.
struct Harmed {
  World w;
  Slot neighbour = w.container(w.pod(), 0), borrower = w.container(w.pod(), 1);
  nanoseconds used{0}, waited{0}, borrowed{0}, node_next{0}, node_usage{0};
  explicit Harmed(Judge judge = Judge::pressure) : w(params(judge)) {
    w.settle({{borrower, quota_ms(20)}, {neighbour, unlimited()}});
    for (int i = 0; i < 3; ++i) window(0, 0, 0);
  }
  static ModelParams params(Judge judge) {
    ModelParams p;
    p.judge = judge;
    return p;
  }
  void lend() { w.wrote(borrower, quota_ms(150)); }
  /// CPU time of everything in the window to come.
  void node_used(std::int64_t cpu_ms) { node_next = milliseconds{cpu_ms}; }
  void limit(std::int64_t ms) { w.settle({{neighbour, quota_ms(ms)}}); }
  GroupState window(std::int64_t cpu_ms, std::int64_t wait_ms, std::int64_t borrower_ms) {
    w.ms += 100;
    used += milliseconds{cpu_ms};
    waited += milliseconds{wait_ms};
    borrowed += milliseconds{borrower_ms};
    if (node_next.count() > 0) {
      node_usage += node_next;
      w.node(node_usage);
      node_next = {};
    }
    w.use(borrower, borrowed);
    Reading& r = w.read(neighbour);
    r.usage = used;
    r.wait = waited;
    return w.tick().groups[neighbour];
  }
};

TEST(Harm, IsTheWaitTimesTheBorrowersPartInIt) {
  Harmed h;
  h.lend();
  h.window(10, 0, 120);
  h.window(10, 0, 120);
  EXPECT_EQ(h.window(10, 40, 120).harm_100ms, milliseconds{40}) << "100 ms above the limit, 40 waited for";
  EXPECT_EQ(h.window(10, 80, 60).harm_100ms, milliseconds{50}) << "40 ms above the limit, 100 a window ago, 80 waited for";
  EXPECT_EQ(h.window(10, 80, 60).harm_100ms, milliseconds{40}) << "40 ms above the limit, 80 waited for";
  EXPECT_EQ(h.window(10, 0, 60).harm_100ms, milliseconds{0});
  EXPECT_EQ(h.window(10, 0, 60).harm_minute, milliseconds{130});
  EXPECT_EQ(h.window(10, 0, 60).harm_total, milliseconds{130});
}

TEST(Harm, IsNotWhatThoseWithinTheirLimitsWouldHaveCostAlone) {
  Harmed h;
  h.lend();
  // Nothing is known of it without leases; of 180 ms beside it 90 are above limits.
  for (int i = 0; i < 3; ++i) h.node_used(190), h.window(10, 0, 110);
  h.node_used(190);
  const auto harm = h.window(10, 40, 110).harm_100ms;
  EXPECT_NEAR(static_cast<double>(harm.count()) / 1e6, 20, 1);
}

TEST(Harm, WhatItWaitedBesideAsMuchIsWhatItWouldHaveWaited) {
  Harmed h;
  for (int i = 0; i < 60; ++i) h.node_used(30), h.window(10, 1, 10);     // a quiet node
  for (int i = 0; i < 60; ++i) h.node_used(130), h.window(10, 20, 10);   // 120 ms beside it
  h.lend();
  for (int i = 0; i < 3; ++i) h.node_used(220), h.window(10, 20, 110);   // 120 beside it, and 90 above limits
  h.node_used(220);
  EXPECT_NEAR(static_cast<double>(h.window(10, 50, 110).harm_100ms.count()) / 1e6, 30, 1);
  for (int i = 0; i < 3; ++i) h.node_used(120), h.window(10, 1, 110);    // 20 beside it
  h.node_used(120);
  EXPECT_NEAR(static_cast<double>(h.window(10, 31, 110).harm_100ms.count()) / 1e6, 30, 1);
}

TEST(Harm, WindowsThatDifferByChanceAloneAddUpToNothing) {
  Harmed h;
  for (int i = 0; i < 60; ++i) h.window(10, 0, 10), h.window(10, 20, 10);   // without a lease: 10 ms a window on average
  h.lend();
  h.window(10, 0, 120);
  for (int i = 0; i < 20; ++i) h.window(10, 0, 120), h.window(10, 20, 120);
  EXPECT_LE(h.window(10, 0, 120).harm_minute, milliseconds{10});
  for (int i = 0; i < 20; ++i) h.window(10, 20, 120);
  EXPECT_GE(h.window(10, 20, 120).harm_minute, milliseconds{180});
}

TEST(Harm, ComesFromHiddenLeasesAndKernelBurstToo) {
  Harmed hidden, burst;
  for (int i = 0; i < 4; ++i) {
    hidden.w.wrote(hidden.borrower, quota_ms(20));
    hidden.w.next.outcomes.back().kind = WriteKind::refill;
    burst.w.wrote(burst.borrower, quota_ms(20, 10));
    const bool settled = i == 3;
    EXPECT_TRUE(hidden.window(10, 40, 120).harm_100ms == milliseconds{40} || !settled);
    EXPECT_TRUE(burst.window(10, 40, 30).harm_100ms == milliseconds{10} || !settled);
  }
}

TEST(Harm, AKernelBurstThatNobodyUsesIsNoLease) {
  Harmed h;
  h.w.wrote(h.borrower, quota_ms(20, 10));
  for (int i = 0; i < 10; ++i) h.window(10, 30, 15);
  EXPECT_GE(h.window(10, 30, 15).judged_windows, 10u);
  h.w.wrote(h.borrower, quota_ms(150, 10));
  const auto before = h.window(10, 30, 15).judged_windows;
  EXPECT_EQ(h.window(10, 30, 15).judged_windows, before) << "a lease is one";
}

TEST(Harm, NoneWithoutALease) {
  Harmed h;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(h.window(10, 80, 150).harm_100ms, milliseconds{0});
}

TEST(Harm, NoneWhenItsOwnLimitStopsIt) {
  Harmed h;
  h.limit(30);
  h.lend();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(h.window(30, 70, 120).harm_100ms, milliseconds{0});
}

TEST(Harm, NoneWhenItsPodsLimitStopsIt) {
  Harmed h;
  const Slot pod = h.w.catalog.groups[h.neighbour]->parent;
  h.w.settle({{pod, quota_ms(30)}});
  h.lend();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(h.window(30, 70, 120).harm_100ms, milliseconds{0});
}

TEST(Harm, NoneWhenItWaitsForItsOwnThreadsAsMuchAsItAlwaysDoes) {
  Harmed h;
  for (int i = 0; i < 110; ++i) h.window(200, 100, 0);  // eight threads on two CPUs: some thread always waits
  EXPECT_GE(h.window(200, 100, 0).judged_windows, 100u);
  h.lend();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(h.window(200, 100, 60).harm_100ms, milliseconds{0});
  EXPECT_EQ(h.window(100, 100, 120).harm_100ms, milliseconds{50}) << "and half of it when it gets half";
}

TEST(Harm, BaselineIsForgottenAfterTenMinutes) {
  Harmed h;
  for (int i = 0; i < 110; ++i) h.window(50, 50, 0);
  h.w.ms += 601'000;
  EXPECT_LT(h.window(50, 50, 0).judged_windows, 100u);
}

TEST(Harm, BaselineSpansTenMinutesAtOneWindowInFiveSeconds) {
  Harmed h;
  for (int i = 0; i < 100; ++i) h.window(50, 50, 0);
  for (int i = 0; i < 200; ++i) {
    h.w.ms += 4'900;
    EXPECT_GE(h.window(50, 50, 0).judged_windows, 100u);
  }
}

TEST(Harm, OnlyOnTheCpusThatTheyShare) {
  Harmed h;
  h.w.catalog.groups[h.neighbour]->cpus = CpuSet{0b01};
  h.w.catalog.groups[h.borrower]->cpus = CpuSet{0b10};
  ++h.w.catalog.generation;
  h.lend();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(h.window(10, 40, 90).harm_100ms, milliseconds{0});
}

TEST(Harm, WaitSummedOverThreadsIsDividedByTheRunnableOnes) {
  Harmed h(Judge::run_delay);
  h.lend();
  h.window(20, 0, 120);
  h.window(20, 0, 120);
  EXPECT_EQ(h.window(20, 380, 120).harm_100ms, milliseconds{95}) << "four runnable: 380 ms are 95 each";
}

TEST(Harm, AgesOutOfTheMinute) {
  Harmed h;
  h.lend();
  h.window(10, 0, 120);
  h.window(10, 0, 120);
  EXPECT_EQ(h.window(10, 50, 120).harm_minute, milliseconds{50});
  for (int i = 0; i < 58; ++i) h.w.ms += 1000, h.w.tick();
  EXPECT_EQ(h.w.tick().groups[h.neighbour].harm_minute, milliseconds{50});
  h.w.ms += 2500;
  EXPECT_EQ(h.w.tick().groups[h.neighbour].harm_minute, milliseconds{0});
}

TEST(Contract, EveryJudgedMinuteCountsAndABreachedOneTwice) {
  Harmed h;
  h.lend();
  const auto minute = [&](std::int64_t wait_ms) {
    for (int i = 0; i < 600; ++i) h.window(5, wait_ms, 120);
    const NodeView& node = h.w.tick().node;
    return std::pair{node.contract_seconds, node.breach_seconds};
  };
  EXPECT_EQ(minute(0), std::pair(std::uint64_t{60}, std::uint64_t{0}));
  EXPECT_EQ(minute(2), std::pair(std::uint64_t{120}, std::uint64_t{60})) << "2 ms in 100 are 1.2 s in a minute";
  h.w.ms += 61'000;
  h.w.tick();
  h.w.ms += 61'000;
  EXPECT_EQ(h.w.tick().node.contract_seconds, 180u) << "a minute without a judgement does not count";
}

}  // namespace
}  // namespace headroom::test
