// Values that are right by themselves and wrong together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> faults_of(const std::string& text) {
  std::vector<std::string> out;
  if (const auto config = parse_config(text, "headroom.yaml"); !config)
    for (const Error& fault : config.error()) out.push_back(fault.where + ": " + fault.detail);
  return out;
}

const std::string kMatch = "match: [{path: \"a/**\"}]", kClass = "classes: [{name: a, " + kMatch + ", ", kAsks = "classes: [{name: a, match: [{";

/// Two texts, each valid alone: together they contradict each other, at the place of the later one.
struct Pair {
  std::string first, second, end;   ///< first + second + end; either may be left out
  std::string place, says;
};

const Pair kPairs[] = {
    {kClass + "borrow: {}, ", "cap: {whenHot: 20% of node}", "}]", "1:63: classes[0].cap: ", "one of borrow and cap"},
    {kClass + "borrow: none, ", "weight: lower", "}]", "1:68: classes[0].weight: ", "borrows nothing"},
    {kClass, "weight: lower", "}]", "1:54: classes[0].weight: ", "borrows nothing"},
    {kClass + "borrow: {start: 1s, ", "credit: 0 cpu-min", "}}]", "1:74: classes[0].borrow.credit: ", "not at the start either"},
    {kClass + "borrow: {credit: 0 cpu-min, ", "start: 1s", "}}]", "1:81: classes[0].borrow.start: ", "not at the start either"},
    {"contract: {per: 1h}\n", "breaker: {breaches: 3 in 1h}", "\n", "2:21: breaker.breaches: ", "at most 1 breach in that time: one takes 3600s"},
    {"breaker: {breaches: 3 in 10m}\n", "contract: {per: 5m}", "\n", "2:17: contract.per: ", "at most 2 breaches in that time"},
    {"", "breaker: {breaches: 11 in 10m}", "\n", "1:21: breaker.breaches: ", "at most 10 breaches in that time: one takes 60s"},
    {"sources: {kubelet: {address: \"unix:/a\", ", "ca: /b", "}}\n", "1:45: sources.kubelet.ca: ", "https"},
    {"sources: {kubelet: {address: \"http://[::1]:1\", ", "pin: /b", "}}\n", "1:53: sources.kubelet.pin: ", "https"},
    {"sources: {docker: {", "pin: /b", "}}\n", "1:25: sources.docker.pin: ", "https"},
    {"sources: {systemd: {", "insecure: true", "}}\n", "1:31: sources.systemd.insecure: ", "https"},
    {"sources: {kubelet: {pin: /b, ", "insecure: true", "}}\n", "1:40: sources.kubelet.insecure: ", "one of pin and insecure"},
    {"sources: {kubelet: {insecure: true, ", "ca: /b", "}}\n", "1:41: sources.kubelet.ca: ", "one of ca and insecure"},
    {"sources: {kubelet: off}\n", kAsks + "namespace: [b]}]}]", "\n", "2:41: classes[0].match[0].namespace: ", "want sources.kubelet, which is off"},
    {"sources: {kubelet: off}\n", kAsks + "podLabels: {b: c}}]}]", "\n", "2:41: classes[0].match[0].podLabels: ", "want sources.kubelet, which is off"},
    {kAsks + "podAnnotations: {b: c}}]}]\n", "sources: {kubelet: off}", "\n", "2:20: sources.kubelet: ", "classes[0].match[0].podAnnotations asks"},
    {kAsks + "dockerName: b}]}]\n", "sources: {docker: off}", "\n", "2:19: sources.docker: ", "classes[0].match[0].dockerName asks"},
    {"rollout: [{namespaces: [b]}]\n", "sources: {kubelet: off}", "\n", "2:20: sources.kubelet: ", "rollout[0].namespaces asks"},
    {"sources: {kubelet: off}\n", "annotations: {headroom.io/up-to: {max: 4 cores}}", "\n", "2:34: annotations.headroom.io/up-to: ", "which is off"},
    {"sources: {kubelet: off}\n", "annotations: {koordinator.sh/cpuBurst: accept}", "\n", "2:40: annotations.koordinator.sh/cpuBurst: ", "which is off"},
};

TEST(Contradictions, AreOneFaultAtTheLaterOfTheTwo) {
  for (const Pair& pair : kPairs) {
    const std::string text = pair.first + pair.second + pair.end;
    const auto faults = faults_of(text);
    ASSERT_EQ(faults.size(), 1U) << text << testing::PrintToString(faults);
    EXPECT_THAT(faults[0], StartsWith("headroom.yaml:" + pair.place)) << text;
    EXPECT_THAT(faults[0], HasSubstr(pair.says)) << text;
  }
}

TEST(Contradictions, NeitherOfTheTwoIsWrongByItself) {
  for (const Pair& pair : kPairs) {
    const bool whole_lines = pair.first.ends_with('\n');
    EXPECT_THAT(faults_of(pair.first + (whole_lines ? "" : pair.end)), IsEmpty()) << pair.first;
    if (whole_lines) {
      EXPECT_THAT(faults_of(pair.second + pair.end), IsEmpty()) << pair.second;
    }
  }
}

TEST(Contradictions, WhatIsWrongInItselfContradictsNothing) {
  for (const char* text : {"sources: {kubelet: {address: here, ca: /b}}", "sources: {kubelet: {pin: /a, insecure: maybe}}",
                           "contract: {per: 1 hour}\nbreaker: {breaches: 3 in 1h}", "sources: {kubelet: of}\nrollout: [{namespaces: [b]}]"}) {
    EXPECT_EQ(faults_of(text).size(), 1U) << text;
  }
}

TEST(Contradictions, ASourceThatIsOffIsToldOnceHoweverManyAskIt) {
  EXPECT_EQ(faults_of(kAsks + "namespace: [b]}, {podLabels: {b: c}}]}]\nsources: {kubelet: off}\n").size(), 1U);
  EXPECT_THAT(faults_of("annotations: {koordinator.sh/cpuBurst: ignore}\nsources: {kubelet: off, docker: off}\n"), IsEmpty());
}

}  // namespace
}  // namespace headroom
