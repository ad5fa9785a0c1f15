#include "config/schema_patterns.hpp"

#include <fmt/format.h>

namespace headroom {
namespace {

constexpr std::string_view kDuration = "[0-9]{1,9}(\\.[0-9]{1,3})? ?[smh]";

/// Digits behind the point, of what is a multiple of `step` thousandths.
std::string_view fraction(int step) {
  if (step == 1000) return "(\\.0{1,3})?";
  return step == 100 ? "(\\.[0-9]0{0,2})?" : "(\\.[0-9]{1,3})?";
}

/// key.low..key.high thousandths. low is 0, 0.1 or 1; high is whole.
std::string number(const Key& key, int step) {
  const auto high = key.high / 1000;
  std::string out = fmt::format("0*({}{}|", high, fraction(1000));
  if (key.low == 0) out += fmt::format("0{}|", fraction(step));
  if (key.low == 100) out += fmt::format("0\\.[1-9]{}|", step == 100 ? "0{0,2}" : "[0-9]{0,2}");
  return out + fmt::format("({}){})", up_to_pattern(high - 1), fraction(step));
}

}  // namespace

std::string up_to_pattern(std::int64_t high) {
  const auto digits = fmt::format("{}", high);
  std::string out = digits;
  const auto any = [](std::size_t count) { return count == 0 ? std::string() : fmt::format("[0-9]{{{}}}", count); };
  for (std::size_t length = 1; length < digits.size(); ++length) out += "|[1-9]" + any(length - 1);
  for (std::size_t at = 0; at < digits.size(); ++at) {
    const char lowest = at == 0 ? '1' : '0';
    if (digits[at] <= lowest) continue;   // no smaller digit
    out += fmt::format("|{}[{}-{}]{}", digits.substr(0, at), lowest, static_cast<char>(digits[at] - 1), any(digits.size() - at - 1));
  }
  return out;
}

std::string pattern_of(const Key& key) {
  switch (key.form) {
    case Form::cores: return fmt::format("^{} ?cores?$", number(key, 1));
    case Form::auto_or_percent: return fmt::format("^(auto|{} ?%)$", number(key, 1000));
    case Form::tenths_of_percent: return fmt::format("^{} ?%$", number(key, 100));
    case Form::duration: return fmt::format("^{}$", kDuration);
    case Form::cpu_minutes: return fmt::format("^{} ?cpu-min$", number(key, 1));
    case Form::cpu_hours_a_day: return fmt::format("^{} ?cpu-h/day$", number(key, 1));
    case Form::mebibytes: return fmt::format("^{} ?MiB$", number(key, 1000));
    case Form::percent_of_node: return fmt::format("^{} ?% of node$", number(key, 1000));
    case Form::below_cores: return fmt::format("^below {} ?cores?$", number(key, 1));
    case Form::breaches: return fmt::format("^0*({}) in {}$", up_to_pattern(100), kDuration);
    case Form::slice: return "[\\s\\S]\\.slice$";
    case Form::address: return "^(\\[[0-9A-Fa-f:.]+\\]|[0-9A-Za-z.-]+):[0-9]+$";
    case Form::url: return "^(https?://|unix:)[\\s\\S]";
    case Form::map: case Form::maps: case Form::entries: case Form::word: case Form::word_or_map: case Form::integer:
    case Form::truth: case Form::text: case Form::texts: case Form::text_map: case Form::class_name: case Form::engines:
    case Form::pattern: case Form::ports: case Form::globs: case Form::parameters: break;
  }
  return "";
}

}  // namespace headroom
