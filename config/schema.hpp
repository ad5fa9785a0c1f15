// The table of keys as a JSON Schema (draft 7) for editors.
#pragma once

#include <span>
#include <string>

#include "policies/policy.hpp"

namespace headroom {

/// A text that the validator accepts, the schema accepts; what only the validator sees (duplicate keys, RE2's syntax, some
/// bounds of durations, contradictions between far places) passes. Judged after YAML's core schema, as editors read it.
/// @param tuning  parameters of all policies
std::string config_schema(std::span<const ParamDoc> tuning);

}  // namespace headroom
