#include "agent/ctl_screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace headroom {
namespace {

constexpr std::size_t kUsualColumns = 80, kUsualRows = 24;

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* term = std::getenv("TERM");
  return term != nullptr && std::strcmp(term, "dumb") == 0;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

/// Bytes of the escape sequence that begins here; 0: none does.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2 || text[0] != '\x1b' || text[1] != '[') return 0;
  const auto end = text.find_first_of("mHJ", 2);
  return end == std::string_view::npos ? 0 : end + 1;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Keeps escape sequences also beyond the cut, so that a colour is ended.
std::string cut(std::string_view line, std::size_t columns) {
  std::string out;
  std::size_t shown = 0;
  bool keep = true;
  for (std::size_t i = 0; i < line.size();) {
    if (const std::size_t n = escape_length(line.substr(i)); n > 0) {
      out += line.substr(i, n);
      i += n;
      continue;
    }
    if (!continues(line[i])) keep = ++shown <= columns;
    if (keep) out += line[i];
    ++i;
  }
  return out;
}

std::size_t width_of(std::string_view line) {
  std::size_t shown = 0;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t n = escape_length(line.substr(i));
    if (n == 0 && !continues(line[i])) ++shown;
    i += n == 0 ? 1 : n;
  }
  return shown;
}

/// Where a line is to end: at the last blank that fits, or where there is none at the first after that.
std::size_t break_at(std::string_view line, std::size_t columns, std::size_t from) {
  std::size_t best = std::string_view::npos;
  for (std::size_t i = line.find(' ', from); i != std::string_view::npos; i = line.find(' ', i + 1)) {
    if (width_of(line.substr(0, i)) > columns) return best == std::string_view::npos ? i : best;
    best = i;
  }
  return best;
}

}  // namespace

Screen screen_now() {
  Screen out;
  if (isatty(STDOUT_FILENO) == 0) return out;
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  out.columns = known && size.ws_col > 0 ? size.ws_col : kUsualColumns;
  out.rows = known && size.ws_row > 0 ? size.ws_row : kUsualRows;
  if (!is_set("NO_COLOR") && !is_dumb()) out.paint = kColours;
  return out;
}

std::string cut_lines(std::string_view text, std::size_t columns) {
  if (columns == 0) return std::string(text);
  std::string out;
  for (const auto line : lines_of(text)) out += cut(line, columns) + "\n";
  return out;
}

std::size_t rows_of(std::string_view text, std::size_t columns) {
  std::size_t rows = 0;
  for (const auto line : lines_of(text)) rows += std::max<std::size_t>(1, (width_of(line) + columns - 1) / columns);
  return rows;
}

std::string wrap_lines(std::string_view text, std::size_t columns, std::size_t indent) {
  if (columns <= 2 * indent) return std::string(text);
  std::string out;
  for (const auto whole : lines_of(text)) {
    std::string line(whole);
    while (width_of(line) > columns) {
      const std::size_t end = break_at(line, columns, indent);
      if (end == std::string::npos) break;
      out += line.substr(0, end) + "\n";
      line = std::string(indent, ' ') + line.substr(end + 1);
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace headroom
