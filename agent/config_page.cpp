#include "agent/config_page.hpp"

#include <algorithm>

#include "cli/troff.hpp"
#include "config/keys.hpp"

namespace headroom {
namespace {

using namespace cli::troff;

std::string entry_of(const Key& key) {
  std::string about(key.meaning);
  const std::string want = wanted(key);
  if (!want.empty()) about += ". Want " + want;
  if (key.need == Need::required) about += "; required";
  else if (!key.fallback.empty()) about += "; default: " + std::string(key.fallback);
  if (!key.effect.empty()) about += ". Not in force in this version: " + std::string(key.effect);
  return ".TP\n" + bold(std::string(key.path)) + "\n" + line(about);
}

constexpr const char* kDescription =
    "One file in YAML; JSON text is YAML. Every key has a default, so an empty file is valid. Values carry their unit. Unknown keys, "
    "wrong units, values out of range and contradictions are all told at once, with line and column, and the file is refused as a "
    "whole: the last good one stays in force.\n"
    "Of every list the first entry that matches wins. A change of the file is taken up by itself, and at SIGHUP.";

constexpr const char* kExample =
    "mode: enforce\n"
    "classes:\n"
    "  - name: step\n"
    "    match: [{slice: dflow.slice}, {unit: \"train-*.service\"}]\n"
    "    borrow: {upTo: 4 cores, start: 20s, credit: 10 cpu-min}\n";

std::string lines(const std::string& text) {
  std::string out;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find('\n', from), text.size());
    out += line(text.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

}  // namespace

std::string config_page() {
  std::string out = title("HEADROOM.YAML", 5);
  out += ".SH NAME\nheadroom.yaml \\- configuration of headroomd\n.SH DESCRIPTION\n" + lines(kDescription) + ".SH KEYS\n";
  for (const Key& key : keys())
    if (!key.path.empty()) out += entry_of(key);
  out += ".SH EXAMPLE\n.nf\n" + lines(kExample) + ".fi\n";
  out += ".SH FILES\n" + lines("/etc/headroom/headroom.yaml") + ".SH SEE ALSO\n" +
         lines("headroomd(8), headroomctl(1): headroomctl config explain KEY, headroomd --check-config FILE");
  return out;
}

}  // namespace headroom
