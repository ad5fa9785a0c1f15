// Whether bytes are UTF-8. A YAML library turns bad ones into U+FFFD without a word.
#pragma once

#include <string_view>

namespace headroom {

/// @return length of the longest prefix that is well-formed UTF-8 (no overlong forms, no surrogates, <= U+10FFFF).
/// Source: Unicode 15, table 3-7.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace headroom
