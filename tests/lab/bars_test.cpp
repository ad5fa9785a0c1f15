#include <gtest/gtest.h>

#include "lab/experiment.hpp"

namespace headroom::lab {
namespace {

using Says = Verdict::Says;

const std::vector<Arm>& arms() {
  static const std::vector<Arm> kArms = parse_arms("static,headroom,nolimit", Twin::not_needed).value();
  return kArms;
}

Says says(double value, double at_most, Judging judging) {
  const auto out = apply_bars({{"headroom", "x_ms", "", at_most}}, Values{{{"headroom", "x_ms"}, value}}, arms(), judging);
  return out.at(0).says;
}

TEST(Bars, JudgeNothingWhereNothingIsToBeJudged) {
  EXPECT_EQ(says(194, 50, Judging::off), Says::not_judged);
  EXPECT_EQ(says(1, 50, Judging::off), Says::not_judged);
}

TEST(Bars, AreAtMost) {
  EXPECT_EQ(says(50, 50, Judging::on), Says::pass);
  EXPECT_EQ(says(50.1, 50, Judging::on), Says::miss);
}

TEST(Bars, CompareWithTheArmTheyName) {
  const Values values{{{"headroom", "x"}, 3.0}, {{"nolimit", "x"}, 2.0}};
  const auto out = apply_bars({{"headroom", "x", "nolimit", 1.6}, {"headroom", "x", "nolimit", 1.4}}, values, arms(), Judging::on);
  EXPECT_EQ(out.at(0).value, 1.5);
  EXPECT_EQ(out[0].says, Says::pass);
  EXPECT_EQ(out.at(1).says, Says::miss);
}

TEST(Bars, WithoutASampleAreMissedOnEitherSide) {
  const Values one{{{"headroom", "x"}, 0.0}};
  for (const auto& bar : {Bar{"headroom", "x", "nolimit", 9}, Bar{"nolimit", "x", "headroom", 9}, Bar{"headroom", "y", "", 9}}) {
    const auto out = apply_bars({bar}, one, arms(), Judging::on);
    EXPECT_EQ(out.at(0).value, std::nullopt);
    EXPECT_EQ(out[0].says, Says::miss);
  }
}

TEST(Bars, OfArmsThatDidNotRunAreNotJudgedAndAreThereAllTheSame) {
  const Values values{{{"headroom", "x"}, 1.0}, {{"koordinator", "x"}, 2.0}};
  const auto out = apply_bars({{"headroom", "x", "koordinator", 1}, {"koordinator", "x", "", 9}}, values, arms(), Judging::on);
  ASSERT_EQ(out.size(), 2u);
  for (const auto& verdict : out) EXPECT_EQ(verdict.says, Says::not_judged);
}

TEST(Values, OfAnEmptySampleAreNone) {
  ArmStats empty;
  empty.arm = "static";
  EXPECT_EQ(values_of({empty}), (Values{{{"static", "throttled"}, 0.0}}));
  empty.step = summarize({2'000'000});
  EXPECT_EQ(values_of({empty}).at({"static", "step_p99"}), 2.0);
}

/// A full run with one bar that holds.
struct Full {
  Scenario scenario;
  RunOptions how{arms()};
  Outcomes out;
  Full() {
    scenario.bars = {{"headroom", "x", "nolimit", 1}};
    scenario.beside = {"nolimit"};
    out.values = {{{"headroom", "x"}, 1.0}, {{"nolimit", "x"}, 2.0}};
  }
  std::vector<std::string> lines() {
    judge(scenario, how, out);
    return shortfalls(scenario, how, out);
  }
};

TEST(Shortfalls, AreWhateverHasNotPassed) {
  EXPECT_TRUE(Full().lines().empty());
  Full missed, empty, left_out, beside, finding, small;
  missed.out.values[{"headroom", "x"}] = 3;
  EXPECT_EQ(missed.lines(), (std::vector<std::string>{"MISS: x of headroom / nolimit: 1.500, at most 1.00"}));
  empty.out.values.erase({"nolimit", "x"});
  EXPECT_EQ(empty.lines(), (std::vector<std::string>{"MISS: x of headroom / nolimit: there is no sample, or too small a one"}));
  left_out.scenario.bars[0].against = "captain";
  EXPECT_EQ(left_out.lines(), (std::vector<std::string>{"not judged: x of headroom / captain: arm captain did not run"}));
  beside.scenario.beside = {"captain"};
  EXPECT_EQ(beside.lines(), (std::vector<std::string>{"left out: arm captain did not run"}));
  finding.out.findings = {{"slowest", "ms", "headroom", 1, 2, Says::not_judged}, {"printed", "ms", "headroom", 9, {}, Says::not_judged}};
  EXPECT_EQ(finding.lines(), (std::vector<std::string>{"not judged: slowest of headroom: 1.000, at most 2.000"}));
  small.out.runs = {{0, {}, RunRecord::Fate::smoke}};
  EXPECT_EQ(small.lines().size(), 1u) << "a sample that is too small";
}

TEST(Shortfalls, AreNoneWhereNothingWasToBeJudged) {
  for (const auto depth : {RunOptions::Depth::smoke, RunOptions::Depth::unjudged}) {
    Full run;
    run.how.depth = depth;
    run.out.values.clear();
    EXPECT_TRUE(run.lines().empty());
    EXPECT_EQ(run.out.verdicts.at(0).says, Says::not_judged);
  }
}

ArmRun waiting(const std::string& arm, double waited, std::optional<double> told) {
  ArmRun out;
  out.arm = arm;
  out.waited = waited;
  out.harm_told = told;
  out.seconds = 10;
  out.neighbours = 2;
  return out;
}

TEST(Harm, IsHeldAgainstWhatPairingFinds) {
  const auto of = [](double waited, double told) {
    Outcomes out;
    out.raw = {waiting("static", 1, std::nullopt), waiting("headroom", waited, told)};
    add_added_wait(out, arms());
    return out.values;
  };
  EXPECT_NEAR(of(1.2, 0.1).at({"headroom", "harm_apart"}), 0.5, 1e-9) << "1 % of wall time is true, 0.5 % is told";
  EXPECT_NEAR(of(1.2, 0.3).at({"headroom", "harm_apart"}), 0.5, 1e-9) << "told too much is as wrong";
  EXPECT_FALSE(of(1.2, 0.1).contains({"headroom", "harm_apart_part"})) << "1 % is too little to judge a part by";
  EXPECT_NEAR(of(2, 0.75).at({"headroom", "harm_apart_part"}), 25, 1e-9);
  EXPECT_EQ(of(2, 0.75).size(), 2u) << "of static limits there is nothing to tell";
  Outcomes unseen;
  unseen.raw = {waiting("static", 1, std::nullopt), waiting("headroom", 2, 1)};
  for (auto& run : unseen.raw) run.waited.reset();
  add_added_wait(unseen, arms());
  EXPECT_TRUE(unseen.values.empty()) << "no pressure to be read";
}

ArmStats arm_with(const std::string& name, double step, double b, double g) {
  ArmStats out;
  out.arm = name;
  out.step.count = out.burstable.count = out.guaranteed.count = 1;
  out.step.mean = step;
  out.burstable.p95 = b;
  out.guaranteed.p95 = g;
  return out;
}

/// headroom is to be undominated; koordinator is better on all three.
struct Node {
  Scenario scenario;
  std::vector<Arm> arms = parse_arms("static,headroom,headroom-file,koordinator,nolimit,nolimit_low,kernel_burst", Twin::not_needed).value();
  Outcomes out;
  Node() {
    scenario.undominated = {"headroom"};
    scenario.beside = {"koordinator", "nolimit"};
    out.arms = {arm_with("static", 600, 4, 20),      arm_with("headroom", 400, 4, 10),   arm_with("headroom-file", 300, 3, 9),
                arm_with("koordinator", 399, 3.9, 9.9), arm_with("nolimit", 300, 3, 10), arm_with("nolimit_low", 300, 1, 5),
                arm_with("kernel_burst", 300, 5, 5)};
  }
  ArmStats& koordinator() { return out.arms[3]; }
  Says says() {
    out.findings.clear();
    add_dominance(scenario, arms, Judging::on, out);
    return out.findings.at(0).says;
  }
};

TEST(Dominance, IsToBeBetterForEverybodyAtOnce) {
  Node node;
  EXPECT_EQ(node.says(), Says::miss);
  EXPECT_EQ(node.out.findings[0].value, 1) << "nolimit is only as good for Guaranteed, the others are no rivals or worse for somebody";
  EXPECT_EQ(node.out.notes.at(0), "better than headroom on all three: koordinator");
  node.koordinator().guaranteed.p95 = 10.1;
  EXPECT_EQ(node.says(), Says::pass);
}

TEST(Dominance, IsNotJudgedAgainstHalfOfTheArms) {
  Node node;
  node.koordinator().guaranteed.p95 = 10.1;
  node.scenario.beside.push_back("captain");
  EXPECT_EQ(node.says(), Says::not_judged);
  node.koordinator().guaranteed.p95 = 9;
  EXPECT_EQ(node.says(), Says::miss) << "one that is better suffices";
  node.scenario.undominated = {"headroom-hidden"};
  EXPECT_EQ(node.says(), Says::not_judged) << "it did not run";
}

TEST(Dominance, OfAnEmptySampleIsNoPass) {
  Node ours, rivals;
  ours.out.arms[1].burstable = {};
  EXPECT_EQ(ours.says(), Says::miss);
  rivals.koordinator().burstable = {};
  EXPECT_EQ(rivals.says(), Says::not_judged) << "nor is a rival's one that is better";
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
