#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "lab/plots.hpp"

namespace headroom::lab {
namespace {

// Order of the colours in page_style.cpp.
constexpr std::array<std::string_view, 8> kKnown{"static", "static2", "nolimit", "nolimit_low",
                                                 "headroom", "headroom-file", "headroom-hidden", "headroom-static"};
constexpr std::size_t kColours = 12;

}  // namespace

std::string look_of(const Record& record, const std::string& arm) {
  const auto known = std::find(kKnown.begin(), kKnown.end(), arm);
  if (known != kKnown.end()) return fmt::format("arm{}", known - kKnown.begin());
  std::size_t others = 0;
  for (const auto& stats : record.arms) {
    if (stats.arm == arm) break;
    if (std::find(kKnown.begin(), kKnown.end(), stats.arm) == kKnown.end()) ++others;
  }
  const auto own = kColours - kKnown.size();
  return fmt::format("arm{}{}", kKnown.size() + others % own, others >= own ? " again" : "");
}

void mark_simulation(Svg& svg, const Record& record) {
  if (record.origin == Origin::simulated) svg.text({svg.width() - 4, 11}, "simulation, not a measurement", Anchor::end, "simulated");
}

std::string spoken(const Record& record, const std::string& label) {
  return (record.origin == Origin::simulated ? "Simulation, not a measurement. " : "") + record.scenario + ": " + label;
}

}  // namespace headroom::lab
