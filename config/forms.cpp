#include "config/forms.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <initializer_list>

#include "config/values.hpp"

namespace headroom {
namespace {

constexpr std::int64_t kPatternMemory = 1 << 20;   // bytes; a tenant's names are matched with it

std::optional<std::int64_t> duration_of(const Key& key, std::string_view text) {
  const auto value = parse_duration(text, seconds{key.low / 1000}, seconds{key.high / 1000});
  return value ? std::optional{std::int64_t{value->count()} * 1000} : std::nullopt;
}

/// "20% of node": the amount before the tail.
std::optional<std::int64_t> percent_of_node(const Key& key, std::string_view text) {
  constexpr std::string_view kTail = " of node";
  if (!text.ends_with(kTail)) return std::nullopt;
  return parse_amount(text.substr(0, text.size() - kTail.size()), {"%"}, {key.low, key.high, 1000});
}

std::optional<std::int64_t> below_cores(const Key& key, std::string_view text) {
  constexpr std::string_view kHead = "below ";
  if (!text.starts_with(kHead)) return std::nullopt;
  return parse_amount(text.substr(kHead.size()), {"cores", "core"}, {key.low, key.high});
}

/// "3 in 10m": the window; the number is checked too.
std::optional<std::int64_t> breaches(const Key& key, std::string_view text) {
  constexpr std::string_view kIn = " in ";
  const auto in = text.find(kIn);
  if (in == std::string_view::npos || !parse_integer(text.substr(0, in), 1, 100)) return std::nullopt;
  return duration_of(key, text.substr(in + kIn.size()));
}

bool is_class_name(std::string_view name) {
  constexpr std::size_t kLongest = 32;
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto allowed = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= kLongest && lower(name[0]) && std::all_of(name.begin(), name.end(), allowed);
}

bool is_address(std::string_view text) {
  const auto begins = [text](std::string_view scheme) { return text.starts_with(scheme) && text.size() > scheme.size(); };
  return begins("https://") || begins("http://") || begins("unix:");
}

bool all_of(std::string_view text, bool (*test)(char)) { return !text.empty() && std::all_of(text.begin(), text.end(), test); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string_view without_sign(std::string_view text) {
  return text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
}

/// Source: YAML 1.2.2, 10.3.2: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, 0o7, 0xf, .inf, .nan
bool is_number(std::string_view text) {
  if (text.starts_with("0o")) return all_of(text.substr(2), is_octal);
  if (text.starts_with("0x")) return all_of(text.substr(2), is_hex);
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  text = without_sign(text);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return true;
  const auto e = text.find_first_of("eE");
  if (e != std::string_view::npos && !all_of(without_sign(text.substr(e + 1)), is_digit)) return false;
  text = text.substr(0, e);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto behind = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (whole.empty()) return all_of(behind, is_digit);
  return all_of(whole, is_digit) && (behind.empty() || all_of(behind, is_digit));
}

bool is_truth(std::string_view text) {
  return text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" || text == "FALSE";
}

}  // namespace

bool is_text(const Tree& scalar) { return scalar.quoted || !(is_truth(scalar.text) || is_number(scalar.text)); }

std::optional<std::int64_t> amount_of(const Key& key, std::string_view text) {
  switch (key.form) {
    case Form::cores: return parse_amount(text, {"cores", "core"}, {key.low, key.high});
    case Form::auto_or_percent: return parse_amount(text, {"%"}, {key.low, key.high, 1000});
    case Form::tenths_of_percent: return parse_amount(text, {"%"}, {key.low, key.high, 100});
    case Form::duration: return duration_of(key, text);
    case Form::cpu_minutes: return parse_amount(text, {"cpu-min"}, {key.low, key.high});
    case Form::cpu_hours_a_day: return parse_amount(text, {"cpu-h/day"}, {key.low, key.high});
    case Form::mebibytes: return parse_amount(text, {"MiB"}, {key.low, key.high, 1000});
    case Form::percent_of_node: return percent_of_node(key, text);
    case Form::below_cores: return below_cores(key, text);
    case Form::breaches: return breaches(key, text);
    case Form::map: case Form::maps: case Form::entries: case Form::word: case Form::word_or_map: case Form::integer:
    case Form::truth: case Form::text: case Form::texts: case Form::text_map: case Form::class_name: case Form::engines:
    case Form::pattern: case Form::ports: case Form::globs: case Form::slice: case Form::address: case Form::url:
    case Form::parameters: break;
  }
  return std::nullopt;
}

std::optional<std::string_view> word_of(const Key& key, const Tree& scalar) {
  const bool bare = !scalar.quoted;
  const std::string_view meant = bare && scalar.text == "false" ? "off" : bare && scalar.text == "true" ? "on" : std::string_view(scalar.text);
  for (const auto word : words_of(key)) {
    if (word == meant) return word;
  }
  return std::nullopt;
}

bool has_form(const Key& key, const Tree& scalar) {
  const std::string_view text = scalar.text;
  switch (key.form) {
    case Form::word:
    case Form::word_or_map: return word_of(key, scalar).has_value();
    case Form::integer:
    case Form::ports: return !scalar.quoted && parse_integer(text, static_cast<int>(key.low), static_cast<int>(key.high));
    case Form::truth: return !scalar.quoted && (text == "true" || text == "false");
    case Form::class_name: return is_text(scalar) && is_class_name(text) && text != "none" && text != "system";
    case Form::engines: return std::find(engine_ids().begin(), engine_ids().end(), text) != engine_ids().end();
    case Form::pattern: return is_text(scalar) && groups_of_pattern(scalar.text);
    case Form::slice: return text.ends_with(".slice") && text.size() > std::string_view(".slice").size();
    case Form::address: return parse_listen(text).has_value();
    case Form::url: return is_address(text);
    case Form::text:
    case Form::texts:
    case Form::globs: return is_text(scalar) && !text.empty();
    case Form::text_map: return is_text(scalar);
    case Form::parameters: return true;
    case Form::auto_or_percent: return text == "auto" || amount_of(key, text);
    case Form::cores: case Form::tenths_of_percent: case Form::duration: case Form::cpu_minutes:
    case Form::cpu_hours_a_day: case Form::mebibytes: case Form::percent_of_node: case Form::below_cores:
    case Form::breaches: return amount_of(key, text).has_value();
    case Form::map: case Form::maps: case Form::entries: break;
  }
  return false;
}

Result<std::vector<std::string>> groups_of_pattern(const std::string& text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  const RE2 pattern(text, options);
  if (!pattern.ok()) return fail(Errc::malformed, "", fmt::format("{}: \"{}\"", pattern.error(), pattern.error_arg()));
  std::vector<std::string> groups;
  for (const auto& [name, index] : pattern.NamedCapturingGroups()) groups.push_back(name);
  return groups;
}

}  // namespace headroom
