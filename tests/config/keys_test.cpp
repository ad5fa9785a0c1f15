// The table of keys against the reader of configurations: what it says holds.
#include "config/keys.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "config/config.hpp"
#include "config/forms.hpp"
#include "tests/config/documents.hpp"

namespace headroom {
namespace {

using test::document;
using testing::HasSubstr;

std::vector<Error> faults_of(const std::string& text) {
  const auto config = parse_config(text, "headroom.yaml");
  return config ? std::vector<Error>{} : config.error();
}

bool is_amount(const Key& key) { return key.high > 1 && key.form != Form::integer && key.form != Form::ports; }

/// The value of an amount, with its unit: its example with another number.
std::string written(const Key& key, std::int64_t thousandths) {
  const auto number = thousandths_text(thousandths);
  if (key.form == Form::duration) return number + "s";
  if (key.form == Form::breaches) return "1 in " + number + "s";
  return std::regex_replace(std::string(key.want), std::regex("[0-9.]+"), number);
}

TEST(Keys, EveryOneIsFoundByItsPathWithAndWithoutIndices) {
  std::set<std::string_view> paths;
  for (const Key& key : keys()) {
    EXPECT_TRUE(paths.insert(key.path).second) << key.path;
    EXPECT_EQ(find_key(key.path), &key);
    EXPECT_FALSE(key.meaning.empty()) << key.path;
    EXPECT_FALSE(wanted(key).empty()) << key.path;
  }
  EXPECT_EQ(find_key("classes[3].borrow.upTo"), find_key("classes[].borrow.upTo"));
  EXPECT_EQ(find_key("sources.docker.ca"), find_key("sources.*.ca"));
  EXPECT_EQ(find_key("nothing"), nullptr);
}

TEST(Keys, AreTheChildrenOfTheirParentsAndOfNobodyElse) {
  std::multiset<std::string_view> seen;
  for (const Key& key : keys()) {
    for (const Key* child : children_of(key)) {
      seen.insert(child->path);
      EXPECT_EQ(child_of(key, name_of(*child)), child) << child->path;
    }
  }
  for (const Key& key : keys()) {
    if (key.path.empty()) continue;
    EXPECT_EQ(seen.count(key.path), key.path.starts_with("sources.*") ? 4U : 1U) << key.path;
  }
}

TEST(Keys, BoundsAreWithinAndTheNextBeyondIsNot) {
  for (const Key& key : keys()) {
    if (!is_amount(key)) continue;
    const std::int64_t step = key.form == Form::tenths_of_percent ? 100 : key.form == Form::cores || key.form == Form::below_cores ? 1 : 1000;
    EXPECT_THAT(faults_of(document(key, written(key, key.low))), testing::IsEmpty()) << document(key, written(key, key.low));
    EXPECT_THAT(faults_of(document(key, written(key, key.high))), testing::IsEmpty()) << document(key, written(key, key.high));
    for (const auto beyond : {key.low - step, key.high + step}) {
      if (beyond < 0) continue;
      const auto faults = faults_of(document(key, written(key, beyond)));
      ASSERT_EQ(faults.size(), 1U) << document(key, written(key, beyond));
      EXPECT_THAT(faults[0].detail, HasSubstr(wanted(key)));
    }
  }
}

TEST(Keys, ExamplesAndDefaultsHaveTheFormThatTheyStandFor) {
  for (const Key& key : keys()) {
    Tree scalar;
    scalar.kind = Tree::Kind::scalar;
    scalar.text = key.want;
    if (is_amount(key)) {
      EXPECT_TRUE(has_form(key, scalar)) << key.path;
    }
    scalar.text = key.fallback;
    const bool said_in_words = key.fallback.empty() || key.fallback == "no bound" || key.fallback == "not asked";
    if ((is_amount(key) || key.form == Form::word) && !said_in_words) {
      EXPECT_TRUE(has_form(key, scalar)) << key.path;
    }
  }
}

TEST(Keys, DefaultsAreTheOnesInForce) {
  const auto empty = parse_config("", "headroom.yaml");
  ASSERT_TRUE(empty);
  const Config built_in;
  EXPECT_EQ(empty->version, built_in.version);
  EXPECT_EQ(empty->mode, built_in.mode);
  EXPECT_EQ(empty->target_percent, built_in.target_percent);
  EXPECT_EQ(empty->steal_permille, built_in.steal_permille);
  EXPECT_EQ(empty->restore_when_blind, built_in.restore_when_blind);
  EXPECT_EQ(empty->added_wait_permille, built_in.added_wait_permille);
  EXPECT_EQ(empty->contract_window, built_in.contract_window);
  EXPECT_EQ(empty->policy, built_in.policy);
  EXPECT_EQ(empty->listen, built_in.listen);
  EXPECT_EQ(empty->log_level, built_in.log_level);
  EXPECT_EQ(empty->log_json, built_in.log_json);
  ASSERT_EQ(empty->classes.size(), 1U);
  EXPECT_EQ(empty->classes[0].rule.borrow, BorrowRule{});
}

}  // namespace
}  // namespace headroom
