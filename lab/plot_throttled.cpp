// How long steps stood still because of a limit, by arm and level.
#include <fmt/core.h>

#include <algorithm>

#include "lab/plots.hpp"
#include "lab/tables.hpp"

namespace headroom::lab {
namespace {

constexpr double kWidth = 380, kLeft = 108, kRight = 280, kTop = 20, kRow = 34;

std::string in_words(const Record& record) {
  std::string out = "seconds for which steps were throttled, summed over CPUs and steps.";
  for (const auto& arm : record.arms) {
    out += fmt::format(" {}: containers {:.2f} s, pods {:.2f} s in {:.0f} s measured.", arm.arm, arm.throttled_container,
                       arm.throttled_pod, arm.seconds);
  }
  return out;
}

}  // namespace

std::optional<Plot> throttled_plot(const Record& record) {
  if (record.arms.empty()) return std::nullopt;
  double most = 1e-3;
  for (const auto& arm : record.arms) most = std::max({most, arm.throttled_container, arm.throttled_pod});
  const double bottom = kTop + kRow * static_cast<double>(record.arms.size());
  Svg svg(kWidth, bottom + 40);
  const auto x = linear_axis(0, most, kLeft, kRight, 4);
  svg.axes(x, {AxisKind::linear, 0, 1, bottom, kTop}, "throttled time, s", "");
  for (std::size_t i = 0; i < record.arms.size(); ++i) {
    const auto& arm = record.arms[i];
    const double top = kTop + kRow * static_cast<double>(i) + 4;
    const auto look = look_of(record, arm.arm);
    const bool judged = not_judged(record, arm).empty();
    svg.text({kLeft - 6, top + (judged ? 16.0 : 11.0)}, shortened(arm.arm, 17), Anchor::end, "direct");
    if (!judged) svg.text({kLeft - 6, top + 23}, "not judged", Anchor::end, "tick");
    const auto bar = [&](double y, double value, const char* kind, const char* level) {
      svg.bar({kLeft, y, std::max(0.6, x.at(value) - kLeft), 11}, look + kind, fmt::format("{}, {}: {:.2f} s", arm.arm, level, value));
      svg.text({x.at(value) + 5, y + 9}, fmt::format("{} s {}", ms(value), level), Anchor::start, "tick");
    };
    bar(top, arm.throttled_container, " full", "container");
    bar(top + 13, arm.throttled_pod, " pale", "pod");
  }
  mark_simulation(svg, record);
  return Plot{"Steps stood still, throttled", svg.str(spoken(record, in_words(record)), ""),
              fmt::format("As the kernel counts: summed over CPUs and steps, over {:.0f} s measured in each arm.", record.arms.front().seconds)};
}

}  // namespace headroom::lab
