// Values with their units, as people write them. Text -> value or nullopt: wrong form, wrong unit or out of range.
// A number has at most nine digits before the point and three behind it; one blank may stand before the unit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cgroups/types/units.hpp"

namespace headroom {

/// "8 cores", "1 core", "0.5 cores": 0.1..64.
std::optional<MilliCpu> parse_cores(std::string_view text);
constexpr std::string_view kWantCores = "0.1..64 cores (\"8 cores\")";

/// "20s", "5m", "1h", in whole seconds, low..high.
std::optional<seconds> parse_duration(std::string_view text, seconds low, seconds high);

/// "10 cpu-min": 0..10000.
std::optional<nanoseconds> parse_cpu_minutes(std::string_view text);
/// "200 cpu-h/day": 0.1..100000. In thousandths of an hour a day.
std::optional<std::int64_t> parse_cpu_hours_a_day(std::string_view text);

/// "95%" in whole percents, low..high.
std::optional<int> parse_percent(std::string_view text, int low, int high);
/// "0.5%" in tenths of a percent, low..high.
std::optional<int> parse_permille(std::string_view text, int low, int high);
/// "16 MiB": low..high.
std::optional<int> parse_mebibytes(std::string_view text, int low, int high);
/// A bare whole number, low..high.
std::optional<int> parse_integer(std::string_view text, int low, int high);

/// "127.0.0.1:9478", "[::1]:9478", "localhost:9478": an address and a port 0..65535. 0: any free port.
std::optional<std::string> parse_listen(std::string_view text);

}  // namespace headroom
