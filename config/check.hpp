// A tree against the table of keys. Every fault and every key that is not in force is kept in the field's findings.
#pragma once

#include "config/field.hpp"
#include "config/keys.hpp"

namespace headroom {

/// The whole text: forms of all values, unknown keys, keys that are missing, contradictions.
void check_text(const Field& root);

}  // namespace headroom
