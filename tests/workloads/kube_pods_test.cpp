// What a list of pods may look like without taking anything down, and what is not kept of it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/workloads/kube_golden.hpp"
#include "workloads/kube_cpu.hpp"

namespace headroom {
namespace {

using kube::golden;

TEST(PodList, WhatIsNoListSaysSo) {
  for (const std::string text : {"", "[]", "{}", "null", "{\"items\":7}", "{\"items\":[{]}", "<html>", "{\"items\":[]"}) {
    const auto list = parse_pod_list(text, "kubelet");
    ASSERT_FALSE(list) << text;
    EXPECT_EQ(list.error().code, Errc::malformed);
    EXPECT_EQ(list.error().where, "kubelet");
  }
}

TEST(PodList, GoWritesAnEmptyListAsNull) {
  EXPECT_TRUE(parse_pod_list(R"({"items":null})", "kubelet")->pods.empty());
  EXPECT_TRUE(parse_pod_list(R"({"items":[]})", "kubelet")->pods.empty());
}

TEST(PodList, AnItemThatIsNoPodIsLeftOutWithItsPlace) {
  const auto list = parse_pod_list(R"({"items":[7,{"metadata":{"name":"a","uid":"u"}},{"metadata":{"name":"b"}}]})", "kubelet");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->pods.size(), 1U);
  EXPECT_EQ(list->pods[0].uid, "u");
  ASSERT_EQ(list->faults.size(), 2U);
  EXPECT_EQ(list->faults[0].where, "kubelet: items[0]");
  EXPECT_EQ(list->faults[1].where, "kubelet: items[2]");
}

TEST(PodList, WrongTypesAreNoPods) {
  const auto list = parse_pod_list(R"({"items":[{"metadata":{"name":"a","uid":"u","labels":["x"],"annotations":{"k":1}},)"
                                   R"("spec":{"containers":[{"name":4,"resources":{"limits":"2"}},7]},"status":{"containerStatuses":{}}}]})", "kubelet");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->pods.size(), 1U);
  EXPECT_TRUE(list->pods[0].labels.empty());
}

RC_GTEST_PROP(PodList, ATruncatedListIsRefusedOrWhole, ()) {
  static const std::string kText = golden("kubernetes/kubelet-pods.json");
  const auto length = *rc::gen::inRange<std::size_t>(0, kText.size() - 2);
  RC_ASSERT(!parse_pod_list(std::string_view(kText).substr(0, length), "kubelet"));
}

RC_GTEST_PROP(PodList, ChangedBytesTakeNothingDown, ()) {
  std::string text = golden("kubernetes/kubelet-pods-engines.json");
  for (int i = 0; i < 8; ++i) text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::element('"', '{', '[', ']', '}', ',', '0', 'n', '\\', '\xff');
  if (auto list = parse_pod_list(text, "kubelet")) PodTable{std::move(list->pods)};
}

TEST(PodList, ManyLevelsAreNoTrouble) {
  EXPECT_FALSE(parse_pod_list(std::string(1'000'000, '['), "kubelet"));
  EXPECT_FALSE(parse_pod_list("{\"items\":" + std::string(200'000, '[') + std::string(200'000, ']') + "", "kubelet"));
}

TEST(PodList, OfEnvironmentsAndScriptsNothingIsKept) {
  const auto list = parse_pod_list(R"({"items":[{"metadata":{"name":"a","uid":"u"},"spec":{"containers":[{"name":"main",)"
                                   R"("command":["/argo/staging/script","SECRET"],"args":["SECRET"],"env":[)"
                                   R"({"name":"ARGO_TEMPLATE","value":"{\"name\":\"t\",\"source\":\"from dflow import x\\nkey='SECRET'\"}"},)"
                                   R"({"name":"TOKEN","value":"SECRET"}]}]}}]})", "kubelet");
  ASSERT_TRUE(list);
  const Pod& pod = list->pods.at(0);
  EXPECT_TRUE(pod.hints.imports_dflow);
  EXPECT_TRUE(pod.hints.staging_script);
  std::string kept = pod.ns + pod.name + pod.uid + pod.owner + pod.hints.container_set;
  for (const auto& c : pod.containers) kept += c.name + c.image + c.id;
  for (const auto& map : {pod.labels, pod.annotations})
    for (const auto& [key, value] : map) kept += key + value;
  EXPECT_EQ(kept.find("SECRET"), std::string::npos);
}

TEST(PodList, AMirrorOfAStaticPodHasTheUidOfItsGroup) {
  const auto list = parse_pod_list(R"({"items":[{"metadata":{"name":"a","uid":"api","annotations":{"kubernetes.io/config.mirror":"hash"}}}]})", "api");
  EXPECT_EQ(list->pods.at(0).uid, "hash");
}

TEST(CpuQuantity, ReadsWhatKubernetesWrites) {
  const std::pair<const char*, std::int64_t> good[] = {{"0", 0},      {"1", 1000},  {"100m", 100}, {"1500m", 1500}, {"0.5", 500}, {".5", 500}, {"2.", 2000},
                                                      {"1e1", 10000}, {"5E-1", 500}, {"100u", 1},   {"1n", 1},       {"1k", 1'000'000}, {"1.0001", 1001}};
  for (const auto& [text, milli] : good) EXPECT_EQ(parse_cpu_quantity(text), MilliCpu{milli}) << text;
  for (const char* text : {"", "m", "-1", "+1", "1.2.3", "1mm", "1Ki", "one", "1e", "1e99", "99999999999999999999", "2000k", " 1"})
    EXPECT_EQ(parse_cpu_quantity(text), std::nullopt) << text;
}

TEST(KubeCpu, ConversionsAreKubelets) {
  const auto table = kube::json::parse(golden("kubernetes/cpu-conversions.json"));
  for (const auto& row : table.at("milli_to_shares")) {
    const std::int64_t milli = row.at(0);
    EXPECT_EQ(kube_shares({milli == 0 ? std::nullopt : std::optional(MilliCpu{milli}), {}}).value, row.at(1)) << milli;
  }
  const auto expect_quota = [](const kube::json& rows, microseconds period) {
    for (const auto& row : rows) {
      const std::int64_t milli = row.at(0);
      const auto quota = kube_quota(milli == 0 ? std::nullopt : std::optional(MilliCpu{milli}), period);
      EXPECT_EQ(quota ? quota->count() : -1, row.at(1)) << milli;
    }
  };
  expect_quota(table.at("milli_to_quota_us_period_100ms"), microseconds{100'000});
  expect_quota(table.at("milli_to_quota_us_period_5ms"), microseconds{5'000});
}

}  // namespace
}  // namespace headroom
