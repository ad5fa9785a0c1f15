// What a YAML library lets pass and the configuration does not.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "config/config.hpp"

namespace headroom {
namespace {

/// The places and details of all faults, one a line.
std::string faults_of(const std::string& text) {
  const auto config = parse_config(text, "h.yaml");
  std::string all;
  if (config) return all;
  for (const auto& fault : config.error()) all += fault.where + ": " + fault.detail + "\n";
  return all;
}

void expect_fault(const std::string& text, const std::string& begin) {
  EXPECT_TRUE(faults_of(text).starts_with(begin)) << "got: " << faults_of(text);
}

TEST(StrictYaml, DuplicateKeysAreRefusedAtTheSecondAtAnyDepth) {
  expect_fault("mode: off\nmode: off\n", "h.yaml:2:1: mode: given twice: the first is in line 1");
  expect_fault("mode: off\n\"mode\": off\n", "h.yaml:2:1: mode: given twice");
  expect_fault("classes:\n- name: a\n  match: [{qos: Burstable}]\n  borrow: {upTo: 1 core, upTo: 2 cores}\n",
               "h.yaml:4:26: classes[0].borrow.upTo: given twice");
  expect_fault("{\"mode\": \"off\", \"mode\": \"off\"}", "h.yaml:1:17: mode: given twice");
}

TEST(StrictYaml, OneDocumentIsAll) {
  expect_fault("mode: off\n---\nmode: off\n", "h.yaml:");
  expect_fault("{\"mode\": \"off\"} {\"mode\": \"off\"}", "h.yaml:1:");
  expect_fault("{\"mode\": \"off\"} // x", "h.yaml:1:");
}

TEST(StrictYaml, AnchorsAliasesTagsAndMergesAreRefused) {
  expect_fault("log: &x {level: info}\n", "h.yaml:1:6: log: want a value, got an anchor");
  EXPECT_NE(faults_of("log: &x {level: info}\nnode: *x\n").find("h.yaml:2:7: node: want a value, got an alias"), std::string::npos);
  EXPECT_NE(faults_of("a: &x [*x]").find("alias"), std::string::npos) << "a cycle";
  expect_fault("mode: !foo off\n", "h.yaml:1:7: mode: want a plain value, got the tag !foo");
  expect_fault("log: !!python/object {}\n", "h.yaml:1:6: log: want a plain value, got the tag");
  expect_fault("<<: {mode: off}\n", "h.yaml:1:1: <<: unknown key");
}

TEST(StrictYaml, KeysAreWords) {
  expect_fault("? [mode]\n: off\n", "h.yaml:1:3: ");
  expect_fault("~: off\n", "h.yaml:1:1: ");
}

TEST(StrictYaml, DepthAndSizeAreBounded) {
  const auto nested = [](std::size_t levels) { return "tuning: " + std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_NE(faults_of(nested(32)).find("want at most 32 levels"), std::string::npos);
  EXPECT_EQ(faults_of(nested(31)).find("levels"), std::string::npos);
  EXPECT_NE(faults_of(nested(100'000)).find("want at most 32 levels"), std::string::npos);
  EXPECT_EQ(faults_of("#" + std::string((1 << 20) - 1, ' ')), "");
  expect_fault("#" + std::string(1 << 20, ' '), "h.yaml:1:1: want at most 1048576 bytes, got 1048577");
}

TEST(StrictYaml, BytesThatAreNotUtf8AreRefusedAtTheirPlace) {
  expect_fault("mode: off\nlog: \xff\n", "h.yaml:2:6: want UTF-8, got the byte 0xff");
  for (const auto* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xf8\x88\x80\x80\x80", "\xe0\x80\x80"}) {
    EXPECT_NE(faults_of(std::string("# ") + bad).find("want UTF-8"), std::string::npos);
  }
  EXPECT_EQ(faults_of("# \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbd"), "");
}

TEST(StrictYaml, BrokenTextNamesLineAndColumn) {
  expect_fault("mode: off\n\tlog: {}\n", "h.yaml:2:");
  expect_fault("log: {level: info\n", "h.yaml:");
  expect_fault("log: {level: \"\\ud83d\\ude00\"}\n", "h.yaml:1:");
  EXPECT_NE(faults_of("log: {level: \"\\ud83d\\ude00\"}\n").find("as they are"), std::string::npos);
  EXPECT_NE(faults_of("mode: \"off\n# rest of the file\n"), "") << "an unclosed quote swallows what follows";
}

TEST(StrictYaml, JsonIsReadAsWell) {
  const auto config = parse_config("{\"mode\":\"enforce\",\r\n \"log\" : {\"level\":\"d\\u0065bug\"}, \"version\":1}", "h.yaml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->mode, Mode::enforce);
  EXPECT_EQ(config->log_level, "debug");
}

TEST(StrictYaml, FaultsShowLongOrUnprintableTextShortAndClean) {
  EXPECT_LT(faults_of("mode: " + std::string(100'000, 'x')).size(), 300U);
  EXPECT_EQ(faults_of("mode: \"\\e[31mred\"").find('\x1b'), std::string::npos);
  EXPECT_EQ(faults_of("\"\\e[31mred\": 1").find('\x1b'), std::string::npos);
  EXPECT_LT(faults_of("tuning: {" + std::string(900, 'k') + ": []}").size(), 400U);
}

RC_GTEST_PROP(StrictYaml, NoTextEndsTheParserOtherwiseThanWithAValueOrFaultsWithPlaces, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "mode", ": ", "off", "\n", "- ", "  ", "[", "]", "{", "}", ",", "\"", "'", "&a ", "*a", "!t ", "? ", "---\n", "...\n", "|", ">", "#",
      "%", "@", "`", "\t", "classes", "name", "match", "\xc3\xa9", "\xff", "~", "null", "<<", "8 cores", "1"));
  std::string text;
  for (const auto& piece : pieces) text += piece;
  const auto config = parse_config(text, "h.yaml");
  if (config) return;
  RC_ASSERT(!config.error().empty());
  for (const auto& fault : config.error()) {
    RC_ASSERT(fault.where.starts_with("h.yaml:"));
    RC_ASSERT(!fault.detail.empty());
  }
}

}  // namespace
}  // namespace headroom
