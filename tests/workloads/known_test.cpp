// Rules that ask more than a path: what they say where it is known, and where it is not.
#include <gtest/gtest.h>

#include "workloads/identity.hpp"

namespace headroom {
namespace {

const std::string kUid = "3f1c2a90-7b5d-4e1f-9a62-0c8d7e6f5a4b";
const std::string kId(64, 'b');
const std::string kPath = "kubepods/burstable/pod" + kUid + "/" + kId;
const std::string kDocker = "docker/" + kId;

ClassConfig lends(const std::string& name, Match match) {
  ClassConfig config;
  config.rule.name = name;
  config.rule.borrow = BorrowRule{};
  config.match = {std::move(match)};
  return config;
}
ClassConfig spares(const std::string& name, Match match) {
  auto config = lends(name, std::move(match));
  config.rule.borrow.reset();
  return config;
}
Match engine(const std::string& id) {
  Match m;
  m.engines = {id};
  return m;
}
Match labelled(const std::string& key, const std::string& value) {
  Match m;
  m.pod_labels[key] = value;
  return m;
}
Match in_namespace(const std::string& ns) {
  Match m;
  m.namespaces = {ns};
  return m;
}
Match named(const std::string& pattern) {
  Match m;
  m.docker_name = pattern;
  return m;
}
Match everywhere() {
  Match m;
  m.path = {"**"};
  return m;
}

/// A pod of Argo's, with what is done to it.
template <class Change>
std::shared_ptr<const PodTable> pods(Change change) {
  Pod pod;
  pod.ns = "flows";
  pod.name = "wf-burn-1";
  pod.uid = kUid;
  pod.qos = KubeQos::burstable;
  pod.labels["workflows.argoproj.io/workflow"] = "wf";
  PodContainer main;
  main.name = "main";
  main.id = kId;
  pod.containers = {main};
  change(pod);
  return std::make_shared<const PodTable>(std::vector{pod});
}

Classified judged(const KnownWorld& world, const std::vector<ClassConfig>& classes, const std::string& path = kPath) {
  const Identity identity = identify(path);
  return classify_why(identity, path, classes, world.find(identity));
}

TEST(Known, AStepBorrowsWhenItsPodIsKnownAndNotBefore) {
  const auto step = lends("step", engine("argo"));
  EXPECT_FALSE(judged({}, {step}).rule.borrow);
  const auto known = judged({pods([](Pod&) {}), nullptr}, {step});
  EXPECT_TRUE(known.rule.borrow);
  EXPECT_EQ(known.rule.qos, QosClass::step);
  EXPECT_EQ(known.role, ContainerRole::work);
}

TEST(Known, WhatMayBeSparedIsSparedUntilItIsKnown) {
  const auto spared = spares("latency", labelled("tier", "latency"));
  const auto all = lends("all", everywhere());
  EXPECT_FALSE(judged({}, {spared, all}).rule.borrow);
  EXPECT_TRUE(judged({pods([](Pod&) {}), nullptr}, {spared, all}).rule.borrow);
  EXPECT_FALSE(judged({pods([](Pod& p) { p.labels["tier"] = "latency"; }), nullptr}, {spared, all}).rule.borrow);
}

TEST(Known, AGroupOfNoPodIsNotMeantByARuleForPods) {
  const auto spared = spares("latency", labelled("tier", "latency"));
  EXPECT_TRUE(judged({}, {spared, lends("all", everywhere())}, "jobs.slice/run-u1.scope").rule.borrow);
}

TEST(Known, HelpersOfAnEngineBorrowNothing) {
  const auto world = pods([](Pod& p) { p.containers[0].name = "wait"; });
  const auto found = judged({world, nullptr}, {lends("step", engine("argo"))});
  EXPECT_EQ(found.role, ContainerRole::infra);
  EXPECT_FALSE(found.rule.borrow);
  EXPECT_EQ(found.rule.name, "step");
}

TEST(Known, APodMayAlwaysOptOutAndIsThenProtected) {
  const auto found = judged({pods([](Pod& p) { p.annotations["headroom.io/opt-out"] = "true"; }), nullptr}, {lends("step", engine("argo"))});
  EXPECT_FALSE(found.rule.borrow);
  EXPECT_EQ(first_bar(found.rule), Bar::opt_out);
  EXPECT_EQ(found.rule.qos, QosClass::ls);
}

TEST(Known, AFinishedPodBorrowsNothing) {
  EXPECT_FALSE(judged({pods([](Pod& p) { p.finished = true; }), nullptr}, {lends("step", engine("argo"))}).rule.borrow);
}

TEST(Known, KoordinatorsLabelDecidesTheClassAndOnlyLsStillBorrows) {
  const std::pair<const char*, QosClass> words[] = {{"LSE", QosClass::lse}, {"LSR", QosClass::lsr}, {"LS", QosClass::ls},
                                                    {"BE", QosClass::be},   {"SYSTEM", QosClass::system}, {"odd", QosClass::step}};
  for (const auto& row : words) {
    const auto& [text, qos] = row;
    const auto found = judged({pods([&row](Pod& p) { p.labels["koordinator.sh/qosClass"] = row.first; }), nullptr}, {lends("step", engine("argo"))});
    EXPECT_EQ(found.rule.qos, qos) << text;
    EXPECT_EQ(found.rule.borrow.has_value(), qos == QosClass::ls || qos == QosClass::step) << text;
  }
}

TEST(Known, ControlIsTheAdministratorsNamespaceAndNothingElse) {
  auto control = lends("control", in_namespace("flows"));
  control.rule.borrow->visibility = Visibility::hidden;
  const auto world = pods([](Pod& p) { p.labels.clear(); });
  EXPECT_EQ(judged({world, nullptr}, {control}).rule.qos, QosClass::control);
  EXPECT_EQ(judged({world, nullptr}, {control}).role, ContainerRole::control);
  auto also = control;
  also.match[0].pod_labels["app"] = "x";
  EXPECT_NE(judged({pods([](Pod& p) { p.labels = {{"app", "x"}}; }), nullptr}, {also}).rule.qos, QosClass::control)
      << "a label is a tenant's word";
  auto open = control;
  open.rule.borrow->visibility = Visibility::automatic;
  EXPECT_EQ(judged({world, nullptr}, {open}).rule.qos, QosClass::step);
}

TEST(Known, KubeSystemIsTheSystemsOwn) {
  const auto found = judged({pods([](Pod& p) { p.ns = "kube-system"; }), nullptr}, {lends("all", everywhere())});
  EXPECT_EQ(found.rule.name, "system");
  EXPECT_FALSE(found.rule.borrow);
}

TEST(Known, FlyteMeansBothOfItsVersionsAndNoSubEngine) {
  const auto flyte = [](Pod& p) { p.labels = {{"flyte.org/managed", "true"}, {"ray.io/is-ray-node", "yes"}, {"ray.io/cluster", "c"}}; };
  EXPECT_TRUE(judged({pods(flyte), nullptr}, {lends("step", engine("flyte"))}).rule.borrow);
  EXPECT_TRUE(judged({pods(flyte), nullptr}, {lends("step", engine("flyte-v2"))}).rule.borrow);
  EXPECT_FALSE(judged({pods(flyte), nullptr}, {lends("step", engine("flyte-v1"))}).rule.borrow);
  EXPECT_FALSE(judged({pods(flyte), nullptr}, {lends("step", engine("ray"))}).rule.borrow);
}

TEST(Known, ADockerWorkerIsMeantByItsName) {
  DockerContainer worker;
  worker.id = kId;
  worker.name = "m7_26000";
  const KnownWorld world{nullptr, std::make_shared<const DockerTable>(std::vector{worker})};
  const auto workers = lends("worker", named("(?P<host>\\w+)_(?P<port>\\d+)"));
  EXPECT_TRUE(judged(world, {workers}, kDocker).rule.borrow);
  EXPECT_FALSE(judged({}, {workers}, kDocker).rule.borrow) << "nobody has told its name";
  EXPECT_FALSE(judged(world, {workers}, "libpod_parent/libpod-" + kId).rule.borrow) << "podman's";
  const auto step = step_in(world.find(identify(kDocker)), ContainerRole::service, std::vector{workers});
  ASSERT_TRUE(step);
  EXPECT_EQ(step->engine, "globalfunc");
  EXPECT_EQ(step->labels.at("port"), "26000");
}

TEST(Known, AnUnnamedDockerContainerIsSparedWhereAClassMayMeanIt) {
  const auto all = lends("all", everywhere());
  EXPECT_FALSE(judged({}, {spares("server", named("web-.*")), all}, kDocker).rule.borrow);
}

TEST(LeftOut, ByShareOfUidsAndByNamespace) {
  const auto world = pods([](Pod&) {});
  const Identity identity = identify(kPath);
  const Known known = world->find(kUid, kId);
  EXPECT_FALSE(left_out({}, identity, known).any());
  EXPECT_EQ(left_out({100'000, {}}, identity, {}).first(), Bar::holdout) << "a UID is enough";
  EXPECT_FALSE(left_out({0, {"flows"}}, identity, known).any());
  EXPECT_EQ(left_out({0, {"other"}}, identity, known).first(), Bar::namespaces);
  EXPECT_EQ(left_out({0, {"flows"}}, identity, {}).first(), Bar::namespaces) << "until its namespace is known";
}

TEST(AskedCeiling, IsClampedIgnoredOrRefusedWithAReason) {
  const auto asked = [](const std::string& text, std::optional<MilliCpu> most) {
    Pod pod;
    pod.annotations["headroom.io/up-to"] = text;
    return asked_ceiling(pod, {most});
  };
  EXPECT_EQ(asked("2 cores", MilliCpu{4000}).up_to, MilliCpu{2000});
  EXPECT_EQ(asked("1 core", MilliCpu{4000}).up_to, MilliCpu{1000});
  EXPECT_TRUE(asked("2 cores", MilliCpu{4000}).told.empty());
  EXPECT_EQ(asked("9 cores", MilliCpu{4000}).up_to, MilliCpu{4000});
  EXPECT_NE(asked("9 cores", MilliCpu{4000}).told.find("clamped to 4 cores"), std::string::npos);
  EXPECT_EQ(asked("2 cores", std::nullopt).up_to, std::nullopt);
  for (const char* odd : {"2", "2 cpus", "cores", "0.01 cores", "1000 cores", "-1 cores"}) {
    EXPECT_EQ(asked(odd, MilliCpu{4000}).up_to, std::nullopt) << odd;
    EXPECT_NE(asked(odd, MilliCpu{4000}).told.find("want 0.1..64 cores"), std::string::npos) << odd;
  }
  EXPECT_EQ(asked("1.234 cores", MilliCpu{4000}).up_to, MilliCpu{1200}) << "each ceiling is a rule: there are not to be many";
  EXPECT_TRUE(asked_ceiling({}, {}).told.empty());
}

}  // namespace
}  // namespace headroom
