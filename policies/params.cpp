#include "policies/params.hpp"

#include <algorithm>
#include <charconv>

namespace headroom {

std::int64_t ParamReader::integer(std::string_view name, std::int64_t low, std::int64_t high, std::int64_t fallback) {
  const auto found = tuning_.values.find(name);
  if (found == tuning_.values.end()) return fallback;
  const auto& [text, place] = found->second;
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec == std::errc{} && end == text.data() + text.size() && value >= low && value <= high) return value;
  faults_.push_back({Errc::malformed, place,
                     "want a whole number from " + std::to_string(low) + " to " + std::to_string(high) + ", got \"" +
                         text + "\""});
  return fallback;
}

void ParamReader::refuse_unknown(std::string_view policy) {
  for (const auto& entry : tuning_.values) {
    const auto& name = entry.first;   // a lambda takes no structured binding before clang 16
    const auto& value = entry.second;
    const bool known = std::any_of(docs_.begin(), docs_.end(), [&](const ParamDoc& d) { return d.name == name; });
    if (!known)
      faults_.push_back({Errc::malformed, value.place,
                         "policy " + std::string(policy) + " has no parameter \"" + name +
                             "\"; `headroomctl config explain tuning` lists them"});
  }
}

}  // namespace headroom
