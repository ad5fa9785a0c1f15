#include <gtest/gtest.h>

#include "lab/experiment.hpp"

namespace headroom::lab {
namespace {

using Says = Verdict::Says;

Says says(double value, double at_most, RunOptions::Depth depth) {
  const auto out = apply_bars({{"headroom", "x_ms", "", at_most}}, Values{{{"headroom", "x_ms"}, value}}, depth);
  return out.at(0).says;
}

TEST(Bars, JudgeNothingInASmoke) {
  EXPECT_EQ(says(194, 50, RunOptions::Depth::smoke), Says::not_judged);
  EXPECT_EQ(says(1, 50, RunOptions::Depth::smoke), Says::not_judged);
}

TEST(Bars, AreAtMost) {
  EXPECT_EQ(says(50, 50, RunOptions::Depth::full), Says::pass);
  EXPECT_EQ(says(50.1, 50, RunOptions::Depth::full), Says::miss);
}

TEST(Bars, CompareWithTheArmTheyName) {
  const Values values{{{"headroom", "x"}, 3.0}, {{"nolimit", "x"}, 2.0}};
  const auto out = apply_bars({{"headroom", "x", "nolimit", 1.6}, {"headroom", "x", "absent", 1}}, values,
                              RunOptions::Depth::full);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].value, 1.5);
  EXPECT_EQ(out[0].says, Says::pass);
}

ArmStats arm_with(const std::string& name, double step, double b, double g) {
  ArmStats out;
  out.arm = name;
  out.step.mean = step;
  out.burstable.p95 = b;
  out.guaranteed.p95 = g;
  return out;
}

TEST(Dominance, IsToBeBetterForEverybodyAtOnce) {
  Scenario scenario;
  scenario.undominated = {"headroom", "absent"};
  const auto arms = parse_arms("static,headroom,headroom-file,koordinator,nolimit,nolimit_low,kernel_burst", Twin::not_needed).value();
  Outcomes out;
  out.arms = {arm_with("static", 600, 4, 20),      arm_with("headroom", 400, 4, 10),   arm_with("headroom-file", 300, 3, 9),
              arm_with("koordinator", 399, 3.9, 9.9), arm_with("nolimit", 300, 3, 10), arm_with("nolimit_low", 300, 1, 5),
              arm_with("kernel_burst", 300, 5, 5)};
  add_dominance(scenario, arms, RunOptions::Depth::full, out);
  ASSERT_EQ(out.findings.size(), 1u);
  EXPECT_EQ(out.findings[0].value, 1) << "nolimit is only as good for Guaranteed, the others are no rivals or worse for somebody";
  EXPECT_EQ(out.findings[0].says, Says::miss);
  EXPECT_EQ(out.notes.at(0), "better than headroom on all three: koordinator");
  out.arms[3].guaranteed.p95 = 10.1;
  out.findings.clear();
  add_dominance(scenario, arms, RunOptions::Depth::full, out);
  EXPECT_EQ(out.findings.at(0).says, Says::pass);
}

TEST(Pool, JoinsTheRotationsOfAnArm) {
  ArmRun one;
  one.arm = "static";
  one.step = {1'000'000};
  one.throttled_pod = 1;
  one.refilling_writes = 10;
  one.seconds = 5;
  one.steps = 2;
  ArmRun two = one;
  two.step = {3'000'000};
  const auto out = pool({one, two}, {*parse_arm("static")});
  EXPECT_DOUBLE_EQ(out.at(0).step.mean, 2);
  EXPECT_EQ(out[0].step.count, 2u);
  EXPECT_DOUBLE_EQ(out[0].throttled_pod, 2);
  EXPECT_DOUBLE_EQ(out[0].refills_per_group_second, 1);   // 20 writes in 2 groups x 10 s
}

}  // namespace
}  // namespace headroom::lab
