// Forms of texts as regular expressions (ECMA 262, the subset that every editor knows).
#pragma once

#include <string>

#include "config/keys.hpp"

namespace headroom {

/// Anchored. Accepts all that has_form() accepts of the key's form, and little else.
std::string pattern_of(const Key& key);

/// Whole numbers 1..high without leading zeros.
std::string up_to_pattern(std::int64_t high);

}  // namespace headroom
