#include "cgroups/types/utf8.hpp"

#include <algorithm>

namespace headroom {
namespace {

/// How many bytes the character at the front has, and what the second of them may be. length 0: none begins so.
struct Form {
  std::size_t length = 0;
  unsigned char low = 0x80, high = 0xbf;
};

Form form_of(unsigned char first) {
  if (first < 0x80) return Form{1};
  if (first >= 0xc2 && first <= 0xdf) return {2};
  if (first == 0xe0) return {3, 0xa0, 0xbf};
  if (first == 0xed) return {3, 0x80, 0x9f};
  if (first >= 0xe1 && first <= 0xef) return {3};
  if (first == 0xf0) return {4, 0x90, 0xbf};
  if (first >= 0xf1 && first <= 0xf3) return {4};
  if (first == 0xf4) return {4, 0x80, 0x8f};
  return {};
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

void append_bytes(std::string_view bytes, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.append(kReplacement).push_back(kDigits[byte >> 4]);
    out += kDigits[byte & 15];
  }
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const auto form = form_of(byte(0));
    if (form.length == 0 || at + form.length > text.size()) return at;
    if (form.length > 1 && (byte(1) < form.low || byte(1) > form.high)) return at;
    for (std::size_t i = 2; i < form.length; ++i) {
      if (byte(i) < 0x80 || byte(i) > 0xbf) return at;
    }
    at += form.length;
  }
  return at;
}

std::string as_utf8(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t good = std::min(valid_utf8_prefix(bytes), bytes.find(kReplacement));
    out += bytes.substr(0, good);
    bytes.remove_prefix(good);
    const std::string_view odd = bytes.substr(0, bytes.starts_with(kReplacement) ? kReplacement.size() : 1);
    append_bytes(odd, out);
    bytes.remove_prefix(odd.size());
  }
  return out;
}

}  // namespace headroom
