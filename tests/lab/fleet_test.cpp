// Many simulated nodes: the same answer however the work is shared out, and each node's can be had again by its seed.
#include "lab/fleet.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "lab/draw.hpp"
#include "lab/paths.hpp"

namespace headroom::lab {
namespace {

Scenario drawn(std::uint64_t seed) { return parse_scenario(draw_scenario(seed), "drawn.yaml").value(); }

FleetOptions options(int nodes, int threads, const std::string& arms = "headroom,static,nolimit") {
  return {parse_arms(arms, Twin::not_needed, NodeKind::simulated).value(), nodes, seconds{3}, threads};
}

TEST(Fleet, NeitherThreadsNorOrderDecideAnything) {
  const auto scenario = drawn(3);
  const auto one = run_fleet({.cpus = 2, .seed = 5}, scenario, options(7, 1)).value();
  const auto three = run_fleet({.cpus = 2, .seed = 5}, scenario, options(7, 3)).value();
  EXPECT_EQ(to_text(one, scenario, Style::plain), to_text(three, scenario, Style::plain));
}

TEST(Fleet, TheWorstNodeIsWorstAgainByItsSeed) {
  const auto scenario = load_scenario("fanout", "").value();
  const auto fleet = run_fleet({.cpus = 2, .seed = 1}, scenario, options(6, 2)).value();
  ASSERT_EQ(fleet.arms.front().name, "static");
  const auto& seen = fleet.arms[1].burstable_p95;
  ASSERT_EQ(seen.all.count(), 6U);
  const auto again = run_fleet({.cpus = 2, .seed = seen.worst_seed}, scenario, options(1, 1)).value();
  EXPECT_EQ(again.arms[1].burstable_p95.worst, seen.worst);
  EXPECT_EQ(seen.all.quantile(1000), static_cast<double>(seen.worst));
}

TEST(Fleet, RunsAWorkflowToItsEnd) {
  const auto fleet = run_fleet({.cpus = 2, .seed = 1}, load_scenario("churn", "").value(), options(1, 1, "static")).value();
  EXPECT_EQ(fleet.arms.at(0).step.count(), 200U);
}

TEST(Fleet, RefusesWhatItCannotPool) {
  const auto startup = run_fleet({}, load_scenario("startup", "").value(), options(2, 1));
  ASSERT_FALSE(startup);
  EXPECT_EQ(startup.error().where, "--nodes");
  EXPECT_FALSE(run_fleet({}, drawn(1), options(2, 1, "nolimit")));
}

TEST(Fleet, AnErrorOfOneNodeIsTheFleets) {
  SimBench bench{.cpus = 2, .seed = 1, .interrupted = [] { return true; }};
  const auto stopped = run_fleet(bench, drawn(2), options(50, 2));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().detail, "interrupted");
}

TEST(Draw, EverySeedIsAScenarioThatFits) {
  std::size_t kinds = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto scenario = parse_scenario(draw_scenario(seed), "drawn.yaml");
    ASSERT_TRUE(scenario) << scenario.error().where << ": " << scenario.error().detail << "\n" << draw_scenario(seed);
    EXPECT_TRUE(check_fits(*scenario, 2)) << draw_scenario(seed);
    kinds += scenario->pods.size();
    EXPECT_TRUE(std::any_of(scenario->pods.begin(), scenario->pods.end(), [](const PodSpec& p) { return p.pod_class == PodClass::step; })) << seed;
  }
  EXPECT_GT(kinds, 300U * 3);
  EXPECT_EQ(draw_scenario(9), draw_scenario(9));
  EXPECT_NE(draw_scenario(9), draw_scenario(10));
}

}  // namespace
}  // namespace headroom::lab
