#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "policies/policy.hpp"

namespace headroom::testing {
namespace {

std::vector<std::string_view> all_names() {
  std::vector<std::string_view> names = policy_names(PolicyUse::production);
  for (const auto name : policy_names(PolicyUse::lab)) names.push_back(name);
  return names;
}

TEST(Registry, WhatIsOfferedForNodesIsNotWhatTheLabCompares) {
  EXPECT_EQ(policy_names(PolicyUse::production), (std::vector<std::string_view>{"headroom", "koordinator", "static"}));
  EXPECT_EQ(policy_names(PolicyUse::lab), (std::vector<std::string_view>{"captain", "quota_turbo", "kernel_burst", "harmful"}));
}

TEST(Registry, EveryPolicyHasItsDocsPageAndItsTestAndRefusesUnknownParameters) {
  for (const auto name : all_names()) {
    Node tuning;
    tuning.values["noSuchThing"] = {"1", "headroom.yaml:3:5: tuning.noSuchThing"};
    Faults faults;
    EXPECT_EQ(make_policy(name, tuning, faults), nullptr);
    ASSERT_EQ(faults.size(), 1u);
    EXPECT_EQ(faults[0].where, "headroom.yaml:3:5: tuning.noSuchThing");
    std::ifstream page(std::string(HEADROOM_SOURCE_DIR "/docs/policies/") + std::string(name) + ".md");
    ASSERT_TRUE(page) << "docs/policies/" << name << ".md";
    const std::string test = std::string(HEADROOM_SOURCE_DIR "/tests/policies/") + std::string(name) + "_test.cpp";
    EXPECT_TRUE(std::ifstream(test)) << test;
    const std::string text(std::istreambuf_iterator<char>(page), {});
    for (const auto& doc : policy_docs(name)) {
      const std::string row = "| `" + std::string(doc.name) + "` | " + std::string(doc.unit) + " | " +
                              std::string(doc.range) + " | " + std::string(doc.fallback) + " | ";
      EXPECT_NE(text.find(row), std::string::npos) << row;
    }
  }
  Faults faults;
  EXPECT_EQ(make_policy("hedroom", {}, faults), nullptr);
  EXPECT_EQ(faults.size(), 1u);
}

}  // namespace
}  // namespace headroom::testing
