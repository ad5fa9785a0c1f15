// Which nodes and pods a rollout means: the same ones every time, and more of them when its share grows.
#include "config/rollout.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace headroom {
namespace {

RolloutStep step(std::map<std::string, std::string> nodes, int enforce) {
  RolloutStep out;
  out.nodes = std::move(nodes);
  out.enforce = enforce;
  return out;
}

const NodeFacts kNode{"worker-3", std::map<std::string, std::string>{{"pool", "wf"}, {"arch", "amd64"}}};
constexpr int kAll = 100'000;

TEST(Rollout, RaisesObserveAndLeavesTheRestAlone) {
  const std::vector steps{step({}, kAll)};
  EXPECT_EQ(roll_out(Mode::observe, steps, kNode).mode, Mode::enforce);
  EXPECT_EQ(roll_out(Mode::off, steps, kNode).mode, Mode::off);
  EXPECT_EQ(roll_out(Mode::enforce, steps, kNode).mode, Mode::enforce);
  EXPECT_EQ(roll_out(Mode::enforce, {}, kNode).only, Restriction{});
}

TEST(Rollout, TheFirstStepWhoseNodesTheseAreDecides) {
  auto canary = step({{"pool", "wf"}, {"arch", "amd64"}}, kAll);
  canary.only.holdout = 5000;
  const std::vector steps{step({{"pool", "other"}}, kAll), canary, step({}, 0)};
  EXPECT_EQ(roll_out(Mode::observe, steps, kNode).mode, Mode::enforce);
  EXPECT_EQ(roll_out(Mode::observe, steps, kNode).only.holdout, 5000);
  EXPECT_EQ(roll_out(Mode::observe, std::vector{step({}, 0), step({}, kAll)}, kNode).mode, Mode::observe);
}

TEST(Rollout, LabelsThatNobodyHasToldMatchNothingAndSaySo) {
  const NodeFacts unknown{"worker-3", std::nullopt};
  const auto out = roll_out(Mode::observe, std::vector{step({{"pool", "wf"}}, kAll)}, unknown);
  EXPECT_EQ(out.mode, Mode::observe);
  EXPECT_NE(out.told.find("rollout[0].nodes"), std::string::npos);
  EXPECT_EQ(roll_out(Mode::observe, std::vector{step({}, kAll)}, unknown).mode, Mode::enforce);
}

RC_GTEST_PROP(Rollout, AShareIsStableAndGrows, ()) {
  const auto name = *rc::gen::string<std::string>();
  const int a = *rc::gen::inRange(0, kAll + 1), b = *rc::gen::inRange(a, kAll + 1);
  RC_ASSERT(within_share(name, a) == within_share(name, a));
  RC_ASSERT(!within_share(name, a) || within_share(name, b));
  RC_ASSERT(!within_share(name, 0));
  RC_ASSERT(within_share(name, kAll));
}

TEST(Rollout, AShareIsAboutThatManyOfMany) {
  int in = 0;
  for (int i = 0; i < 10'000; ++i) in += within_share("worker-" + std::to_string(i), 10'000) ? 1 : 0;
  EXPECT_NEAR(in, 1000, 150);
}

TEST(Rollout, LabelsOfTheCommandLine) {
  EXPECT_EQ(parse_labels("a=b,c/d=e=f").value(), (std::map<std::string, std::string>{{"a", "b"}, {"c/d", "e=f"}}));
  EXPECT_TRUE(parse_labels("")->empty());
  for (const char* bad : {"a", "=b", "a=b,c"}) EXPECT_FALSE(parse_labels(bad)) << bad;
}

}  // namespace
}  // namespace headroom
