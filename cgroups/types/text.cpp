#include "cgroups/types/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace headroom {
namespace {

constexpr std::size_t kQuoted = 64;   // bytes of bad text that an error shows

tl::unexpected<Error> malformed(std::string_view where, std::string_view wanted, std::string_view got) {
  std::string shown;
  for (const char c : got.substr(0, kQuoted)) shown += (c >= 0x20 && c < 0x7f) ? c : '?';
  return fail(Errc::malformed, std::string(where),
              fmt::format("want {}, got '{}'{}", wanted, shown, got.size() > kQuoted ? "..." : ""));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Digits only, at most 2^63 - 1, so that the value fits every signed duration.
std::optional<std::int64_t> to_number(std::string_view digits) {
  std::int64_t value = 0;
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<nanoseconds> to_time(std::string_view digits, std::int64_t ns_per_unit) {
  const auto value = to_number(digits);
  if (!value || *value > std::numeric_limits<std::int64_t>::max() / ns_per_unit) return std::nullopt;
  return nanoseconds{*value * ns_per_unit};
}

/// Takes the text up to `separator`, or all that is left.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

/// Value of the line "key value". nullopt: no such line. A key that stands twice yields an empty, hence bad, value.
std::optional<std::string_view> field(std::string_view text, std::string_view key) {
  std::optional<std::string_view> found;
  while (!text.empty()) {
    auto line = take(text, '\n');
    if (take(line, ' ') != key) continue;
    if (found) return std::string_view{};
    found = line;
  }
  return found;
}

/// field() for several keys in one pass.
template <std::size_t N>
std::array<std::optional<std::string_view>, N> fields(std::string_view text, const std::array<std::string_view, N>& keys) {
  std::array<std::optional<std::string_view>, N> found;
  while (!text.empty()) {
    auto line = take(text, '\n');
    const auto key = take(line, ' ');
    for (std::size_t i = 0; i < N; ++i)
      if (key == keys[i]) found[i] = found[i] ? std::string_view{} : line;
  }
  return found;
}

Result<nanoseconds> time_field(std::string_view text, std::string_view key, std::int64_t ns_per_unit,
                               std::string_view where) {
  const auto value = field(text, key);
  if (!value) return fail(Errc::absent, std::string(where), fmt::format("no {} in it", key));
  const auto time = to_time(trimmed(*value), ns_per_unit);
  if (!time) return malformed(where, fmt::format("one '{} NUMBER'", key), *value);
  return *time;
}

/// "12.34" -> 0.1234. The kernel prints two digits after the point, and at most 100.
std::optional<double> to_share(std::string_view percent) {
  auto rest = percent;
  const auto whole = to_number(take(rest, '.'));
  const auto cents = to_number(rest);
  if (!whole || !cents || rest.size() != 2 || *whole > 100) return std::nullopt;
  return static_cast<double>(*whole * 100 + *cents) / 10'000.0;
}

std::optional<std::string_view> value_of(std::string_view word, std::string_view key) {
  if (!word.starts_with(key)) return std::nullopt;
  return word.substr(key.size());
}

/// What follows "some " or "full ": avg10=… avg60=… avg300=… total=…
std::optional<PressureLine> to_pressure(std::string_view line) {
  const auto avg10 = value_of(take(line, ' '), "avg10=");
  const auto avg60 = value_of(take(line, ' '), "avg60=");
  const auto avg300 = value_of(take(line, ' '), "avg300=");
  const auto total = value_of(take(line, ' '), "total=");
  if (!avg10 || !avg60 || !avg300 || !total || !line.empty()) return std::nullopt;
  const auto share = to_share(*avg10);
  const auto time = to_time(*total, 1000);
  if (!share || !time) return std::nullopt;
  return PressureLine{*share, *time};
}

/// The numbers behind "cpuN ": at least user nice system idle iowait irq softirq steal, in ticks.
std::optional<CpuTimes> to_cpu_times(std::string_view numbers, std::int64_t user_hz) {
  constexpr std::size_t kFields = 8;
  const std::int64_t ns_per_tick = 1'000'000'000 / user_hz;
  std::int64_t ticks[kFields];
  for (auto& tick : ticks) {
    const auto time = to_time(take(numbers, ' '), ns_per_tick * static_cast<std::int64_t>(kFields));
    if (!time) return std::nullopt;   // the factor above keeps every sum below in range
    tick = time->count() / static_cast<std::int64_t>(kFields);
  }
  return CpuTimes{nanoseconds{ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]},
                  nanoseconds{ticks[3] + ticks[4]}, nanoseconds{ticks[7]}};
}

}  // namespace

Result<std::uint64_t> parse_count(std::string_view text, std::string_view where) {
  const auto value = to_number(trimmed(text));
  if (!value) return malformed(where, "a number", text);
  return static_cast<std::uint64_t>(*value);
}

Result<std::optional<microseconds>> parse_quota(std::string_view text, std::string_view where) {
  const auto number = trimmed(text);
  const bool negative = number.starts_with('-');
  const auto value = to_number(number.substr(negative ? 1 : 0));
  if (!value) return malformed(where, "-1 or a quota in us", text);
  if (negative) return std::optional<microseconds>{};
  return std::optional<microseconds>{*value};
}

Result<microseconds> parse_microseconds(std::string_view text, std::string_view where) {
  const auto value = to_number(trimmed(text));
  if (!value) return malformed(where, "a time in us", text);
  return microseconds{*value};
}

Result<Bandwidth> parse_cpu_max(std::string_view text, std::string_view where) {
  auto rest = trimmed(text);
  const auto quota = take(rest, ' ');
  const auto quota_us = to_number(quota);
  const auto period_us = to_number(rest);
  if (!period_us || (!quota_us && quota != "max")) return malformed(where, "'QUOTA PERIOD' or 'max PERIOD' in us", text);
  Bandwidth result{.quota = std::nullopt, .period = microseconds{*period_us}, .burst = microseconds{0}};
  if (quota_us) result.quota = microseconds{*quota_us};
  return result;
}

Result<Shares> parse_shares(std::string_view text, std::string_view where) {
  return parse_count(text, where).map([](std::uint64_t value) { return Shares{value}; });
}

Result<ThrottleCounters> parse_throttle(std::string_view text, std::string_view where) {
  static constexpr std::array<std::string_view, 4> kKeys{"nr_periods", "nr_throttled", "throttled_time", "throttled_usec"};
  const auto [periods, throttled, time_v1, time_v2] = fields(text, kKeys);
  if (!periods) return fail(Errc::absent, std::string(where), "no nr_periods in it");
  const auto count = to_number(trimmed(*periods));
  if (!count) return malformed(where, "one 'nr_periods NUMBER'", *periods);
  const auto halted = to_number(trimmed(throttled.value_or("")));
  const auto time = time_v1 ? to_time(trimmed(*time_v1), 1) : to_time(trimmed(time_v2.value_or("")), 1000);
  if (!halted || !time) return malformed(where, "one nr_throttled and one throttled_time or throttled_usec", text);
  return ThrottleCounters{static_cast<std::uint64_t>(*count), static_cast<std::uint64_t>(*halted), *time};
}

Result<nanoseconds> parse_usage_v2(std::string_view text, std::string_view where) {
  return time_field(text, "usage_usec", 1000, where);
}

Result<nanoseconds> parse_usage_v1(std::string_view text, std::string_view where) {
  const auto value = to_number(trimmed(text));
  if (!value) return malformed(where, "CPU time in ns", text);
  return nanoseconds{*value};
}

Result<nanoseconds> parse_wait_sum(std::string_view text, std::string_view where) {
  return time_field(text, "wait_sum", 1, where);
}

Result<bool> parse_populated(std::string_view text, std::string_view where) {
  const auto value = field(text, "populated");
  if (!value || (*value != "0" && *value != "1")) return malformed(where, "one 'populated 0' or 'populated 1'", text);
  return *value == "1";
}

Result<Pressure> parse_pressure(std::string_view text, std::string_view where) {
  const auto some = field(text, "some");
  const auto full = field(text, "full");
  const auto some_line = to_pressure(some.value_or(""));
  const auto full_line = to_pressure(full.value_or(""));
  if (!some_line || (full && !full_line)) {
    return malformed(where, "'some avg10=N.NN avg60=N.NN avg300=N.NN total=N'", text);
  }
  return Pressure{*some_line, full_line};
}

Result<std::vector<CpuTimes>> parse_proc_stat(std::string_view text, std::int64_t user_hz, std::string_view where) {
  if (user_hz < 1 || user_hz > 1'000'000) return malformed(where, "1..1000000 ticks a second", std::to_string(user_hz));
  std::vector<CpuTimes> cpus;
  while (text.starts_with("cpu")) {   // they come first; "intr" behind them is long, and of no interest
    auto line = take(text, '\n');
    const auto whole = line;
    const auto name = take(line, ' ');
    if (name == "cpu") continue;
    const auto number = to_number(name.substr(3));
    const auto times = to_cpu_times(line, user_hz);
    if (!number || !times || *number >= static_cast<std::int64_t>(kMaxCpus)) {
      return malformed(where, "'cpuN USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL'", whole);
    }
    const auto index = static_cast<std::size_t>(*number);
    if (cpus.size() <= index) cpus.resize(index + 1);
    cpus[index] = *times;
  }
  if (cpus.empty()) return malformed(where, "cpuN lines", text);
  return cpus;
}

std::string format_quota(const std::optional<microseconds>& quota) {
  return quota ? std::to_string(quota->count()) : "-1";
}

std::string format_microseconds(microseconds value) { return std::to_string(value.count()); }

std::string format_cpu_max(const Bandwidth& bandwidth) {
  return fmt::format("{} {}", bandwidth.quota ? std::to_string(bandwidth.quota->count()) : "max",
                     bandwidth.period.count());
}

std::string format_shares(Shares shares) { return std::to_string(shares.value); }

}  // namespace headroom
