// The manual page of the configuration says what the table says.
#include "agent/config_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "config/keys.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;

TEST(ConfigPage, HasEveryKeyWithItsMeaningAndDefault) {
  std::string page = config_page();
  std::erase(page, '\\');
  for (const char* section : {".TH HEADROOM.YAML 5 ", ".SH NAME\n", ".SH DESCRIPTION\n", ".SH KEYS\n", ".SH SEE ALSO\n"})
    EXPECT_THAT(page, HasSubstr(section));
  std::size_t at = 0;
  for (const Key& key : keys()) {
    if (key.path.empty()) continue;
    const auto found = page.find(".TP\nfB" + std::string(key.path) + "fR\n", at);
    ASSERT_NE(found, std::string::npos) << key.path << ": missing, or not in the table's order";
    at = found;
    const std::string entry = page.substr(at, page.find("\n.", at + 4) - at);
    EXPECT_THAT(entry, HasSubstr(std::string(key.meaning))) << key.path;
    if (key.fallback.empty()) continue;
    EXPECT_THAT(entry, HasSubstr("default: " + std::string(key.fallback))) << key.path;
  }
}

}  // namespace
}  // namespace headroom
