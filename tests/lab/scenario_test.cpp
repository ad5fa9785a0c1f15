#include "lab/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "lab/arm.hpp"
#include "lab/paths.hpp"
#include "policies/policy.hpp"

namespace headroom::lab {
namespace {

const std::string kHead = "scenario: x\ndescription: y\nkind: steady\npods:\n";

std::string pod(const std::string& qos, const std::string& cpu, const std::string& load = "{kind: spin}") {
  return kHead + "  - name: p\n    qos: " + qos + "\n    class: ls\n    containers:\n      - {name: c, " + cpu +
         "load: " + load + "}\n";
}

std::string fault(const std::string& text) {
  const auto got = parse_scenario(text, "x.yaml");
  return got ? "" : got.error().where + ": " + got.error().detail;
}

TEST(Scenario, ReadsAPod) {
  const auto got = parse_scenario(pod("burstable", "request: 300m, limit: 0.5, ",
                                      "{kind: burst, threads: 2, cpu: 75ms, pause: 0.8s}"), "x.yaml");
  ASSERT_TRUE(got) << got.error().where << got.error().detail;
  const auto& c = got->pods.at(0).containers.at(0);
  EXPECT_EQ(c.request, MilliCpu{300});
  EXPECT_EQ(c.limit, MilliCpu{500});
  EXPECT_EQ(c.load.cpu, milliseconds{75});
  EXPECT_EQ(c.load.pause, milliseconds{800});
  EXPECT_EQ(c.load.threads, 2);
}

TEST(Scenario, RefusesWhatItDoesNotKnowAndSaysWhere) {
  EXPECT_EQ(fault(kHead + "  - name: p\n    colour: red\n    qos: besteffort\n    class: be\n    containers:\n"
                          "      - {name: c, load: {kind: spin}}\n"),
            "x.yaml:6:5: pods[0].colour: unknown key, want one of name, qos, class, replicas, scale, phase, containers");
  EXPECT_NE(fault(pod("besteffort", "", "{kind: spin, speed: 2}")).find("pods[0].containers[0].load.speed"),
            std::string::npos);
}

TEST(Scenario, RefusesAKeyGivenTwice) {
  EXPECT_NE(fault("scenario: a\nscenario: b\n").find("given twice"), std::string::npos);
}

TEST(Scenario, RefusesWrongUnits) {
  EXPECT_NE(fault(pod("burstable", "request: 300x, ")), "");
  EXPECT_NE(fault(pod("burstable", "request: 300m, ", "{kind: burst, cpu: 75}")), "");
  EXPECT_NE(fault(pod("burstable", "request: 300m, ", "{kind: burst, cpu: 75min}")), "");
  EXPECT_NE(fault(pod("burstable", "request: 300m, ", "{kind: spin, threads: 1.5}")), "");
  for (const std::string number : {"nan", "inf", "1e9"}) {
    EXPECT_NE(fault(pod("burstable", "request: " + number + ", ")), "");
    EXPECT_NE(fault(pod("burstable", "request: 300m, ", "{kind: burst, cpu: " + number + "s}")), "");
    EXPECT_NE(fault(pod("burstable", "request: 300m, ", "{kind: request, cpu: 1ms, rate: " + number + "}")), "");
  }
}

TEST(Scenario, RefusesQosThatContradictsTheResources) {
  EXPECT_NE(fault(pod("guaranteed", "request: 100m, limit: 200m, ")), "");
  EXPECT_EQ(fault(pod("guaranteed", "request: 200m, limit: 200m, ")), "");
  EXPECT_NE(fault(pod("besteffort", "request: 200m, ")), "");
  EXPECT_NE(fault(pod("burstable", "")), "");
}

TEST(Scenario, RefusesLoadsWithoutTheirAmounts) {
  EXPECT_NE(fault(pod("besteffort", "", "{kind: request, cpu: 1ms}")), "");
  EXPECT_NE(fault(pod("besteffort", "", "{kind: burst}")), "");
}

TEST(Scenario, RefusesWhatLacksAKeyItNeedsAndListsThatAreEmpty) {
  EXPECT_EQ(fault(kHead + "  - {qos: besteffort, class: be, containers: [{name: c, load: {kind: spin}}]}\n"),
            "x.yaml:5:5: pods[0]: want the key name");
  EXPECT_NE(fault("scenario: x\ndescription: y\nkind: steady\npods: []\n").find("x.yaml:4:7: pods"), std::string::npos);
  EXPECT_NE(fault("scenario: x\ndescription: y\nkind: steady\n").find("want the key pods"), std::string::npos);
  EXPECT_NE(fault(kHead + "  - {name: p, qos: besteffort, class: be, containers: []}\n").find("pods[0].containers"), std::string::npos);
}

TEST(Scenario, RefusesBrokenText) {
  EXPECT_NE(fault("scenario: [x"), "");
  EXPECT_NE(fault("- a\n- b\n"), "");
}

TEST(Scenario, OfKindRuntimesEveryStepSaysWhatItBecomes) {
  const auto launcher = [](const std::string& then) {
    return "scenario: x\ndescription: y\nkind: runtimes\npods:\n  - name: p\n    qos: burstable\n    class: step\n    containers:\n"
           "      - {name: c, request: 100m, load: {kind: job, cpu: 1s" + then + "}}\n";
  };
  EXPECT_EQ(fault(launcher(", then: jvm")), "");
  EXPECT_EQ(fault(launcher("")), "x.yaml:5:3: pods: every step needs a job that says what it becomes: then: jvm or then: go");
  EXPECT_NE(fault(launcher(", then: rust")).find("jvm or go"), std::string::npos);
}

TEST(Scenario, RequestsHaveToFit) {
  const auto got = parse_scenario(pod("burstable", "request: 1500m, "), "x.yaml");
  ASSERT_TRUE(got);
  EXPECT_TRUE(check_fits(*got, 2));
  EXPECT_FALSE(check_fits(*got, 1));
  const auto allowed = parse_scenario("overcommitted: true\n" + pod("burstable", "request: 1500m, "), "x.yaml");
  ASSERT_TRUE(allowed);
  EXPECT_TRUE(check_fits(*allowed, 1));
}

TEST(Scenario, ReplicasGrowWithTheNodeWhereAskedFor) {
  Scenario scenario;
  PodSpec pod;
  pod.replicas = 4;
  EXPECT_EQ(replicas_on(pod, scenario, 64), 4);
  pod.scale = Scale::node;
  EXPECT_EQ(replicas_on(pod, scenario, 2), 4);
  EXPECT_EQ(replicas_on(pod, scenario, 8), 16);
  EXPECT_EQ(replicas_on(pod, scenario, 1), 2);
}

/// Four neighbour groups: two in other Burstable pods, two in Guaranteed ones, 5 % of a CPU each or as named.
TEST(Scenario, EveryOneThatIsShippedIsReadAndFits) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(HEADROOM_SOURCE_DIR) + "/lab/scenarios")) {
    const auto got = load_scenario(entry.path(), "");
    ASSERT_TRUE(got) << got.error().where << ": " << got.error().detail;
    EXPECT_EQ(got->name, entry.path().stem());
    for (const int cpus : {2, 4, 64}) EXPECT_TRUE(check_fits(*got, cpus)) << got->name << " on " << cpus;
    for (const auto& bar : got->bars) EXPECT_TRUE(parse_arm(bar.arm)) << bar.arm;
    ++found;
  }
  EXPECT_EQ(found, 14);
}

