// How bytes that are no text are shown.
#include "cgroups/types/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace headroom {
namespace {

const std::vector<std::string> kCharacters{"a", "/", "fe", "ff", "\xc3\xa9", "\xf0\x9f\x98\x80"};

/// Pieces of characters as well as whole ones, which single random bytes would hardly ever be.
std::vector<std::string> with_pieces() {
  auto all = kCharacters;
  all.insert(all.end(), {"\xc3", "\xa9", "\xef\xbf\xbd", "\xef\xbf", "\xed\xa0\x80", "\xff"});
  return all;
}

rc::Gen<std::string> made_of(const std::vector<std::string>& parts) {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(parts)), [](const std::vector<std::string>& pieces) {
    std::string all;
    for (const auto& p : pieces) all += p;
    return all;
  });
}

RC_GTEST_PROP(AsUtf8, IsUtf8WhateverTheBytesAre, ()) {
  const std::string shown = as_utf8(*made_of(with_pieces()));
  RC_ASSERT(valid_utf8_prefix(shown) == shown.size());
}

RC_GTEST_PROP(AsUtf8, LeavesTextAsItIs, ()) {
  const std::string text = *made_of(kCharacters);
  RC_ASSERT(valid_utf8_prefix(text) == text.size());
  RC_ASSERT(as_utf8(text) == text);
}

/// The bytes back from what is shown of them.
std::string bytes_of(std::string_view shown) {
  std::string out;
  while (!shown.empty()) {
    const bool odd = shown.starts_with("\xef\xbf\xbd");
    out += odd ? static_cast<char>(std::stoi(std::string(shown.substr(3, 2)), nullptr, 16)) : shown.front();
    shown.remove_prefix(odd ? 5 : 1);
  }
  return out;
}

RC_GTEST_PROP(AsUtf8, KeepsDifferentBytesDifferent, ()) {
  const std::string text = *made_of(with_pieces());
  RC_ASSERT(bytes_of(as_utf8(text)) == text);
}

}  // namespace
}  // namespace headroom
