#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "workloads/identity.hpp"

namespace headroom {
namespace {

const std::string kId(64, 'b');
const std::string kPod = "pod3f1c2a90-7b5d-4e1f-9a62-0c8d7e6f5a4b";
const std::string kBurstable = "kubepods/burstable/" + kPod + "/" + kId;
const std::string kGuaranteed = "kubepods/" + kPod + "/" + kId;
const std::string kBestEffort = "kubepods/besteffort/" + kPod + "/" + kId;

enum class Lends { yes, no };

ClassConfig by_path(const std::string& name, const std::string& glob, Lends lends) {
  ClassConfig config;
  config.rule.name = name;
  if (lends == Lends::yes) config.rule.borrow = BorrowRule{};
  config.match.emplace_back();
  config.match[0].path = {glob};
  return config;
}

ClassConfig by_something_else(const std::string& name, Lends lends) {
  auto config = by_path(name, "", lends);
  config.match[0].path.clear();
  config.match[0].namespaces = {"nobody-knows"};
  return config;
}

ClassRule classified(const std::string& path, const std::vector<ClassConfig>& classes) {
  return classify(identify(path), path, classes);
}

TEST(Classify, WithoutARuleAGroupIsProtectedAndBorrowsNothing) {
  EXPECT_EQ(classified(kBurstable, {}), ClassRule{});
  EXPECT_EQ(classified("dflow.slice/run-u1.scope", {}).qos, QosClass::ls);
}

TEST(Classify, ARuleThatLendsMakesAStep) {
  const auto rule = classified(kBurstable, {by_path("work", "kubepods/burstable/**", Lends::yes)});
  EXPECT_EQ(rule.name, "work");
  EXPECT_EQ(rule.qos, QosClass::step);
  EXPECT_TRUE(rule.borrow);
}

TEST(Classify, TheFirstClassThatMatchesWins) {
  const auto spared = by_path("spared", "kubepods/**", Lends::no);
  const auto work = by_path("work", "kubepods/**", Lends::yes);
  EXPECT_EQ(classified(kBurstable, {spared, work}).name, "spared");
  EXPECT_EQ(classified(kBurstable, {work, spared}).name, "work");
}

TEST(Classify, InAnEntryAllKeysMustMatch) {
  auto config = by_path("work", "kubepods/**", Lends::yes);
  config.match[0].qos = KubeQos::guaranteed;
  EXPECT_EQ(classified(kBurstable, {config}).name, "none");
  EXPECT_EQ(classified(kGuaranteed, {config}).name, "work");
}

TEST(Classify, AnyEntryIsEnough) {
  auto config = by_path("work", "nowhere/**", Lends::yes);
  config.match.emplace_back();
  config.match[1].qos = KubeQos::burstable;
  EXPECT_EQ(classified(kBurstable, {config}).name, "work");
}

TEST(Classify, AnEntryWithoutKeysMatchesNothing) {
  ClassConfig config;
  config.rule.name = "all";
  config.match.emplace_back();
  EXPECT_EQ(classified(kBurstable, {config}).name, "none");
}

TEST(Classify, BestEffortBorrowsNothingWhateverItsRule) {
  const auto rule = classified(kBestEffort, {by_path("work", "kubepods/**", Lends::yes)});
  EXPECT_EQ(rule.qos, QosClass::be);
  EXPECT_EQ(rule.name, "work");
  EXPECT_FALSE(rule.borrow) << "it has no quota to raise";
}

TEST(Classify, SystemServicesAreOutOfReachOfEveryRule) {
  const auto everything = by_path("work", "**", Lends::yes);
  for (const auto* path : {"system.slice", "system.slice/ssh.service", "system.slice/a.slice/b.scope"}) {
    EXPECT_EQ(classified(path, {everything}).qos, QosClass::system) << path;
    EXPECT_EQ(classified(path, {everything}).name, "system") << path;
  }
}

ClassConfig by_unit(const std::string& name, const std::string& unit, const std::string& slice) {
  auto config = by_path(name, "", Lends::yes);
  config.match[0].path.clear();
  config.match[0].unit = unit;
  config.match[0].slice = slice;
  return config;
}

TEST(Classify, UnitsAreKnownByNameWhereverTheyAre) {
  const auto batch = by_unit("batch", "train-*.service", "");
  for (const auto* path : {"system.slice/train-7.service", "batch.slice/train-7.service", "train-7.service"}) {
    EXPECT_EQ(classified(path, {batch}).name, "batch") << path;
    EXPECT_TRUE(classified(path, {batch}).borrow) << path;
    EXPECT_EQ(classified(path, {batch}).qos, QosClass::step) << path;
  }
  EXPECT_EQ(classified("system.slice/ssh.service", {batch}).qos, QosClass::system);
  EXPECT_EQ(classified("system.slice/train-7.service/inner", {batch}).qos, QosClass::system) << "what a unit delegates is not the unit";
  EXPECT_EQ(classified("batch.slice/train-7", {batch}).name, "none");
}

TEST(Classify, ASliceMeansItsServicesAndScopes) {
  const auto steps = by_unit("step", "", "dflow.slice");
  for (const auto* path : {"dflow.slice/run-u7.scope", "dflow.slice/dflow-batch.slice/a.service",
                           "user.slice/user-1000.slice/user@1000.service/dflow.slice/run-u7.scope"})
    EXPECT_EQ(classified(path, {steps}).name, "step") << path;
  for (const auto* path : {"dflow.slice", "dflow.slice/dflow-batch.slice", "dflow.slice/run-u7.scope/inner", "other.slice/run-u7.scope",
                           "xdflow.slice/run-u7.scope"})
    EXPECT_EQ(classified(path, {steps}).name, "none") << path;
  EXPECT_EQ(classified("dflow.slice/run-u7.scope", {by_unit("step", "other*", "dflow.slice")}).name, "none") << "all keys of an entry";
}

TEST(Classify, AUnitThatTwoClassesMatchFallsUnderTheFirstWritten) {
  const auto render = by_unit("render", "render@*.service", ""), step = by_unit("step", "", "dflow.slice");
  const auto* both = "dflow.slice/render@1.service";
  EXPECT_EQ(classified(both, {render, step}).name, "render");
  EXPECT_EQ(classified(both, {step, render}).name, "step");
  EXPECT_EQ(classified("dflow.slice/run-u7.scope", {render, step}).name, "step");
}

TEST(Classify, AContainerInSystemSliceIsAContainer) {
  EXPECT_EQ(classified("system.slice/docker-" + kId + ".scope", {by_path("work", "**", Lends::yes)}).qos, QosClass::step);
  EXPECT_EQ(classified("system.slice/docker-" + kId + ".scope", {}).qos, QosClass::ls);
}

TEST(Classify, AnEntryThatCannotBeEvaluatedDoesNotMatch) {
  EXPECT_EQ(classified(kBurstable, {by_something_else("step", Lends::yes)}).name, "none");
}

TEST(Classify, WhatMayHaveBeenSparedIsNotLentToByALaterClass) {
  const auto work = by_path("work", "kubepods/**", Lends::yes);
  const auto rule = classified(kBurstable, {by_something_else("spared", Lends::no), work});
  EXPECT_EQ(rule.name, "work");
  EXPECT_EQ(rule.qos, QosClass::ls);
  EXPECT_FALSE(rule.borrow);
  EXPECT_TRUE(classified(kBurstable, {by_something_else("step", Lends::yes), work}).borrow)
      << "a class that lends spares nobody";
  EXPECT_TRUE(classified(kBurstable, {work, by_something_else("spared", Lends::no)}).borrow) << "only later classes";
}

TEST(Classify, AnEntryOfWhichTheKnownHalfFailsSparesNobody) {
  auto spared = by_something_else("spared", Lends::no);
  spared.match[0].qos = KubeQos::guaranteed;
  const auto work = by_path("work", "kubepods/**", Lends::yes);
  EXPECT_TRUE(classified(kBurstable, {spared, work}).borrow);
  EXPECT_FALSE(classified(kGuaranteed, {spared, work}).borrow);
}

TEST(Classify, LeasesGoToContainersAndPlainGroupsOnly) {
  const auto work = by_path("work", "**", Lends::yes);
  for (const auto& path : {"kubepods/burstable/" + kPod, std::string("kubepods/burstable"), kBurstable + "/inner",
                           "kubepods/burstable/" + kPod + "/crio-conmon-" + kId}) {
    EXPECT_FALSE(classified(path, {work}).borrow) << path;
  }
  for (const std::string path : {"gf.slice", "gf.slice/run-u1.scope", "jobs/a"}) {
    EXPECT_TRUE(classified(path, {work}).borrow) << path;
  }
}

TEST(Glob, OneStarStaysInItsSegmentAndTwoCross) {
  EXPECT_TRUE(glob_matches("a/*/c", "a/b/c"));
  EXPECT_FALSE(glob_matches("a/*", "a/b/c"));
  EXPECT_TRUE(glob_matches("a/**", "a/b/c"));
  EXPECT_TRUE(glob_matches("a*c", "abbc"));
  EXPECT_FALSE(glob_matches("a*c", "a/c"));
  EXPECT_TRUE(glob_matches("**.scope", "x/y.scope"));
  EXPECT_TRUE(glob_matches("a**z", "a/b/z"));
}

TEST(Glob, TheWholePathHasToMatch) {
  EXPECT_FALSE(glob_matches("a", "ab"));
  EXPECT_FALSE(glob_matches("b", "ab"));
  EXPECT_FALSE(glob_matches("a/**", "a")) << "what lies in it, not the group itself";
  EXPECT_TRUE(glob_matches("", ""));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_TRUE(glob_matches("*", "a"));
}

TEST(Glob, AStarredSegmentMayStandForNoneAtAll) {
  EXPECT_TRUE(glob_matches("**/x", "x"));
  EXPECT_TRUE(glob_matches("**/x", "a/b/x"));
  EXPECT_FALSE(glob_matches("**/x", "ax"));
  EXPECT_TRUE(glob_matches("a/**/b", "a/b"));
  EXPECT_TRUE(glob_matches("a/**/b", "a/c/d/b"));
}

TEST(Glob, OtherCharactersMeanThemselves) {
  EXPECT_TRUE(glob_matches("/a.slice/[x]?", "a.slice/[x]?")) << "a leading slash is no matter";
  EXPECT_FALSE(glob_matches("a.slice", "axslice"));
  EXPECT_FALSE(glob_matches("?", "a"));
}

TEST(Glob, HardPatternsEndSoon) {
  std::string glob;
  for (int i = 0; i < 200; ++i) glob += "*a";
  EXPECT_FALSE(glob_matches(glob + "b", std::string(4000, 'a')));
}

RC_GTEST_PROP(Glob, APathMatchesItselfAndItselfWithAnyPartStarred, ()) {
  const auto path = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'b', '/', '.')));
  if (path.front() == '/') return;
  RC_ASSERT(glob_matches(path, path));
  const auto from = *rc::gen::inRange<std::size_t>(0, path.size());
  const auto length = *rc::gen::inRange<std::size_t>(0, path.size() - from + 1);
  const auto part = path.substr(from, length);
  if (part.find('/') == std::string::npos) {
    RC_ASSERT(glob_matches(path.substr(0, from) + "*" + path.substr(from + length), path));
  }
  const auto tail = path.substr(from + length);
  if (!tail.starts_with('/')) RC_ASSERT(glob_matches(path.substr(0, from) + "**" + tail, path));
}

}  // namespace
}  // namespace headroom
