// What a mistyped word was probably meant to be.
#pragma once

#include <span>
#include <string_view>

namespace headroom {

/// "Did you mean …?" — the nearest of `known` if it is near, else empty. Optimal string alignment distance, at most 2 and
/// less than half of the word.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace headroom
