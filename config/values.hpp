// Values with their units, as people write them. Text -> value or nullopt: wrong form, wrong unit or out of range.
// A number has at most nine digits before the point and three behind it; one blank may stand before the unit.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "cgroups/types/units.hpp"

namespace headroom {

/// Bounds of an amount in thousandths of its unit; `step`: what it has to be a multiple of.
struct Bounds {
  std::int64_t low = 0, high = 0, step = 1;
};

/// "8 cores", "0.5%", "16 MiB": in thousandths of the unit, which is one of `units`.
std::optional<std::int64_t> parse_amount(std::string_view text, std::initializer_list<std::string_view> units, Bounds bounds);

/// "20s", "5m", "1h", in whole seconds, low..high.
std::optional<seconds> parse_duration(std::string_view text, seconds low, seconds high);

/// A bare whole number, low..high.
std::optional<int> parse_integer(std::string_view text, int low, int high);

/// "127.0.0.1:9478", "[::1]:9478", "localhost:9478": an address and a port 0..65535. 0: any free port.
std::optional<std::string> parse_listen(std::string_view text);

}  // namespace headroom
