// Koordinator's ConfigMap as its users have it: good, odd, broken.
#include "config/koordinator.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace headroom {
namespace {

using nlohmann::json;

std::string golden(const std::string& name) {
  std::ifstream file(HEADROOM_SOURCE_DIR "/tests/golden/kubernetes/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_notes(const std::vector<SloNote>& got, const json& wanted, const std::string& where) {
  ASSERT_EQ(got.size(), wanted.size()) << where;
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].line, wanted[i].at("line").get<int>()) << where;
    EXPECT_EQ(got[i].column, wanted[i].at("column").get<int>()) << where;
    EXPECT_EQ(got[i].path, wanted[i].at("path").get<std::string>()) << where;
    const json used = wanted[i].value("used", json());
    EXPECT_EQ(got[i].used, used.is_null() ? "" : used.is_string() ? used.get<std::string>() : used.dump()) << where;
  }
}

TEST(Koordinator, EverySampleMapGivesItsGoldenAnswer) {
  for (const std::string name : {"configmap-slo", "configmap-slo-odd", "configmap-slo-invalid"}) {
    const auto map = parse_slo_map(golden(name + ".json"), name);
    ASSERT_TRUE(map) << name;
    const json answer = json::parse(golden(name + ".expected.json"));
    EXPECT_EQ(map->ignored, answer.at("ignored").get<std::vector<std::string>>()) << name;
    const auto config = parse_cpu_burst_config(map->cpu_burst_config);
    ASSERT_EQ(config.has_value(), answer.at("accepted").get<bool>()) << name;
    if (config) expect_notes(config->warnings, answer.at("warnings"), name);
    else expect_notes(config.error(), answer.at("faults"), name);
  }
}

TEST(Koordinator, TheGoodMapSaysWhatItSays) {
  const auto config = parse_cpu_burst_config(parse_slo_map(golden("configmap-slo.json"), "map")->cpu_burst_config);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->cluster.policy, koordlet::BurstPolicy::automatic);
  EXPECT_EQ(config->cluster.quota_burst_percent, 200);
  EXPECT_EQ(config->cluster.share_pool_percent, 60);
  ASSERT_EQ(config->nodes.size(), 1U);
  EXPECT_EQ(config->nodes[0].labels.at("pool"), "gpu");
  EXPECT_EQ(config->nodes[0].patch.policy, koordlet::BurstPolicy::cpu_burst_only);
  EXPECT_EQ(config->nodes[0].patch.quota_burst_percent, std::nullopt);
}

TEST(Koordinator, WrongTypesAndRangesRefuseAllOfIt) {
  for (const std::string bad : {R"({"clusterStrategy":{"cpuBurstPercent":"100"}})", R"({"clusterStrategy":{"cpuBurstPercent":1.5}})",
                                R"({"clusterStrategy":{"sharePoolThresholdPercent":101}})", R"({"clusterStrategy":{"policy":1}})",
                                R"({"clusterStrategy":[]})", R"({"nodeStrategies":[7]})", "[]", "", "{", R"({"a":1} {})"}) {
    EXPECT_FALSE(parse_cpu_burst_config(bad)) << bad;
  }
}

TEST(Koordinator, TheKeysValueByItselfIsTakenToo) {
  const auto map = parse_slo_map(R"({"clusterStrategy":{"policy":"auto"}})", "burst.json");
  ASSERT_TRUE(map);
  EXPECT_TRUE(parse_cpu_burst_config(map->cpu_burst_config));
  EXPECT_FALSE(parse_slo_map("kind: ConfigMap\ndata: {other: x}\n", "map"));
}

TEST(Koordinator, TheFirstStrategyWhoseLabelsTheNodeHasComesOverTheClusters) {
  const auto config = parse_cpu_burst_config(parse_slo_map(golden("configmap-slo.json"), "map")->cpu_burst_config);
  ASSERT_TRUE(config);
  for (const auto& labels : {std::optional<std::map<std::string, std::string>>{}, std::optional(std::map<std::string, std::string>{{"pool", "cpu"}})})
    EXPECT_EQ(strategy_on(*config, labels).policy, koordlet::BurstPolicy::automatic);
  const auto gpu = strategy_on(*config, std::map<std::string, std::string>{{"pool", "gpu"}, {"zone", "a"}});
  EXPECT_EQ(gpu.policy, koordlet::BurstPolicy::cpu_burst_only);
  EXPECT_EQ(gpu.quota_burst_percent, 200) << "the cluster's";
  EXPECT_EQ(strategy_on({}, std::nullopt).cpu_burst_percent, 100) << "absent counts as what the kernel takes";
}

TEST(Koordinator, APodsAnnotationIsAStrategyWithoutTheNodesThreshold) {
  const auto asked = parse_burst_annotation(R"({"policy":"cpuBurstOnly","cpuBurstPercent":500,"sharePoolThresholdPercent":90})");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->patch.policy, koordlet::BurstPolicy::cpu_burst_only);
  EXPECT_EQ(asked->patch.cpu_burst_percent, 100);
  EXPECT_EQ(asked->patch.share_pool_percent, std::nullopt);
  EXPECT_EQ(asked->told.size(), 2U) << "clamped, and not its own";
  for (const std::string bad : {"", "{", "[]", "7", R"({"cfsQuotaBurstPercent":"300"})", R"({"policy":true})", R"({"cpuBurstPercent":-1})"})
    EXPECT_FALSE(parse_burst_annotation(bad)) << bad;
}

}  // namespace
}  // namespace headroom
