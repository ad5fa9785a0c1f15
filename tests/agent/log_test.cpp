// Log lines as somebody else's program reads them: one valid line each, whatever a tenant calls his groups, and no flood.
#include "agent/log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

namespace headroom {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

/// What a Log writes to stderr until its end.
template <class Say>
std::vector<std::string> said(LogLevel level, LogFormat format, Say say) {
  testing::internal::CaptureStderr();
  {
    Log log(level, format);
    say(log);
  }
  return lines_of(testing::internal::GetCapturedStderr());
}

TEST(LogOutput, EveryBytesMakeOneValidLineThatKeepsTheAsciiInIt) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string message, value;
    for (int i = 0; i < 40; ++i) message += static_cast<char>(random() % 256);
    for (int i = 0; i < 40; ++i) value += static_cast<char>(random() % 128);
    const auto text = log_line(LogFormat::text, "kind", message, {{"group", value}});
    for (const char c : text) ASSERT_GE(static_cast<unsigned char>(c), 0x20) << text;
    const auto json = nlohmann::json::parse("{" + log_line(LogFormat::json, "kind", message, {{"group", value}}) + "}", nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << message;
    EXPECT_EQ(json.at("group"), value);
  }
}

TEST(LogOutput, JsonLinesAreObjectsWithTimeLevelKindAndMessage) {
  const auto lines = said(LogLevel::info, LogFormat::json, [](Log& log) { log.warn("fault", "a \"b\"", {{"group", "/x\ny"}}); });
  ASSERT_EQ(lines.size(), 1U);
  const auto line = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(line.at("level"), "warn");
  EXPECT_EQ(line.at("kind"), "fault");
  EXPECT_EQ(line.at("message"), "a \"b\"");
  EXPECT_EQ(line.at("group"), "/x\ny");
  EXPECT_EQ(line.at("time").get<std::string>().size(), std::string("2026-01-01T00:00:00.000Z").size());
}

TEST(LogOutput, AFloodOfOneKindIsCutAndCountedAndLeavesTheOthersTheirRoom) {
  const auto lines = said(LogLevel::info, LogFormat::json, [](Log& log) {
    for (int i = 0; i < 5000; ++i) log.info("flood", "again");
    log.info("other", "heard");
  });
  std::uint64_t through = 0, suppressed = 0, heard = 0;
  for (const auto& text : lines) {
    const auto line = nlohmann::json::parse(text);
    through += line.at("message") == "again" ? 1 : 0;
    heard += line.at("kind") == "other" ? 1 : 0;
    if (line.contains("suppressed")) suppressed += std::stoull(line.at("suppressed").get<std::string>());
  }
  EXPECT_EQ(heard, 1U);
  EXPECT_LT(through, 100U);
  EXPECT_EQ(through + suppressed, 5000U);   // nothing is lost from the count, also what nobody spoke of afterwards
}

TEST(LogOutput, WhatIsBelowTheLevelIsNeitherWrittenNorCounted) {
  const auto lines = said(LogLevel::warn, LogFormat::text, [](Log& log) {
    for (int i = 0; i < 100; ++i) log.info("quiet", "nothing");
    log.error("loud", "something");
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("error loud     something"), std::string::npos) << lines[0];
}

}  // namespace
}  // namespace headroom
