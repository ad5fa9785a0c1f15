// headroomctl config: what it says of keys, values and groups.
#include "agent/ctl_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "config/keys.hpp"
#include "policies/policy.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Explained of(const std::string& text) {
  Explained what;
  what.values = Explained::Values::known;
  what.text = text;
  what.file = "headroom.yaml";
  return what;
}

std::string explained(const std::string& text, const std::string& path) {
  const auto explanation = explain_config(of(text), path, ExplainAs::text);
  return explanation.error.empty() ? explanation.out : explanation.error;
}

TEST(ConfigExplain, EveryKeyAndEveryParameterIsExplainedWithAndWithoutADaemon) {
  for (const Explained& what : {of(""), Explained{}}) {
    for (const Key& key : keys()) {
      if (key.path.empty()) continue;
      const auto explanation = explain_config(what, key.path, ExplainAs::text);
      EXPECT_THAT(explanation.error, IsEmpty()) << key.path;
      EXPECT_THAT(explanation.out, Not(IsEmpty())) << key.path;
    }
    for (const auto name : policy_names(PolicyUse::production)) {
      if (what.values == Explained::Values::known && name != "headroom") continue;   // that one is in force
      for (const ParamDoc& doc : policy_docs(name))
        EXPECT_THAT(explain_config(what, "tuning." + std::string(doc.name), ExplainAs::text).out, HasSubstr(std::string(doc.meaning)));
    }
  }
}

TEST(ConfigExplain, ParametersOfThePolicyInForceAreShownAndThoseOfTheLabNever) {
  EXPECT_THAT(explained("policy: koordinator\n", "tuning.policy"), HasSubstr("one of none, cpuBurstOnly, cfsQuotaBurstOnly, auto"));
  EXPECT_THAT(explain_config(Explained{}, "tuning.targetPermille", ExplainAs::text).error, Not(IsEmpty()));
}

TEST(ConfigExplain, AValueIsShownWithWhereItComesFrom) {
  const std::string text = "node: {target: 80%}\ntuning: {hold: 500}\n";
  const auto target = explained(text, "node.target");
  EXPECT_THAT(target, HasSubstr("auto or 1..100%"));
  EXPECT_THAT(target, HasSubstr("default   auto"));
  EXPECT_THAT(target, HasSubstr("in force  80%  (headroom.yaml:1:16)"));
  EXPECT_THAT(explained(text, "node.onBlind"), HasSubstr("in force  restore  (built-in default)"));
  EXPECT_THAT(explained(text, "tuning.hold"), HasSubstr("in force  500  (headroom.yaml:2:16)"));
  EXPECT_THAT(explained(text, "tuning.least"), HasSubstr("in force  50  (policy headroom)"));
  Explained overridden = of("mode: observe\n");
  overridden.mode_option = "enforce";
  EXPECT_THAT(explain_config(overridden, "mode", ExplainAs::text).out, HasSubstr("in force  enforce  (command line (--mode))"));
}

TEST(ConfigExplain, OfAListEveryItemIsShownOrTheOneThatIsAskedFor) {
  const std::string text = "classes:\n- {name: a, match: [{qos: Burstable}], borrow: {upTo: 3 cores}}\n- {name: b, match: [{path: b}], borrow: {}}\n";
  const auto all = explained(text, "classes.borrow.upTo");
  EXPECT_THAT(all, HasSubstr("classes[0].borrow.upTo: 3 cores  (headroom.yaml:2:55)"));
  EXPECT_THAT(all, HasSubstr("classes[1].borrow.upTo: 8 cores  (built-in default)"));
  const auto second = explained(text, "classes[1]");
  EXPECT_THAT(second, HasSubstr("classes[1].name: b"));
  EXPECT_THAT(second, Not(HasSubstr("classes[0]")));
  EXPECT_THAT(explained("", "classes.borrow.start"), HasSubstr("classes[0].borrow.start: 20s  (built-in default)"));
}

TEST(ConfigExplain, AnUnknownKeyIsAnsweredWithThoseThatMayBeMeant) {
  EXPECT_THAT(explained("", "upTo"), HasSubstr("did you mean classes[].borrow.upTo?"));
  EXPECT_THAT(explained("", "node.targt"), HasSubstr("did you mean node.target?"));
  EXPECT_THAT(explained("", "zzz"), HasSubstr("no such key"));
}

TEST(ConfigExplain, TheOverviewNamesEveryValueOnce) {
  const auto all = nlohmann::json::parse(explain_config(of(""), "", ExplainAs::json).out).at("keys");
  std::set<std::string> paths;
  for (const auto& row : all) {
    EXPECT_TRUE(paths.insert(row.at("path")).second) << row;
    EXPECT_TRUE(row.contains("from")) << row;
  }
  for (const char* path : {"version", "mode", "node.target", "classes[0].borrow.credit", "sources.apiServer", "tuning.hold"}) {
    EXPECT_TRUE(paths.contains(path)) << path;
  }
}

const std::string kRules =
    "classes:\n- {name: spared, match: [{podLabels: {a: b}, path: \"**\"}]}\n"
    "- {name: step, match: [{qos: Guaranteed}, {path: [\"s/*\", \"x/**\"]}], borrow: {upTo: 2 cores}}\n";

TEST(ConfigTest, GroupsAreOfTheClassAndRuleThatTheDaemonWouldGiveThem) {
  const auto groups = parse_groups("# ours\ns/one = step\n/s/one = spared\nother\nx/y = step\nsystem.slice/a.service = system  # never\n"
      "kubepods/pod11111111-2222-3333-4444-555555555555\n", "groups");
  EXPECT_THAT(groups.errors, IsEmpty());
  ASSERT_EQ(groups.groups.size(), 6U);
  const auto tested = test_groups(groups, kRules, "headroom.yaml", ExplainAs::text);
  EXPECT_EQ(tested.wrong, 1U);
  EXPECT_THAT(tested.out, HasSubstr("classes[1].match[1] (headroom.yaml:3:43)"));
  EXPECT_THAT(tested.out, HasSubstr("WRONG /s/one: want class spared, got step"));
  EXPECT_THAT(tested.out, HasSubstr("no rule matches"));
  EXPECT_THAT(tested.out, HasSubstr("classes[0] (spared) may mean it"));
}

TEST(ConfigTest, PodsOfTheApiServerAreGroupsToo) {
  const auto groups = parse_groups(
      R"({"items": [{"metadata": {"namespace": "n", "name": "p", "uid": "11111111-2222-3333-4444-555555555555"},
          "spec": {"containers": [{"name": "main"}]}, "status": {"qosClass": "Guaranteed", "containerStatuses": [{"name": "main", "containerID": "containerd://)" + std::string(64, 'a') + R"("}]}}]})",
      "pods.json");
  EXPECT_THAT(groups.errors, IsEmpty());
  ASSERT_EQ(groups.groups.size(), 1U);
  EXPECT_EQ(groups.groups[0].name, "n/p/main");
  const auto tested = nlohmann::json::parse(test_groups(groups, kRules, "headroom.yaml", ExplainAs::json).out);
  EXPECT_EQ(tested.at("groups").at(0).at("class"), "step");
  EXPECT_THAT(parse_groups("{\"items\": [{}]}", "pods.json").errors, testing::SizeIs(1));
  EXPECT_THAT(parse_groups("{", "pods.json").errors, testing::SizeIs(1));
  EXPECT_THAT(parse_groups("a = \n", "groups").errors, testing::ElementsAre(HasSubstr("groups:1:")));
}

}  // namespace
}  // namespace headroom
