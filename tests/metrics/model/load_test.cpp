#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/metrics/model/world.hpp"

namespace headroom::test {
namespace {

/// A node of two CPUs with one protected container and the rest of its use elsewhere; one reading each 100 ms.
struct Node {
  World w;
  Slot service = w.container(w.pod(), 0);
  nanoseconds used{0}, all{0};
  explicit Node(Judge judge = Judge::pressure) : w(params(judge)) { step(0, 0); }
  static ModelParams params(Judge judge) {
    ModelParams p;
    p.judge = judge;
    return p;
  }
  NodeView step(std::int64_t protected_milli, std::int64_t other_milli) {
    w.ms += 100;
    used += microseconds{100 * protected_milli};
    all += microseconds{100 * (protected_milli + other_milli)};
    w.use(service, used);
    w.node(all);
    return w.tick().node;
  }
  LoadState hold(int steps, std::int64_t protected_milli, std::int64_t other_milli = 0) {
    LoadState state = LoadState::unknown;
    for (int i = 0; i < steps; ++i) state = step(protected_milli, other_milli).state;
    return state;
  }
};

TEST(Load, PassesThroughTheStatesInOrder) {
  Node n;
  EXPECT_EQ(n.hold(10, 100), LoadState::normal) << "not idle before 3 s";
  EXPECT_EQ(n.hold(25, 100), LoadState::idle);
  EXPECT_EQ(n.hold(5, 1000), LoadState::normal);
  EXPECT_EQ(n.hold(20, 1950), LoadState::normal) << "not overload before 3 s";
  EXPECT_EQ(n.hold(15, 1950), LoadState::overload);
  EXPECT_EQ(n.hold(25, 1000), LoadState::overload);
  EXPECT_EQ(n.hold(10, 1000), LoadState::cooling);
  EXPECT_EQ(n.hold(52, 1000), LoadState::normal);
}

TEST(Load, BestEffortAndStepsNeverOverload) {
  Node n;
  EXPECT_EQ(n.hold(100, 100, 1900), LoadState::normal);
}

TEST(Load, ThreeFailedTicksInARowAreUnknown) {
  Node n;
  n.hold(5, 1000);
  for (int i = 1; i <= 3; ++i) {
    n.w.ms += 10;
    n.w.next.failed = true;
    const NodeView node = n.w.tick().node;
    EXPECT_EQ(node.failed_ticks, static_cast<std::uint32_t>(i));
    EXPECT_EQ(node.state, i < 3 ? LoadState::normal : LoadState::unknown);
    EXPECT_EQ(node.blind, i == 3);
    EXPECT_FALSE(is_held(node));
  }
  EXPECT_EQ(n.hold(1, 1000), LoadState::normal);
}

TEST(Load, NothingReadYetIsUnknown) {
  World w;
  EXPECT_EQ(w.tick().node.state, LoadState::unknown);
}

RC_GTEST_PROP(Load, TwoPercentAroundAThresholdDoesNotFlap, ()) {
  const auto threshold = *rc::gen::element<std::int64_t>(1900, 1700, 400, 500);  // of 2000: target, its exit, idle's
  Node n;
  if (threshold == 1700) n.hold(50, 2000);
  if (threshold == 500) n.hold(50, 100);
  LoadState last = n.step(threshold, 0).state;
  int changes = 0;
  for (int i = 0; i < 300; ++i) {
    const LoadState state = n.step(threshold + *rc::gen::inRange<std::int64_t>(-40, 41), 0).state;
    if (state != last) ++changes;
    last = state;
  }
  RC_ASSERT(changes <= 2);  // overload -> cooling -> normal at most
}

TEST(Load, TargetIsBoundedByTheJudgeAndByTheConfiguration) {
  struct Case {
    Judge judge;
    std::optional<int> percent;
    std::int64_t target;
  };
  for (const Case& c : {Case{Judge::none, {}, 1500}, Case{Judge::pressure, {}, 1900}, Case{Judge::none, 90, 1500},
                        Case{Judge::pressure, 50, 1000}}) {
    ModelParams p;
    p.judge = c.judge;
    p.target_percent = c.percent;
    World w(p);
    EXPECT_EQ(w.tick().node.target.value, c.target);
  }
}

TEST(Load, UseNowIsTakenOverThirtyMillisecondsOrMore) {
  World w;
  for (int i = 0; i < 10; ++i, w.ms += 10) w.node(milliseconds{0}), w.tick();
  w.node(milliseconds{20});
  EXPECT_EQ(w.tick().node.use_now.value, 666);
}

TEST(Load, ClassUseCountsLeavesOnce) {
  World w;
  const Slot pod = w.pod(), c = w.container(pod, 1), inner = w.add(GroupKind::inner, c, 1, "i");
  const Slot system = w.add(GroupKind::slice, 0, 3, "system.slice"), unit = w.add(GroupKind::scope, system, 0, "u");
  for (int i = 0; i < 15; ++i, w.ms += 100) {
    for (const Slot s : {pod, c, inner, system, unit}) w.use(s, milliseconds{50 * i});
    w.tick();
  }
  const NodeView& node = w.tick().node;
  EXPECT_EQ(node.class_use[static_cast<std::size_t>(QosClass::step)].value, 500);
  EXPECT_EQ(node.class_use[static_cast<std::size_t>(QosClass::system)].value, 500);
  EXPECT_EQ(node.class_use[static_cast<std::size_t>(QosClass::ls)].value, 0);
  EXPECT_EQ(node.protected_use.value, 500);
}

TEST(Load, WhatIsStolenIsNotFreeAndStealIsTakenOverTenSeconds) {
  World w;
  for (int i = 0; i <= 200; ++i, w.ms += 100) {
    w.node(milliseconds{0});
    w.next.node->cpus = {{milliseconds{60 * i}, milliseconds{40 * i}, milliseconds{0}},
                         {milliseconds{10 * i}, milliseconds{80 * i}, milliseconds{i >= 150 ? 10 * (i - 150) : 0}}};
    w.tick();
  }
  const NodeView& node = w.tick().node;
  ASSERT_EQ(node.cpu_busy.size(), 2u);
  EXPECT_EQ(node.cpu_busy[0].value, 600);
  EXPECT_EQ(node.cpu_busy[1].value, 200) << "a tenth is worked, and a tenth stolen";
  EXPECT_EQ(node.steal.value, 50) << "100 mCPU in half of the time";
}

TEST(Load, NothingMayBeLentWhereMoreIsStolenThanAllowed) {
  const struct { int permille; bool stolen; } rows[] = {{0, true}, {20, true}, {24, true}, {25, false}, {1000, false}};
  for (const auto& [permille, stolen] : rows) {   // 50 mCPU of two CPUs
    ModelParams params;
    params.steal_permille = permille;
    World w(params);
    for (int i = 0; i <= 20; ++i, w.ms += 1000) {
      w.node(milliseconds{0});
      w.next.node->cpus = {{milliseconds{0}, milliseconds{0}, milliseconds{50 * i}}, {milliseconds{0}, milliseconds{0}, milliseconds{0}}};
      w.tick();
    }
    EXPECT_EQ(w.tick().node.stolen, stolen) << permille;
  }
}

TEST(Load, AFullCpuIsFullThoughEveryFieldIsCutToTenMilliseconds) {
  World w;
  const auto cut = [](double ms) { return milliseconds{static_cast<int>(ms / 10) * 10}; };
  for (int i = 0; i <= 40; ++i, w.ms += 103) {
    w.node(milliseconds{0});
    const double passed = 103.0 * i;  // of which the kernel counts a half as user and the other as system time
    w.next.node->cpus = {{cut(passed / 2) + cut(passed / 2), milliseconds{70}, milliseconds{0}}};
    const NodeView node = w.tick().node;
    if (i > 0) {
      ASSERT_EQ(node.cpu_busy.at(0).value, 1000) << i;
    }
  }
}

TEST(Load, LatenessIsTheWorstOfTheLastSecond) {
  World w;
  w.next.lateness = milliseconds{40};
  w.tick();
  w.ms += 900;
  EXPECT_EQ(w.tick().node.worst_lateness_1s, milliseconds{40});
  w.ms += 250;
  EXPECT_EQ(w.tick().node.worst_lateness_1s, milliseconds{0});
}

}  // namespace
}  // namespace headroom::test
