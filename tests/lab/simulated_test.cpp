// Scenarios on a simulated node: the same arms and tables, the same bytes for the same seed.
#include "lab/simulated.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "lab/paths.hpp"
#include "lab/record.hpp"
#include "lab/report.hpp"
#include "policies/policy.hpp"

namespace headroom::lab {
namespace {

Scenario named(const std::string& name) { return load_scenario(name, "").value(); }

Outcomes run(const std::string& scenario, const std::string& arms, int seconds_each, std::uint64_t seed = 1) {
  const SimBench bench{.cpus = 2, .seed = seed};
  const RunOptions how{.arms = parse_arms(arms, Twin::needed, NodeKind::simulated).value(), .rounds = 1,
                       .length = seconds{seconds_each}, .depth = RunOptions::Depth::smoke};
  return run_simulated(bench, named(scenario), how).value();
}

const ArmStats& arm(const Outcomes& outcomes, const std::string& name) {
  return *std::find_if(outcomes.arms.begin(), outcomes.arms.end(), [&](const ArmStats& a) { return a.arm == name; });
}

TEST(Simulated, TheSameSeedGivesTheSameBytes) {
  const auto bytes = [](std::uint64_t seed) { return to_json(record_of(named("fanout"), run("fanout", "headroom", 5, seed), "x", "y")); };
  EXPECT_EQ(bytes(1), bytes(1));
  EXPECT_NE(bytes(1), bytes(2));
}

TEST(Simulated, LimitsThrottleStepsAndDeletedOnesDoNot) {
  const auto out = run("fanout", "nolimit,headroom-file,oracle", 10);
  const auto& fixed = arm(out, "static");
  EXPECT_GT(fixed.throttled_container, 1);
  EXPECT_EQ(arm(out, "nolimit").throttled_container + arm(out, "nolimit").throttled_pod, 0);
  EXPECT_LT(arm(out, "nolimit").step.mean, fixed.step.mean * 0.7);
  EXPECT_LT(arm(out, "headroom-file").step.mean, fixed.step.mean * 0.7);
  EXPECT_GT(arm(out, "headroom-file").refills_per_group_second, 0);
  EXPECT_LE(arm(out, "oracle").burstable.p99, 1.2) << "0.5 ms of work each, and nobody in front";
}

TEST(Simulated, TwinsAreEqual) {
  const auto out = run("contended", "", 5);
  EXPECT_EQ(arm(out, "static").step.mean, arm(out, "static2").step.mean);
  EXPECT_EQ(arm(out, "static").guaranteed.p99, arm(out, "static2").guaranteed.p99);
}

TEST(Simulated, EverythingIsPutBackAtTheEnd) {
  for (const char* scenario : {"fanout", "contended", "wakeup"}) {
    const auto out = run(scenario, "headroom,headroom-file,headroom-hidden", 15);
    for (const auto& note : out.notes) EXPECT_EQ(note.find("not put back"), std::string::npos) << note;
  }
}

/// Every scenario that is shipped under every policy that there is.
TEST(Simulated, EveryPolicyRunsEveryScenarioAndLeavesNothingBehind) {
  std::string arms = "nolimit,nolimit_low,oracle,headroom,headroom-file,headroom-hidden,headroom-static";
  for (const auto use : {PolicyUse::production, PolicyUse::lab})
    for (const auto policy : policy_names(use))
      if (policy != "headroom" && policy != "static") arms += "," + std::string(policy);
  int scenarios = 0;
  for (const auto& file : std::filesystem::directory_iterator(HEADROOM_SOURCE_DIR "/lab/scenarios")) {
    const auto name = file.path().stem().string();
    if (const auto kind = named(name).kind; kind == Kind::runtimes || kind == Kind::relief) continue;   // for a real kernel
    const auto out = run(name, arms, 14);
    EXPECT_FALSE(out.arms.empty() && out.findings.empty()) << name;
    for (const auto& note : out.notes) EXPECT_EQ(note.find("not put back"), std::string::npos) << name << ": " << note;
    ++scenarios;
  }
  EXPECT_GE(scenarios, 12);
}

TEST(Simulated, AWorkflowEndsSoonerWithoutLimitsAndCountsEveryStep) {
  const auto out = run("churn", "nolimit,headroom", 1);
  EXPECT_EQ(arm(out, "static").step.count, 10u) << "a smoke's";
  EXPECT_LT(arm(out, "nolimit").makespan, arm(out, "static").makespan);
  EXPECT_LE(arm(out, "headroom").makespan, arm(out, "static").makespan);
}

TEST(Simulated, AStartOfTenMillisecondsADecisecondTakesThirtySeconds) {
  const auto out = run("startup", "static,nolimit", 1);
  for (const auto& finding : out.findings) {
    const bool limited = finding.arm.starts_with("static");
    if (finding.name.find("throttled") != std::string::npos) {
      EXPECT_TRUE(limited ? finding.value > 25 : finding.value == 0) << finding.arm << ": " << finding.name;
      continue;
    }
    const double want = limited ? 30 : finding.name.starts_with("one") ? 3 : 1.5;
    EXPECT_NEAR(finding.value, want, want * 0.02) << finding.arm << ": " << finding.name;
  }
}

TEST(Simulated, OraclesGainIsToldForEveryArmAndIsNoMoreThanAll) {
  const auto gains = [](const Outcomes& out) {
    std::map<std::string, double> all;
    for (const auto& f : out.findings)
      if (f.name.starts_with("part of oracle's gain")) all[f.arm + f.name.substr(24)] = f.value;
    return all;
  };
  const auto steady = gains(run("fanout", "nolimit,headroom-file,oracle", 60));   // in ten seconds chance tells more
  ASSERT_EQ(steady.size(), 2U) << "the step mean of two arms";
  for (const auto& [arm, gain] : steady) EXPECT_TRUE(gain > 50 && gain < 110) << arm << " " << gain;
  EXPECT_EQ(gains(run("churn", "headroom,oracle", 1)).size(), 2U) << "step mean and makespan";
  EXPECT_TRUE(gains(run("fanout", "headroom-file", 3)).empty()) << "without oracle";
  const auto refused = run_simulated({}, named("runtimes"), {.arms = parse_arms("static", Twin::not_needed).value()});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("real kernel"), std::string::npos);
}

TEST(SimulatedArms, AreRefusedOnARealNode) {
  EXPECT_TRUE(parse_arm("oracle", NodeKind::simulated));
  EXPECT_NE(parse_arm("oracle").error().detail.find("--simulate"), std::string::npos);
  EXPECT_EQ(parse_arm("headroom").value().visibility, "auto");
  EXPECT_FALSE(parse_arm("orakel", NodeKind::simulated));
  EXPECT_EQ(parse_arm("static", NodeKind::simulated).value().kind, ArmKind::fixed) << "the arm comes before the policy";
}

}  // namespace
}  // namespace headroom::lab
