#include "config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace headroom {

// What a failing comparison prints.
void PrintTo(const Error& error, std::ostream* out) { *out << error.where << ": " << error.detail; }

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string golden(const std::string& name) {
  std::ifstream file(HEADROOM_SOURCE_DIR "/tests/golden/" + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The text under `headroom.yaml: |` of a ConfigMap.
std::string value_of_config_map(const std::string& name) {
  std::istringstream lines(golden(name));
  std::string line, text;
  bool inside = false;
  while (std::getline(lines, line)) {
    if (inside) text += (line.size() > 4 ? line.substr(4) : "") + "\n";
    if (line == "  headroom.yaml: |") inside = true;
  }
  return text;
}

std::vector<Error> faults_of(const std::string& text) {
  const auto config = parse_config(text, "headroom.yaml");
  return config ? std::vector<Error>{} : config.error();
}

/// The one fault of a text, as a reader sees it.
std::string fault_of(const std::string& text) {
  const auto faults = faults_of(text);
  if (faults.size() != 1) return "faults: " + std::to_string(faults.size());
  EXPECT_EQ(faults[0].code, Errc::malformed);
  return faults[0].where + ": " + faults[0].detail;
}

Config config_of(const std::string& text) {
  const auto config = parse_config(text, "headroom.yaml");
  if (config) return *config;
  for (const auto& fault : config.error()) ADD_FAILURE() << fault.where << ": " << fault.detail;
  return Config{};
}

const std::string kClass = "classes: [{name: work, match: [{path: \"a/**\"}], ";

TEST(Config, AnEmptyTextIsValid) {
  for (const auto* text : {"", "\n", "# nothing\n", "{}", "---\n", "\xef\xbb\xbf"}) {
    const auto config = config_of(text);
    EXPECT_EQ(config.mode, Mode::observe) << text;
    EXPECT_EQ(config.policy, "headroom");
    EXPECT_EQ(config.listen, "127.0.0.1:9478");
    EXPECT_TRUE(config.restore_when_blind);
    EXPECT_EQ(config.target_percent, std::nullopt);
    EXPECT_EQ(config.contract_window, seconds{60});
    EXPECT_THAT(config.warnings, IsEmpty()) << text;
  }
}

TEST(Config, TheSampleIsValidAndNamesWhatIsNotInForceOnceEach) {
  const auto config = config_of(value_of_config_map("configmap-headroom.yaml"));
  ASSERT_EQ(config.classes.size(), 4U);
  EXPECT_EQ(config.classes[0].rule.name, "step");
  EXPECT_EQ(config.classes[0].rule.borrow, BorrowRule{});
  EXPECT_EQ(config.classes[1].rule.borrow->up_to, MilliCpu{2000});
  EXPECT_EQ(config.classes[1].rule.borrow->visibility, Visibility::hidden);
  EXPECT_FALSE(config.classes[2].rule.borrow);
  EXPECT_EQ(config.classes[0].match[0].engines.size(), 12U);
  EXPECT_EQ(config.classes[0].match[1].ports, (std::pair{26000, 27000}));
  EXPECT_EQ(config.classes[1].match[0].namespaces, (std::vector<std::string>{"argo", "flyte", "kuberay"}));
  EXPECT_EQ(config.classes[2].match[0].pod_labels.at("tier"), "latency");
  EXPECT_EQ(config.annotations.up_to_max, MilliCpu{4000});
  EXPECT_EQ(config.classes[2].match[1].qos, KubeQos::guaranteed);
  ASSERT_EQ(config.rollout.size(), 2U);
  EXPECT_EQ(config.rollout[1].enforce, 10'000);
  EXPECT_EQ(config.rollout[1].only, (Restriction{5'000, {"chem-flows", "ml-flows"}}));
  for (const auto* key : {" perNamespace is", " cap is", " breaker is"}) {
    EXPECT_THAT(config.warnings, testing::Contains(HasSubstr(key)).Times(1)) << key;
  }
  EXPECT_TRUE(config.label_by_nfd && config.annotations.koordinator);
  EXPECT_EQ(config.warnings.size(), 3U);
  EXPECT_THAT(config.warnings, testing::Each(StartsWith("headroom.yaml:")));
}

TEST(Config, TheInvalidSampleGivesItsFaultsAtTheirPlacesAndNoOthers) {
  const auto expected = nlohmann::json::parse(golden("configmap-headroom-invalid.expected.json"));
  std::vector<std::string> places;
  for (const auto& fault : expected.at("faults")) {
    places.push_back("headroom.yaml:" + std::to_string(fault.at("line").get<int>()) + ":" +
                     std::to_string(fault.at("column").get<int>()) + ": " + fault.at("path").get<std::string>());
  }
  std::vector<std::string> got;
  for (const auto& fault : faults_of(value_of_config_map("configmap-headroom-invalid.yaml"))) got.push_back(fault.where);
  EXPECT_THAT(got, testing::ElementsAreArray(places));
}

TEST(Config, AFaultSaysWhatIsWantedAndWhatWasGot) {
  EXPECT_EQ(fault_of("classes:\n  - name: a\n    match: [{qos: Burstable}]\n    borrow: {upTo: 8 cpus}\n"),
            "headroom.yaml:4:20: classes[0].borrow.upTo: want 0.1..64 cores (\"8 cores\"), got \"8 cpus\"");
  EXPECT_EQ(fault_of("mode: observ"), "headroom.yaml:1:7: mode: want off | observe | enforce, got \"observ\"; did you mean observe?");
  EXPECT_EQ(fault_of("mdoe: observe"), "headroom.yaml:1:1: mdoe: unknown key; did you mean mode?");
  EXPECT_THAT(fault_of("zzz: 1"), StartsWith("headroom.yaml:1:1: zzz: unknown key, want one of version, mode,"));
  EXPECT_THAT(fault_of("log: []"), HasSubstr("want a map of level, format, got a list"));
  EXPECT_THAT(fault_of("mode:"), HasSubstr("got nothing"));
  EXPECT_THAT(fault_of("- a"), HasSubstr("headroom.yaml:1:1: want a map of version,"));
}

TEST(Config, ValuesArriveWithTheirUnits) {
  const auto config = config_of("mode: enforce\nnode: {target: 90%, steal: 3.5%, onBlind: hold}\ncontract: {addedWait: 0.5%, per: 30s}\n"
                                "listen: '[::1]:80'\nlog: {level: debug, format: json}\npolicy: static\n" + kClass +
                                "borrow: {upTo: 2.5 cores, start: 1m, credit: 0.5 cpu-min, visibility: file}, weight: lower}]\n");
  EXPECT_EQ(config.mode, Mode::enforce);
  EXPECT_EQ(config.target_percent, 90);
  EXPECT_EQ(config.steal_permille, 35);
  EXPECT_FALSE(config.restore_when_blind);
  EXPECT_EQ(config.added_wait_permille, 5);
  EXPECT_EQ(config.contract_window, seconds{30});
  EXPECT_EQ(config.listen, "[::1]:80");
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_TRUE(config.log_json);
  EXPECT_EQ(config.policy, "static");
  ASSERT_EQ(config.classes.size(), 1U);
  const BorrowRule want{MilliCpu{2500}, seconds{60}, seconds{30}, Visibility::file};
  EXPECT_EQ(config.classes[0].rule.borrow, want);
  EXPECT_EQ(config.classes[0].rule.weight, WeightRule::lower);
  EXPECT_EQ(config.classes[0].match[0].path, std::vector<std::string>{"a/**"});
}

TEST(Config, TheBoundsOfEveryRangeAreWithinItAndWhatLiesBeyondIsNot) {
  for (const std::string good : {"node: {target: 1%}", "node: {target: 100%}", "contract: {addedWait: 0.1%}", "contract: {addedWait: 10%}",
                                 "contract: {per: 10s}", "contract: {per: 1h}", "journal: {max: 1 MiB}", "journal: {max: 1024 MiB}",
                                 "breaker: {breaches: 100 in 24h, writeErrors: 0.1%, for: 1m}", "rollout: [{enforce: 0%, holdout: 100%}]"}) {
    EXPECT_THAT(faults_of(good), IsEmpty()) << good;
  }
  for (const std::string bad : {"node: {target: 0%}", "node: {target: 101%}", "node: {target: 90}", "node: {target: 90.5%}",
                                "contract: {addedWait: 0%}", "contract: {addedWait: 10.1%}", "contract: {addedWait: 0.15%}",
                                "contract: {per: 9s}", "contract: {per: 61m}", "contract: {per: 60}", "journal: {max: 0 MiB}",
                                "journal: {max: 16 MB}", "breaker: {breaches: 101 in 10m}", "breaker: {breaches: 3 in 10s}",
                                "version: 2", "version: one", "rollout: [{enforce: 101%}]", "listen: '9478'", "listen: '1.2.3.400:1'",
                                "listen: '::1:80'", "listen: '127.0.0.1:65536'", "listen: ':80'", "listen: '127.0.0.1:'"}) {
    EXPECT_EQ(faults_of(bad).size(), 1U) << bad;
  }
}

TEST(Config, FalseIsOffWhereOffIsAWord) {
  EXPECT_EQ(config_of("mode: false").mode, Mode::off);
  EXPECT_EQ(config_of("mode: off").mode, Mode::off);
  EXPECT_THAT(faults_of("signals: {nodeLabel: false, events: true}\nsources: {docker: false}"), IsEmpty());
  EXPECT_EQ(faults_of("mode: \"false\"").size(), 1U) << "quoted it is a word, and none of ours";
  EXPECT_EQ(faults_of("mode: true").size(), 1U);
  EXPECT_EQ(faults_of("policy: false").size(), 1U);
}

TEST(Config, WithoutClassesEveryEnginesStepsBorrow) {
  const auto config = config_of("mode: observe");
  ASSERT_EQ(config.classes.size(), 1U);
  EXPECT_EQ(config.classes[0].rule.name, "step");
  EXPECT_EQ(config.classes[0].rule.borrow, BorrowRule{});
  EXPECT_EQ(config.classes[0].match[0].engines.size(), 12U);
  EXPECT_THAT(config_of("classes: []").classes, IsEmpty());
}

TEST(Config, TuningIsHandedOnWithItsPlace) {
  const auto config = config_of("tuning:\n  hold: 500ms\n");
  EXPECT_EQ(config.tuning.values.at("hold").text, "500ms");
  EXPECT_EQ(config.tuning.values.at("hold").place, "headroom.yaml:2:9: tuning.hold");
  EXPECT_EQ(faults_of("tuning: {a: [1]}").size(), 1U);
  EXPECT_THAT(faults_of("tuning:\n"), IsEmpty()) << "all of it may be commented out";
}

TEST(Config, APolicyThatIsNotAvailableIsAnError) {
  EXPECT_THAT(fault_of("policy: captain"), HasSubstr("headroom.yaml:1:9: policy: want headroom | koordinator | static"));
  EXPECT_THAT(fault_of("policy: headrom"), HasSubstr("did you mean headroom?"));
}

TEST(Config, SourcesAndAnnotationsAreCheckedInForm) {
  EXPECT_THAT(faults_of("sources: {kubelet: {address: \"https://[::1]:10250\", ca: /a, pin: /b, insecure: false}, systemd: auto}"), IsEmpty());
  EXPECT_THAT(faults_of("annotations: {headroom.io/up-to: {max: 4 cores}, koordinator.sh/cpuBurst: accept}"), IsEmpty());
  for (const std::string bad : {"sources: {kubelet: on}", "sources: {kubelet: {adress: unix:/a}}", "sources: {kubelet: {address: here}}",
                                "sources: {kubelet: {insecure: maybe}}", "sources: {cri: auto}", "annotations: {headroom.io/up-to: {max: 4}}",
                                "annotations: {headroom.io/up-to: {}}", "annotations: {koordinator.sh/cpuBurst: yes}", "annotations: {a: b}"}) {
    EXPECT_EQ(faults_of(bad).size(), 1U) << bad;
  }
}

TEST(Config, APastedConfigMapIsRecognised) {
  EXPECT_THAT(fault_of(golden("configmap-headroom.yaml")), HasSubstr("got the ConfigMap"));
}

TEST(Config, AllFaultsAreGivenAtOnceInTheOrderOfTheText) {
  const auto faults = faults_of("mode: x\nlisten: y\nmode: z\nnode: {target: 0%}\nzzz: 1\n");
  std::vector<std::string> places;
  for (const auto& fault : faults) places.push_back(fault.where);
  EXPECT_THAT(places, ElementsAre("headroom.yaml:1:7: mode", "headroom.yaml:2:9: listen", "headroom.yaml:3:1: mode",
                                  "headroom.yaml:4:16: node.target", "headroom.yaml:5:1: zzz"));
}

}  // namespace
}  // namespace headroom
