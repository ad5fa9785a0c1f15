// What a class may say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

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
  return config ? *config : Config{};
}

const std::string kClass = "classes: [{name: work, match: [{path: \"a/**\"}], ";

TEST(Classes, TheBoundsOfWhatMayBeLent) {
  for (const std::string good : {"upTo: 0.1 cores", "upTo: 64 cores", "upTo: 1 core", "start: 0s", "start: 5m", "credit: 0 cpu-min",
                                 "credit: 10000 cpu-min", "perNamespace: 0.1 cpu-h/day"}) {
    EXPECT_THAT(faults_of(kClass + "borrow: {" + good + "}}]"), IsEmpty()) << good;
  }
  for (const std::string bad : {"upTo: 0.09 cores", "upTo: 64.1 cores", "upTo: -1 cores", "upTo: 1e1 cores", "upTo: 99999999999 cores",
                                "upTo: 8", "upTo: 1.2345 cores", "upTo: . cores", "start: 301s", "start: 0.5s", "credit: 10 min",
                                "credit: 10001 cpu-min", "perNamespace: 0 cpu-h/day", "visibility: always", "upto: 8 cores"}) {
    EXPECT_EQ(faults_of(kClass + "borrow: {" + bad + "}}]").size(), 1U) << bad;
  }
}

TEST(Classes, NamesOfClassesAreUniqueAndNotTaken) {
  for (const std::string bad : {"none", "system", "Work", "1a", "a_b", "\"\"", "abcdefghijklmnopqrstuvwxyz0123456", "[a]"}) {
    EXPECT_EQ(faults_of("classes: [{name: " + bad + ", match: [{qos: Burstable}]}]").size(), 1U) << bad;
  }
  EXPECT_THAT(fault_of("classes:\n- {name: a, match: [{qos: Burstable}]}\n- {name: a, match: [{qos: Burstable}]}\n"),
              StartsWith("headroom.yaml:3:10: classes[1].name: want every name once"));
}

TEST(Classes, AClassNeedsANameAndAMatchWithKeys) {
  for (const std::string bad : {"{match: [{qos: Burstable}]}", "{name: a}", "{name: a, match: []}", "{name: a, match: [{}]}",
                                "{name: a, match: {qos: Burstable}}", "{name: a, match: [x]}", "x", "{name: a, match: [{qos: burstable}]}",
                                "{name: a, match: [{path: \"\"}]}", "{name: a, match: [{path: []}]}"}) {
    EXPECT_EQ(faults_of("classes: [" + bad + "]").size(), 1U) << bad;
  }
}

/// The one entry of a class that says so.
Match match_of(const std::string& entry) {
  const auto config = config_of("classes: [{name: a, match: [{" + entry + "}]}]");
  EXPECT_EQ(config.classes.size(), 1U) << entry;
  EXPECT_THAT(config.warnings, IsEmpty()) << entry;
  return config.classes.empty() ? Match{} : config.classes[0].match[0];
}

TEST(Classes, AnEntryAsksWhatItSays) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(match_of("engine: [argo, flyte, flyte-v2]").engines, (Texts{"argo", "flyte", "flyte-v2"}));
  const Match worker = match_of("dockerName: \"a(?P<port>\\\\d+)\", portRange: [1, 65535]");
  EXPECT_EQ(worker.docker_name, "a(?P<port>\\d+)");
  EXPECT_EQ(worker.ports, (std::pair{1, 65535}));
  EXPECT_EQ(match_of("namespace: [a]").namespaces, (Texts{"a"}));
  EXPECT_EQ(match_of("podLabels: {a: b}").pod_labels.at("a"), "b");
  EXPECT_EQ(match_of("podAnnotations: {a: b}").pod_annotations.at("a"), "b");
}

TEST(Classes, UnitsAndSlicesAreTaken) {
  EXPECT_EQ(match_of("unit: \"a*.service\"").unit, "a*.service");
  EXPECT_EQ(match_of("slice: a.slice").slice, "a.slice");
}

TEST(Classes, AMatchOfAnotherFormIsOneFault) {
  for (const std::string bad : {"engine: [argos]", "engine: argo", "engine: []", "dockerName: \"(?<n>a)\"", "dockerName: \"(a\"",
                                "dockerName: \"a\", portRange: [1, 2]", "portRange: [1, 2]", "dockerName: \"(?P<port>a)\", portRange: [2, 1]",
                                "dockerName: \"(?P<port>a)\", portRange: [0, 1]", "dockerName: \"(?P<port>a)\", portRange: [1]",
                                "namespace: a", "podLabels: [a]", "podLabels: {a: [b]}", "slice: a", "unit: []"}) {
    EXPECT_EQ(faults_of("classes: [{name: a, match: [{" + bad + "}]}]").size(), 1U) << bad;
  }
}

TEST(Classes, WhatMayBorrowCannotBeCappedAndTheLaterOfTheTwoIsNamed) {
  EXPECT_THAT(fault_of(kClass + "cap: {never: below 1 core}, borrow: {}}]"), HasSubstr("classes[0].borrow: a class that may borrow"));
  EXPECT_THAT(fault_of(kClass + "borrow: {}, cap: {never: below 1 core}}]"), HasSubstr("classes[0].cap: a class that may borrow"));
  EXPECT_THAT(faults_of(kClass + "borrow: none, cap: {whenHot: 20% of node}}]"), IsEmpty());
  for (const std::string bad : {"{whenHot: 0% of node}", "{whenHot: 20%}", "{never: 1 core}", "{never: below 65 cores}", "20%"}) {
    EXPECT_EQ(faults_of(kClass + "cap: " + bad + "}]").size(), 1U) << bad;
  }
}

}  // namespace
}  // namespace headroom
