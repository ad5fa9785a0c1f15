// What the daemon tells of one group, for the terminal: made by it from the state of one tick, so that text and JSON say
// the same.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/ctl_render.hpp"
#include "agent/ctl_screen.hpp"
#include "agent/ctl_text.hpp"

namespace headroom {
namespace {

using nlohmann::json;

constexpr std::size_t kLabel = 11;   ///< columns of what a line is about

std::string painted(const std::string& line, std::size_t number, const Paint& p) {
  if (number == 0) return p.bold + line + p.reset;
  const auto label = line.find_first_of(' ');
  const bool has_label = !line.empty() && line.front() != ' ' && label != std::string::npos;
  return has_label ? p.dim + line.substr(0, kLabel) + p.reset + line.substr(std::min(kLabel, line.size())) : line;
}

std::string mode_line(const json& e) {
  const std::string mode = e.at("mode"), reason = e.at("modeReason");
  if (mode == "enforce") return "";
  return "\nMode is " + mode + (reason.empty() ? "" : " (" + ctl::clean(reason) + ")") + ": nothing of this is written.\n";
}

/// What was decided and what would change it are wanted whole.
std::string cut_but_decision(std::string_view text, std::size_t columns) {
  std::string out;
  for (bool first = true; !text.empty(); first = false) {
    const auto end = std::min(text.find('\n'), text.size() - 1);
    const auto line = text.substr(0, end + 1);
    const bool whole = first || line.find("to change") < kLabel;
    out += whole ? wrap_lines(line, columns, kLabel) : cut_lines(line, columns);
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string first_rows(std::string_view text, std::size_t columns, std::size_t rows) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    if (rows_of(out + std::string(line), columns) > rows) break;
    out += line;
    text.remove_prefix(line.size());
  }
  return out;
}

/// Whole sentences where the rows suffice, else their beginnings. One row is left for the prompt.
std::string fitted(const std::string& text, const Screen& s) {
  if (s.columns == 0) return text;
  const std::string whole = wrap_lines(text, s.columns, kLabel);
  if (rows_of(whole, s.columns) < s.rows) return whole;
  const std::string cut = cut_but_decision(text, s.columns);
  if (rows_of(cut, s.columns) < s.rows) return cut;
  return first_rows(cut, s.columns, std::max<std::size_t>(s.rows, 3) - 2) + "(more: | less)\n";
}

}  // namespace

std::string render_explain(std::string_view text, const Screen& s) {
  const Paint& p = s.paint;
  const json e = json::parse(text);
  const std::string screen = e.at("text");
  std::string out;
  std::size_t number = 0;
  for (std::size_t from = 0; from < screen.size();) {
    const auto end = std::min(screen.find('\n', from), screen.size());
    out += painted(ctl::clean(screen.substr(from, end - from)), number++, p) + "\n";
    from = end + 1;
  }
  for (const json& event : e.value("events", json::array()))
    out += "event      " + ctl::clean(event.get<std::string>()) + "\n";
  return fitted(out + mode_line(e), s);
}

}  // namespace headroom
