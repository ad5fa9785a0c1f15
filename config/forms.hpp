// Whether one value has the form that its key asks for, and what it then says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"
#include "config/tree.hpp"

namespace headroom {

/// An amount in thousandths of its unit (duration: seconds); nullopt: wrong form, wrong unit, out of range, or the key's
/// form is no amount. `auto` is none.
std::optional<std::int64_t> amount_of(const Key& key, std::string_view text);

/// The word that is meant: bare `false` counts as `off` and `true` as `on` where they are among the key's, because Helm's
/// toYaml writes them so. nullopt: none of the key's.
std::optional<std::string_view> word_of(const Key& key, const Tree& scalar);

/// False for what YAML's core schema takes for a number or a truth: without quotes it is no text.
bool is_text(const Tree& scalar);

/// Of all forms whose value is one scalar.
bool has_form(const Key& key, const Tree& scalar);

/// The names of a pattern's groups. The Error says what RE2 does not like; it has no place.
Result<std::vector<std::string>> groups_of_pattern(const std::string& pattern);

}  // namespace headroom
