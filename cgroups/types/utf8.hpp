// Whether bytes are UTF-8, and how those are shown that are not. A YAML library turns bad ones into U+FFFD without a word,
// and the path of a cgroup may hold any bytes but a newline.
#pragma once

#include <string>
#include <string_view>

namespace headroom {

/// @return length of the longest prefix that is well-formed UTF-8 (no overlong forms, no surrogates, <= U+10FFFF).
/// Source: Unicode 15, table 3-7.
std::size_t valid_utf8_prefix(std::string_view text);

/// UTF-8 for any bytes: one that belongs to no character becomes U+FFFD and its two hexadecimal digits, and so does each of a
/// real U+FFFD. Different bytes stay different; everything else is as it was.
std::string as_utf8(std::string_view bytes);

}  // namespace headroom