std::set<std::string> arms_named(const Scenario& scenario) {
  std::set<std::string> out(scenario.beside.begin(), scenario.beside.end());
  out.insert(scenario.undominated.begin(), scenario.undominated.end());
  for (const auto& bar : scenario.bars) {
    out.insert(bar.arm);
    if (!bar.against.empty()) out.insert(bar.against);
  }
  return out;
}

/// Those that `lab SCENARIO ARMS TITLE` in its evidence runs, and static limits, which run where neighbours are judged.
std::set<std::string> arms_run(const Scenario& scenario) {
  std::istringstream script(read_text(std::string(HEADROOM_SOURCE_DIR) + "/tests/evidence/" + scenario.name + ".sh").value());
  for (std::string word, name, list; script >> word;) {
    if (word != "lab" || !(script >> name >> list) || name != scenario.name) continue;
    std::set<std::string> out;
    if (scenario.kind != Kind::startup && scenario.kind != Kind::relief) out.insert("static");
    const auto arms = parse_arms(list, Twin::not_needed).value();   // range-for keeps no reference into a Result alive
    for (const auto& arm : arms) out.insert(arm.name);
    return out;
  }
  return {};
}

TEST(Scenario, ItsEvidenceRunsEveryArmThatItsBarsName) {
  for (const auto& entry : std::filesystem::directory_iterator(std::string(HEADROOM_SOURCE_DIR) + "/lab/scenarios")) {
    const auto scenario = load_scenario(entry.path(), "").value();
    if (scenario.name == "demo") continue;   // quickstart.sh runs it, and nothing of it is judged
    EXPECT_FALSE(scenario.bars.empty()) << scenario.name;
    const auto run = arms_run(scenario);
    for (const auto& arm : arms_named(scenario)) EXPECT_TRUE(run.contains(arm)) << scenario.name << ": " << arm;
  }
}

TEST(Scenario, WhereNobodyMayBeBetterEveryPeerRuns) {
  for (const char* name : {"contended", "mixed_node", "first_relief"}) {
    const auto beside = load_scenario(name, "").value().beside;
    for (const auto use : {PolicyUse::production, PolicyUse::lab})
      for (const auto policy : policy_names(use)) {
        if (policy == "headroom" || policy == "static" || policy == "harmful") continue;   // ours, no policy, and nobody's
        EXPECT_NE(std::find(beside.begin(), beside.end(), policy), beside.end()) << name << ": " << policy;
      }
  }
}

TEST(Arms, TwinsAreAddedAndNothingTwice) {
  const auto got = parse_arms("nolimit,static,nolimit", Twin::needed);
  ASSERT_TRUE(got);
  std::vector<std::string> names;
  for (const auto& arm : *got) names.push_back(arm.name);
  EXPECT_EQ(names, (std::vector<std::string>{"static", "static2", "nolimit"}));
}

TEST(Arms, AnUnknownOneIsRefusedWithTheList) {
  const auto got = parse_arms("koordinatr", Twin::not_needed);
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().detail.find("headroom-hidden"), std::string::npos);
}

}  // namespace
}  // namespace headroom::lab
