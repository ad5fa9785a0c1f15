// What the daemon tells of one group, for the terminal: made by it from the state of one tick, so that text and JSON say
// the same.
#include <nlohmann/json.hpp>

#include "agent/ctl_render.hpp"
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

}  // namespace

std::string render_explain(std::string_view text, const Paint& p) {
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
  return out + mode_line(e);
}

}  // namespace headroom
