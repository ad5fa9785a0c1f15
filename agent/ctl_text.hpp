// Shared by the ctl_*.cpp: columns and numbers for people.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::ctl {

/// Names come from tenants: a control character must not reach the terminal.
inline std::string clean(std::string_view text) {
  std::string out;
  for (const char c : text) out += (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? '?' : c;
  return out;
}

/// Keeps the end, which tells containers apart.
inline std::string fit(std::string_view text, std::size_t width) {
  if (text.size() <= width) return clean(text);
  return "…" + clean(text.substr(text.size() - (width - 1)));
}

/// Columns by code points: "…" is three bytes and one column.
inline std::string column(std::string_view text, std::size_t width) {
  std::string out = fit(text, width);
  std::size_t shown = 0;
  for (const char c : out) shown += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return shown < width ? out + std::string(width - shown, ' ') : out;
}

/// Width of a column of names: all of the longest where nothing limits it, else a third of the screen at most.
inline std::size_t name_width(const std::vector<std::string>& names, std::size_t columns) {
  std::size_t longest = 0;
  for (const auto& name : names) longest = std::max(longest, name.size());
  return columns == 0 ? longest : std::min(longest, std::max<std::size_t>(16, columns / 3));
}

inline std::string duration(double s) {
  if (s < 0.0005) return "0";
  if (s < 1) return fmt::format("{:.0f}ms", s * 1000);
  if (s < 100) return fmt::format("{:.1f}s", s);
  if (s < 6000) return fmt::format("{:.0f}m", s / 60);
  return fmt::format("{:.1f}h", s / 3600);
}

}  // namespace headroom::ctl
