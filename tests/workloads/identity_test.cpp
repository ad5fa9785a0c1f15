#include "workloads/identity.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace headroom {

// What a failing comparison prints.
void PrintTo(const Identity& id, std::ostream* out) {
  *out << "kind " << static_cast<int>(id.kind) << " runtime " << static_cast<int>(id.runtime) << " qos "
       << (id.kube_qos ? static_cast<int>(*id.kube_qos) : -1) << " pod '" << id.pod_uid << "' container '"
       << id.container_id << "' node '" << id.node << "'";
}

namespace {

using nlohmann::json;

const std::map<std::string, GroupKind> kKinds{
    {"container", GroupKind::container}, {"inner", GroupKind::inner},   {"pod", GroupKind::pod},
    {"qos", GroupKind::qos},             {"helper", GroupKind::helper}, {"sandbox-stub", GroupKind::sandbox_stub},
    {"scope", GroupKind::scope},         {"slice", GroupKind::slice},   {"other", GroupKind::other}};
const std::map<std::string, Runtime> kRuntimes{
    {"any", Runtime::any},       {"containerd", Runtime::containerd}, {"cri-o", Runtime::crio},
    {"docker", Runtime::docker}, {"podman", Runtime::podman},         {"nerdctl", Runtime::nerdctl},
    {"none", Runtime::none},     {"buildkit", Runtime::buildkit},     {"systemd", Runtime::systemd}};
const std::map<std::string, KubeQos> kQos{
    {"Guaranteed", KubeQos::guaranteed}, {"Burstable", KubeQos::burstable}, {"BestEffort", KubeQos::best_effort}};

std::string text_or_empty(const json& row, const char* key) {
  return row.contains(key) && row.at(key).is_string() ? row.at(key).get<std::string>() : std::string{};
}

Identity wanted(const json& row) {
  Identity id;
  id.kind = kKinds.at(row.at("kind"));
  id.runtime = kRuntimes.at(row.at("runtime"));
  if (row.at("qos").is_string()) id.kube_qos = kQos.at(row.at("qos"));
  id.pod_uid = text_or_empty(row, "pod_uid");
  id.container_id = text_or_empty(row, "container_id");
  id.node = text_or_empty(row, "node");
  return id;
}

const std::string kId(64, 'a');
const std::string kUid = "3f1c2a90-7b5d-4e1f-9a62-0c8d7e6f5a4b";

TEST(Identity, EveryGoldenPathIsRight) {
  std::ifstream file(HEADROOM_SOURCE_DIR "/tests/golden/cgroup-paths.json");
  const auto rows = json::parse(file);
  EXPECT_GE(rows.size(), 81U);
  for (const auto& row : rows) {
    EXPECT_EQ(identify(row.at("path").get<std::string>()), wanted(row)) << row.at("path");
  }
}

TEST(Identity, LeadingAndDoubledSlashesChangeNothing) {
  const auto path = "kubepods/burstable/pod" + kUid + "/" + kId;
  EXPECT_EQ(identify("/" + path), identify(path));
  EXPECT_EQ(identify("kubepods//burstable/pod" + kUid + "/" + kId + "/"), identify(path));
}

TEST(Identity, TheRootAndAKubernetesRootAreNoContainers) {
  EXPECT_EQ(identify(""), Identity{});
  EXPECT_EQ(identify("kubepods").kind, GroupKind::qos);
  EXPECT_EQ(identify("kubepods.slice").kube_qos, std::nullopt) << "it holds all three";
}

TEST(Identity, NamesThatOnlyLookLikeOneAreNone) {
  for (const auto& path : {"docker/" + std::string(63, 'a'), "docker/" + std::string(65, 'a'),
                                 "docker/" + std::string(64, 'A'), "docker/crio-x-" + kId}) {
    EXPECT_TRUE(identify(path).container_id.empty()) << path;
  }
  EXPECT_NE(identify("my-kubepods-x/pod" + kUid).kind, GroupKind::pod);
  EXPECT_NE(identify("-kubepods/pod" + kUid).kind, GroupKind::pod);
  EXPECT_NE(identify("kubepods/burstable/xpod" + kUid).kind, GroupKind::pod);
}

TEST(Identity, APodmanPodIsNotTakenForAContainer) {
  const auto pod = identify("libpod_parent/" + kId);
  EXPECT_EQ(pod.kind, GroupKind::slice);
  EXPECT_EQ(pod.runtime, Runtime::podman);
  EXPECT_TRUE(pod.container_id.empty());
}

TEST(Identity, VeryLongAndDeepPathsAreNoTrouble) {
  std::string path;
  for (int i = 0; i < 20'000; ++i) path += "a/";
  EXPECT_EQ(identify(path + "x.scope").kind, GroupKind::scope);
}

TEST(Identity, WhatLiesBelowAContainerIsItsOwnBusiness) {
  EXPECT_TRUE(descend_below(identify("")));
  EXPECT_TRUE(descend_below(identify("kubepods/burstable/pod" + kUid)));
  EXPECT_TRUE(descend_below(identify("dflow.slice")));
  EXPECT_FALSE(descend_below(identify("kubepods/burstable/pod" + kUid + "/" + kId)));
  EXPECT_FALSE(descend_below(identify("docker/" + kId)));
  EXPECT_FALSE(descend_below(identify("docker/" + kId + "/init")));
}

}  // namespace
}  // namespace headroom
