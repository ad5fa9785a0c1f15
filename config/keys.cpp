#include "config/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "policies/policy.hpp"

namespace headroom {
namespace {

/// "classes[0].borrow" and "classes.borrow" -> "classes.borrow".
std::string without_indices(std::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (c == '[') inside = true;
    if (!inside) out += c;
    if (c == ']') inside = false;
  }
  return out;
}

/// "sources.kubelet.ca" -> "sources.*.ca"; any other path as it is.
std::string with_shared_parent(std::string_view path) {
  constexpr std::string_view kSources = "sources.";
  const auto end = path.starts_with(kSources) ? path.find('.', kSources.size()) : std::string_view::npos;
  if (end == std::string_view::npos) return std::string(path);
  return fmt::format("{}*{}", kSources, path.substr(end));
}

std::string prefix_below(const Key& parent) {
  if (parent.path.empty()) return {};
  const bool list = parent.form == Form::maps || parent.form == Form::entries;
  const auto point = parent.path.rfind('.');
  const bool source = point != std::string_view::npos && parent.path.substr(0, point) == "sources";
  return fmt::format("{}{}.", source ? "sources.*" : parent.path, list ? "[]" : "");
}

/// Keys of annotations hold points themselves: what is below such a key is known by its name.
bool is_child(const Key& key, std::string_view prefix) {
  if (key.path.size() <= prefix.size() || !key.path.starts_with(prefix)) return false;
  const auto rest = key.path.substr(prefix.size());
  const bool annotation = prefix == "annotations.";
  const auto slash = annotation ? rest.find('/') : 0;
  const bool deeper = rest.find('.', slash == std::string_view::npos ? 0 : slash) != std::string_view::npos;
  return !deeper && rest.find('[') == std::string_view::npos;
}

std::string range(const Key& key, std::string_view unit) {
  return fmt::format("{}..{}{}", thousandths_text(key.low), thousandths_text(key.high), unit);
}

std::string duration_text(std::int64_t thousandths) {
  const auto seconds = thousandths / 1000;
  if (seconds % 3600 == 0 && seconds > 0) return fmt::format("{}h", seconds / 3600);
  if (seconds % 60 == 0 && seconds > 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

std::string map_of(const Key& key) { return fmt::format("a map of {}", fmt::join(child_names(key), ", ")); }

/// "1..100% of node" for an amount; empty for any other form.
std::string amount_wanted(const Key& key) {
  switch (key.form) {
    case Form::cores: return range(key, " cores");
    case Form::tenths_of_percent: return range(key, "%");
    case Form::auto_or_percent: return "auto or " + range(key, "%");
    case Form::duration: return fmt::format("{}..{}", duration_text(key.low), duration_text(key.high));
    case Form::cpu_minutes: return range(key, " cpu-min");
    case Form::cpu_hours_a_day: return range(key, " cpu-h/day");
    case Form::mebibytes: return range(key, " MiB");
    case Form::percent_of_node: return range(key, "% of node");
    case Form::below_cores: return "below " + range(key, " cores");
    case Form::breaches: return fmt::format("1..100 in {}..{}", duration_text(key.low), duration_text(key.high));
    case Form::map: case Form::maps: case Form::entries: case Form::word: case Form::word_or_map: case Form::integer:
    case Form::truth: case Form::text: case Form::texts: case Form::text_map: case Form::class_name: case Form::engines:
    case Form::pattern: case Form::ports: case Form::globs: case Form::slice: case Form::address: case Form::url:
    case Form::parameters: break;
  }
  return {};
}

}  // namespace

std::string thousandths_text(std::int64_t value) {
  auto text = fmt::format("{}.{:03}", value / 1000, value % 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

const Key* find_key(std::string_view path) {
  const auto plain = without_indices(path);
  const auto shared = with_shared_parent(plain);
  const auto fits = [&](const Key& key) {
    const auto own = without_indices(key.path);
    return own == plain || own == shared;
  };
  const auto found = std::find_if(keys().begin(), keys().end(), fits);
  return found == keys().end() ? nullptr : &*found;
}

const Key* child_of(const Key& parent, std::string_view name) {
  const auto path = prefix_below(parent) + std::string(name);
  const auto found = std::find_if(keys().begin(), keys().end(), [&](const Key& key) { return !key.path.empty() && key.path == path; });
  return found == keys().end() ? nullptr : &*found;
}

std::vector<const Key*> children_of(const Key& parent) {
  std::vector<const Key*> result;
  const auto prefix = prefix_below(parent);
  for (const Key& key : keys()) {
    if (is_child(key, prefix)) result.push_back(&key);
  }
  return result;
}

std::vector<std::string_view> child_names(const Key& parent) {
  std::vector<std::string_view> result;
  for (const Key* key : children_of(parent)) result.push_back(name_of(*key));
  return result;
}

std::string_view name_of(const Key& key) {
  constexpr std::string_view kAnnotations = "annotations.";
  if (key.path.starts_with(kAnnotations) && !key.path.ends_with(".max")) return key.path.substr(kAnnotations.size());
  const auto point = key.path.rfind('.');
  return point == std::string_view::npos ? key.path : key.path.substr(point + 1);
}

std::vector<std::string_view> words_of(const Key& key) {
  constexpr std::string_view kBetween = " | ";
  if (key.form == Form::word && key.want.empty()) return policy_names(PolicyUse::production);
  std::vector<std::string_view> result;
  auto rest = key.want;
  for (auto at = rest.find(kBetween); at != std::string_view::npos; at = rest.find(kBetween)) {
    result.push_back(rest.substr(0, at));
    rest.remove_prefix(at + kBetween.size());
  }
  result.push_back(rest);
  return result;
}

std::string wanted(const Key& key) {
  const auto words = words_of(key);
  if (key.form == Form::map) return map_of(key);
  if (key.form == Form::word) return fmt::format("{}", fmt::join(words, words.size() == 2 ? " or " : " | "));
  if (key.form == Form::word_or_map) return fmt::format("{} or {}", fmt::join(words, ", "), map_of(key));
  const auto amount = amount_wanted(key);
  return amount.empty() ? std::string(key.want) : fmt::format("{} (\"{}\")", amount, key.want);
}

}  // namespace headroom
