#include "policies/params.hpp"

#include <algorithm>
#include <charconv>

namespace headroom {

std::vector<std::string_view> words_of(const ParamDoc& doc) {
  constexpr std::string_view kBetween = ", ";
  std::vector<std::string_view> words;
  if (doc.unit != "word") return words;
  std::string_view rest = doc.range;
  for (auto at = rest.find(kBetween); at != std::string_view::npos; at = rest.find(kBetween)) {
    words.push_back(rest.substr(0, at));
    rest.remove_prefix(at + kBetween.size());
  }
  words.push_back(rest);
  return words;
}

std::string wanted(const ParamDoc& doc) {
  if (doc.unit == "word") return "one of " + std::string(doc.range);
  return std::string(doc.range) + " " + std::string(doc.unit);
}

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

std::string_view ParamReader::word(std::string_view name, std::string_view fallback) {
  const auto found = tuning_.values.find(name);
  if (found == tuning_.values.end()) return fallback;
  const auto doc = std::find_if(docs_.begin(), docs_.end(), [&](const ParamDoc& d) { return d.name == name; });
  if (doc == docs_.end()) return fallback;
  for (const std::string_view word : words_of(*doc))
    if (word == found->second.text) return word;
  faults_.push_back({Errc::malformed, found->second.place, "want " + wanted(*doc) + ", got \"" + found->second.text + "\""});
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
