#include "cli/troff.hpp"

namespace headroom::cli::troff {

std::string title(const std::string& name, int section) {
  return ".TH " + name + " " + std::to_string(section) + " \"" HEADROOM_VERSION_DATE "\" \"headroom " HEADROOM_VERSION "\" \"Headroom\"\n";
}

std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
  }
  return out;
}

std::string line(const std::string& text) {
  const std::string made = plain(text);
  return (made.empty() || made.front() == '.' || made.front() == '\'' ? "\\&" : "") + made + "\n";
}

std::string bold(const std::string& text) { return "\\fB" + plain(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + plain(text) + "\\fR"; }

}  // namespace headroom::cli::troff
