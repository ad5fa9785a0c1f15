// headroomctl config: what it says of keys, values and groups.
#include "agent/ctl_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/config_json.hpp"
#include "config/keys.hpp"
#include "policies/policy.hpp"
#include "tests/config/documents.hpp"

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
}

/// Path -> where its value comes from.
std::map<std::string, std::string> origins(const Explained& what) {
  std::map<std::string, std::string> out;
  const auto told = nlohmann::json::parse(explain_config(what, "", ExplainAs::json).out);
  for (const auto& row : told.at("keys")) out[row.at("path").get<std::string>()] = row.at("from").get<std::string>();
  return out;
}

/// "classes[].match[].qos" as the first of its list, "sources.*.ca" as kubelet's.
std::string first_of(std::string_view key) {
  std::string path(key);
  for (auto at = path.find("[]"); at != std::string::npos; at = path.find("[]")) path.replace(at, 2, "[0]");
  if (const auto star = path.find('*'); star != std::string::npos) path.replace(star, 1, "kubelet");
  return path;
}

TEST(ConfigExplain, EveryKeyThatIsSetComesFromItsLineAndColumnAndWhatIsNotSetFromTheDefault) {
  const auto unset = origins(of(""));
  for (const auto& [path, from] : unset) EXPECT_EQ(from, path.starts_with("tuning.") ? "policy headroom" : "built-in default") << path;
  test::Documents documents(7);
  int checked = 0;
  for (const Key& key : keys()) {
    const bool section = key.form == Form::map || key.form == Form::maps || key.form == Form::entries || key.form == Form::parameters;
    if (section) continue;
    std::string value = key.path == "policy" ? "headroom" : documents.value_of(key);   // another one has other parameters
    while (value.front() == '{' && key.form == Form::word_or_map) value = documents.value_of(key);   // its keys are asked one by one
    const std::string document = test::document(key, value), text = "# of the node\n\n" + document;
    const auto column = document.rfind(std::string(name_of(key)) + ": " + value) + name_of(key).size() + 3;
    const auto got = origins(of(text));
    ASSERT_TRUE(got.contains(first_of(key.path))) << text;
    EXPECT_EQ(got.at(first_of(key.path)), fmt::format("headroom.yaml:3:{}", column)) << text;
    for (const auto& [path, from] : got) {
      const bool beside = document.find(path.substr(path.rfind('.') + 1) + ": ") != std::string::npos;   // a class needs a name and a match
      if (path != first_of(key.path) && unset.contains(path) && !beside) {
        EXPECT_EQ(from, unset.at(path)) << path << " in " << text;
      }
    }
    ++checked;
  }
  EXPECT_GE(checked, 50);
  for (const ParamDoc& doc : policy_docs("headroom")) {
    const std::string text = fmt::format("policy: headroom\ntuning:\n  {}: {}\n", doc.name, doc.fallback);
    for (const auto& [path, from] : origins(of(text)))
      if (path.starts_with("tuning.")) {
        EXPECT_EQ(from, path.substr(7) == doc.name ? fmt::format("headroom.yaml:3:{}", doc.name.size() + 5) : "policy headroom") << path;
      }
  }
}

TEST(ConfigExplain, WhatTheCommandLineOrTheNodeSaysComesBeforeTheFileAndIsNamed) {
  Explained what = of("mode: observe\npolicy: headroom\n");
  what.overrides = {{"mode", "enforce", "raised by rollout[0]"}, {"policy", "koordinator", "command line (--policy)"},
                    {"tuning.cpuBurstPercent", "200", "slo.yaml (--koordinator-config)"}};
  EXPECT_THAT(explain_config(what, "mode", ExplainAs::text).out, HasSubstr("in force  enforce  (raised by rollout[0])"));
  EXPECT_THAT(explain_config(what, "policy", ExplainAs::text).out, HasSubstr("in force  koordinator  (command line (--policy))"));
  EXPECT_THAT(explain_config(what, "tuning.cpuBurstPercent", ExplainAs::text).out, HasSubstr("in force  200  (slo.yaml (--koordinator-config))"));
  EXPECT_THAT(explain_config(what, "tuning.policy", ExplainAs::text).out, HasSubstr("(policy koordinator)")) << "of the policy in force";
  EXPECT_THAT(explain_config(what, "tuning.hold", ExplainAs::text).error, Not(IsEmpty())) << "of the other one";
  what = of("annotations: {headroom.io/up-to: {max: 3 cores}}\n");
  EXPECT_THAT(explain_config(what, "classes.borrow.upTo", ExplainAs::text).out,
              HasSubstr("unless    a pod's annotation headroom.io/up-to says otherwise, up to 3 cores (headroom.yaml:1:"));
}

TEST(ConfigExplain, TheDaemonsAnswerCarriesWhatItsCommandLineOverrides) {
  Loaded loaded;
  loaded.text = "mode: observe\n";
  loaded.overrides = {{"mode", "enforce", "command line (--mode)"}};
  EXPECT_EQ(parse_config_json(config_json({}, loaded, nullptr)).overrides, loaded.overrides);
  EXPECT_EQ(parse_config_json(config_json({}, loaded, nullptr)).text, loaded.text);
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
