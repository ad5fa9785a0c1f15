// What is printed for Koordinator's map is a configuration that holds, with the same numbers.
#include "agent/ctl_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "config/config.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;

std::string imported(const std::string& name) {
  std::ifstream file(HEADROOM_SOURCE_DIR "/tests/golden/kubernetes/" + name);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto config = parse_cpu_burst_config(parse_slo_map(text, name)->cpu_burst_config);
  return config ? native_config(*config, name) : "";
}

TEST(Import, WhatIsPrintedIsValidAndMeansTheSame) {
  const auto config = parse_config(imported("configmap-slo.json"), "headroom.yaml");
  ASSERT_TRUE(config) << imported("configmap-slo.json");
  EXPECT_EQ(config->policy, "koordinator");
  EXPECT_EQ(config->mode, Mode::observe);
  EXPECT_EQ(config->tuning.values.at("policy").text, "auto");
  EXPECT_EQ(config->tuning.values.at("cfsQuotaBurstPercent").text, "200");
  EXPECT_EQ(config->tuning.values.at("sharePoolThresholdPercent").text, "60");
  Faults faults;
  EXPECT_NE(make_policy("koordinator", config->tuning, faults), nullptr);
}

TEST(Import, NodesThatAreDifferentAreNamed) {
  EXPECT_THAT(imported("configmap-slo.json"), HasSubstr("on nodes with pool=gpu"));
  EXPECT_THAT(imported("configmap-slo.json"), HasSubstr("#   policy: cpuBurstOnly\n#   cpuBurstPercent: 100\n#   cfsQuotaBurstPercent: 200"));
}

TEST(Import, ABurstAboveTheQuotaIsTheQuota) { EXPECT_THAT(imported("configmap-slo-odd.json"), HasSubstr("\n  cpuBurstPercent: 100\n")); }

TEST(Import, WhatTheMapDoesNotSayIsKoordinatorsOwnDefault) {
  const std::string text = native_config(*parse_cpu_burst_config("{}"), "x");
  EXPECT_THAT(text, HasSubstr("  policy: none\n"));
  EXPECT_THAT(text, HasSubstr("  cpuBurstPercent: 100\n  cfsQuotaBurstPercent: 300\n  cfsQuotaBurstPeriodSeconds: -1\n  sharePoolThresholdPercent: 50\n"));
}

}  // namespace
}  // namespace headroom
