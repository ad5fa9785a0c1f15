#include "lab/kube.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lab/arm.hpp"

namespace headroom::lab {
namespace {

ContainerSpec container(const char* name, std::optional<MilliCpu> request, std::optional<MilliCpu> limit) {
  return {name, request, limit, {}};
}

PodSpec pod(const std::string& name, KubeQos qos, PodClass pod_class, std::vector<ContainerSpec> containers) {
  PodSpec out;
  out.name = name;
  out.qos = qos;
  out.pod_class = pod_class;
  out.containers = std::move(containers);
  return out;
}

Scenario mixed() {
  Scenario out;
  out.pods = {pod("step", KubeQos::burstable, PodClass::step, {container("main", MilliCpu{300}, MilliCpu{500})}),
              pod("open", KubeQos::burstable, PodClass::ls, {container("app", MilliCpu{200}, {}), container("aide", MilliCpu{100}, MilliCpu{200})}),
              pod("firm", KubeQos::guaranteed, PodClass::ls, {container("main", MilliCpu{250}, MilliCpu{250})}),
              pod("hog", KubeQos::best_effort, PodClass::be, {container("main", {}, {})})};
  return out;
}

const PlannedGroup& find(const std::vector<PlannedGroup>& plan, Level level, std::size_t index) {
  return *std::find_if(plan.begin(), plan.end(),
                       [&](const PlannedGroup& g) { return g.level == level && g.pod == index; });
}

TEST(KubeTree, GuaranteedPodsLieDirectlyBelowKubepods) {
  const auto plan = plan_tree(mixed(), 2, "");
  EXPECT_EQ(find(plan, Level::pod, 2).path.rfind("kubepods/pod", 0), 0u);
  EXPECT_EQ(find(plan, Level::pod, 0).path.rfind("kubepods/burstable/pod", 0), 0u);
  EXPECT_EQ(find(plan, Level::pod, 3).path.rfind("kubepods/besteffort/pod", 0), 0u);
}

TEST(KubeTree, APodHasAQuotaIfEveryContainerHasALimit) {
  const auto plan = plan_tree(mixed(), 2, "");
  EXPECT_EQ(find(plan, Level::pod, 0).quota, microseconds{50'000});
  EXPECT_EQ(find(plan, Level::pod, 1).quota, std::nullopt);
  EXPECT_EQ(find(plan, Level::pod, 2).quota, microseconds{25'000});
  EXPECT_EQ(find(plan, Level::pod, 3).quota, std::nullopt);
}

TEST(KubeTree, SharesAreSumsOfRequests) {
  const auto plan = plan_tree(mixed(), 2, "");
  EXPECT_EQ(find(plan, Level::pod, 1).shares, kube_shares({MilliCpu{300}, {}}));
  EXPECT_EQ(find(plan, Level::pod, 3).shares, Shares{2});
  for (const auto& group : plan) {
    if (group.path == "kubepods/burstable") { EXPECT_EQ(group.shares, kube_shares({MilliCpu{600}, {}})); }
    if (group.path == "kubepods/besteffort") { EXPECT_EQ(group.shares, Shares{2}); }
  }
}

TEST(KubeTree, EveryPodHasASandboxFirst) {
  const auto plan = plan_tree(mixed(), 2, "");
  for (std::size_t i = 0; i + 1 < plan.size(); ++i) {
    if (plan[i].level != Level::pod) continue;
    EXPECT_EQ(plan[i + 1].level, Level::sandbox);
    EXPECT_EQ(plan[i + 1].shares, Shares{2});
    EXPECT_EQ(plan[i + 1].quota, std::nullopt);
  }
}

TEST(KubeTree, ParentsComeFirstAndPathsAreUnique) {
  std::set<std::string> seen{""};
  for (const auto& group : plan_tree(mixed(), 2, "")) {
    const auto slash = group.path.rfind('/');
    EXPECT_TRUE(seen.count(slash == std::string::npos ? "" : group.path.substr(0, slash))) << group.path;
    EXPECT_TRUE(seen.insert(group.path).second) << group.path;
  }
}

TEST(KubeTree, LeavesOtherPhasesOut) {
  auto scenario = mixed();
  scenario.pods[3].phase = "busy";
  const auto has_hog = [&](const std::string& phase) {
    const auto plan = plan_tree(scenario, 2, phase);
    return std::any_of(plan.begin(), plan.end(), [](const PlannedGroup& g) { return g.level == Level::pod && g.pod == 3; });
  };
  EXPECT_TRUE(has_hog("busy"));
  EXPECT_FALSE(has_hog("idle"));
}

TEST(NoLimit, LiftsStepsAtBothLevelsAndNobodyElse) {
  const auto scenario = mixed();
  const auto before = plan_tree(scenario, 2, "");
  const auto after = for_arm(before, scenario, *parse_arm("nolimit_low"));
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool step = (after[i].level == Level::pod || after[i].level == Level::container) && after[i].pod == 0;
    EXPECT_EQ(after[i].quota, step ? std::nullopt : before[i].quota) << after[i].path;
    EXPECT_EQ(after[i].shares, step ? Shares{2} : before[i].shares) << after[i].path;
  }
}

TEST(NoLimit, KeepsTheWeightWithoutLow) {
  const auto scenario = mixed();
  const auto before = plan_tree(scenario, 2, "");
  const auto after = for_arm(before, scenario, *parse_arm("nolimit"));
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after[i].shares, before[i].shares);
}

TEST(DaemonConfig, NamesStepsByTheHeadOfTheirPods) {
  const auto text = daemon_config(mixed(), *parse_arm("headroom-hidden"), 2, 1234);
  EXPECT_NE(text.find(uuid_head(PodClass::step)), std::string::npos);
  EXPECT_EQ(text.find(uuid_head(PodClass::ls)), std::string::npos);
  EXPECT_NE(text.find("visibility: hidden"), std::string::npos);
}

TEST(DaemonConfig, KeepsAGivenOneButForItsPort) {
  EXPECT_EQ(with_port("version: 1\nlisten: 127.0.0.1:9478\nmode: enforce", 5), "version: 1\nmode: enforce\nlisten: 127.0.0.1:5\n");
}

}  // namespace
}  // namespace headroom::lab
