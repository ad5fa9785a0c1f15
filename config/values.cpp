#include "config/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace headroom {
namespace {

struct Quantity {
  std::int64_t thousandths = 0;
  std::string_view unit;
};

std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; }) - text.begin());
}

/// "8.5 cores" -> 8500, "cores".
std::optional<Quantity> split(std::string_view text) {
  constexpr std::size_t kWhole = 9, kBehind = 3;
  const auto whole = count_digits(text);
  if (whole == 0 || whole > kWhole) return std::nullopt;
  Quantity result;
  for (const char c : text.substr(0, whole)) result.thousandths = result.thousandths * 10 + (c - '0');
  text.remove_prefix(whole);
  std::size_t behind = 0;
  if (text.starts_with('.')) {
    behind = count_digits(text.substr(1));
    if (behind == 0 || behind > kBehind) return std::nullopt;
    for (const char c : text.substr(1, behind)) result.thousandths = result.thousandths * 10 + (c - '0');
    text.remove_prefix(1 + behind);
  }
  for (; behind < kBehind; ++behind) result.thousandths *= 10;
  if (text.starts_with(' ')) text.remove_prefix(1);
  result.unit = text;
  return result;
}

bool is_host(std::string_view host) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
  };
  in_addr v4{};
  if (host.empty() || !std::all_of(host.begin(), host.end(), allowed)) return false;
  const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return !numeric || inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1;
}

bool is_address(std::string_view address) {
  if (address.find('\0') != std::string_view::npos) return false;
  if (!address.starts_with('[')) return is_host(address);
  in6_addr v6{};
  return address.ends_with(']') && inet_pton(AF_INET6, std::string(address.substr(1, address.size() - 2)).c_str(), &v6) == 1;
}

}  // namespace

std::optional<std::int64_t> parse_amount(std::string_view text, std::initializer_list<std::string_view> units, Bounds bounds) {
  const auto quantity = split(text);
  if (!quantity || std::find(units.begin(), units.end(), quantity->unit) == units.end()) return std::nullopt;
  const auto value = quantity->thousandths;
  return value < bounds.low || value > bounds.high || value % bounds.step != 0 ? std::nullopt : std::optional{value};
}

std::optional<seconds> parse_duration(std::string_view text, seconds low, seconds high) {
  const auto quantity = split(text);
  if (!quantity) return std::nullopt;
  const int unit = quantity->unit == "s" ? 1 : quantity->unit == "m" ? 60 : quantity->unit == "h" ? 3600 : 0;
  const auto total = quantity->thousandths * unit;
  if (unit == 0 || total % 1000 != 0) return std::nullopt;
  const seconds result{total / 1000};
  return result < low || result > high ? std::nullopt : std::optional{result};
}

std::optional<int> parse_integer(std::string_view text, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value >= low && value <= high ? std::optional{value} : std::nullopt;
}

std::optional<std::string> parse_listen(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_address(text.substr(0, colon))) return std::nullopt;
  const auto port = text.substr(colon + 1);
  if (count_digits(port) != port.size() || !parse_integer(port, 0, 65'535)) return std::nullopt;
  return std::string(text);
}

}  // namespace headroom
