// The schema beside the validator: it may be kinder, never stricter. Judged by python3-jsonschema.
#include "config/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "config/config.hpp"
#include "config/schema_patterns.hpp"
#include "tests/config/documents.hpp"

namespace headroom {
namespace {

constexpr const char* kShipped = HEADROOM_SOURCE_DIR "/docs/headroom.schema.json";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What --check-config asks: the text, and the policy's parameters.
bool is_valid(const std::string& text) {
  const auto config = parse_config(text, "headroom.yaml");
  Faults faults;
  return config && make_policy(config->policy, config->tuning, faults) != nullptr;
}

/// One verdict a text: "yes", "no …", "broken".
std::vector<std::string> judged(const std::vector<test::Document>& documents) {
  const std::string file = testing::TempDir() + "headroom-documents-" + std::to_string(::getpid());
  {
    std::ofstream out(file);
    for (const auto& document : documents) out << nlohmann::json(document.text).dump() << "\n";
  }
  const std::string command = std::string("python3 " HEADROOM_SOURCE_DIR "/tests/config/schema_judge.py ") + kShipped + " < " + file;
  std::vector<std::string> verdicts;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string line;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    if (c != '\n') line += static_cast<char>(c);
    else verdicts.push_back(std::exchange(line, {}));
  }
  EXPECT_EQ(::pclose(pipe), 0) << "the judge needs the packages python3-jsonschema and python3-yaml";
  ::unlink(file.c_str());
  return verdicts;
}

/// Of the policies that a node may have; the lab's are nobody's configuration.
std::vector<ParamDoc> all_parameters() {
  std::vector<ParamDoc> docs;
  for (const auto name : policy_names(PolicyUse::production))
    for (const ParamDoc& doc : policy_docs(name)) docs.push_back(doc);
  return docs;
}

TEST(Schema, TheShippedFileIsTheOneThatTheTableGives) {
  EXPECT_EQ(text_of(kShipped), config_schema(all_parameters())) << "headroomctl config schema > docs/headroom.schema.json";
}

TEST(Schema, WhatTheValidatorAcceptsItAcceptsAndEveryKeyIsHit) {
  constexpr int kDocuments = 1000, kValid = 300;
  test::Documents source(20'261'121);
  std::vector<test::Document> documents;
  for (int i = 0; i < kDocuments; ++i) documents.push_back(source.draw(i % 2 == 0 ? 0 : 1 + i % 8));
  const auto verdicts = judged(documents);
  ASSERT_EQ(verdicts.size(), documents.size());
  int valid = 0, refused = 0, invalid = 0;
  std::set<std::string> hit;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (!is_valid(documents[i].text)) {
      ++invalid;
      refused += verdicts[i] != "yes";
      continue;
    }
    ++valid;
    hit.insert(documents[i].keys.begin(), documents[i].keys.end());
    EXPECT_EQ(verdicts[i], "yes") << documents[i].text;
  }
  EXPECT_GE(valid, kValid);
  EXPECT_GE(refused * 10, invalid * 8) << "of " << invalid << " wrong ones it refuses " << refused << ": too few to help anybody";
  for (const Key& key : keys()) EXPECT_TRUE(key.path.empty() || hit.contains(std::string(key.path))) << key.path;
  for (const ParamDoc& doc : all_parameters()) EXPECT_TRUE(hit.contains("tuning." + std::string(doc.name))) << doc.name;
}

TEST(Schema, TheLabsPoliciesAreNoConfiguration) {
  EXPECT_TRUE(is_valid("policy: koordinator\ntuning: {policy: none, cfsQuotaBurstPeriodSeconds: -1}\n"));
  EXPECT_FALSE(is_valid("policy: koordinator\ntuning: {policy: always}\n"));
  for (const auto name : policy_names(PolicyUse::lab)) EXPECT_FALSE(is_valid("policy: " + std::string(name) + "\n")) << name;
}

TEST(Schema, RangesOfWholeNumbersAreExact) {
  for (const int high : {1, 9, 10, 63, 99, 100, 1023, 9999}) {
    const std::regex pattern("^(" + up_to_pattern(high) + ")$");
    for (int n = 0; n <= 11'000; n = n < 1100 ? n + 1 : n + 89) {
      EXPECT_EQ(std::regex_match(std::to_string(n), pattern), n >= 1 && n <= high) << n << " of 1.." << high;
    }
  }
}

}  // namespace
}  // namespace headroom
