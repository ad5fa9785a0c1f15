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
