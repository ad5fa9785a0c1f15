// Named series of the scenario: start times, first leases, use over time.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "lab/plots.hpp"

namespace headroom::lab {
namespace {

constexpr double kWidth = 380, kTop = 18, kBottom = 196, kLeft = 46, kRight = 368;
constexpr std::array<const char*, 6> kLooks{"arm4", "arm2", "arm5", "arm6", "arm0", "arm3"};

/// The arm that a series ends with (", headroom"), so that it has its colour; else they take turns.
std::string look(const Series& series, std::size_t number) {
  const auto comma = series.name.rfind(", ");
  if (comma != std::string::npos) {
    const auto arm = look_of(Record{}, series.name.substr(comma + 2));
    if (arm < "arm8" && arm.size() == 4) return arm;
  }
  return kLooks[number % kLooks.size()];
}

struct Span {
  double low = 0, high = 1, top = 0;
};

Span span_of(const std::vector<const Series*>& all) {
  Span out{1e18, -1e18, 0};
  for (const auto* series : all) {
    for (const auto& [x, y] : series->points) {
      out.low = std::min(out.low, x);
      out.high = std::max(out.high, x);
      out.top = std::max(out.top, y);
    }
  }
  return out;
}

void draw(Svg& svg, const Series& series, const std::string& kind, const Axis& x, const Axis& y) {
  std::vector<Point> points;
  for (const auto& [at, value] : series.points) points.push_back({x.at(at), y.at(value)});
  svg.curve(points, kind + " curve", series.name);
  if (points.size() > 60) return;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& [at, value] = series.points[i];
    svg.disc(points[i], 2.4, kind + " dot", fmt::format("{}: {:.3f} {} at {:g}", series.name, value, series.unit, at));
  }
}

Plot plot_of(const Record& record, const std::vector<const Series*>& all) {
  const auto& unit = all.front()->unit;
  const auto span = span_of(all);
  // A use of cores is over seconds; everything else that is kept as a series is numbered.
  const bool over_time = unit == "cores";
  Svg svg(kWidth, kBottom + 40 + 15 * static_cast<double>(all.size()));
  const int most = over_time ? 8 : std::clamp(static_cast<int>(span.high - span.low), 1, 8);   // no tick between two numbers
  const auto x = linear_axis(over_time ? 0 : span.low, span.high, kLeft, kRight, most);
  const auto y = linear_axis(0, span.top > 0 ? span.top * 1.06 : 1, kBottom, kTop, 5);
  svg.axes(x, y, over_time ? "time, s" : "running number", unit == "s" ? "seconds" : unit);
  std::string words;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto kind = look(*all[i], i) + (i % 2 ? " second" : "");
    draw(svg, *all[i], kind, x, y);
    const double line = kBottom + 46 + 15 * static_cast<double>(i);
    svg.line({kLeft, line - 3.5}, {kLeft + 18, line - 3.5}, kind + " curve");
    svg.text({kLeft + 24, line}, shortened(all[i]->name, 50), Anchor::start, "direct");
    const auto [low, high] = std::minmax_element(all[i]->points.begin(), all[i]->points.end(),
                                                 [](const auto& a, const auto& b) { return a.second < b.second; });
    words += fmt::format(" {}: {:.3f} to {:.3f} {} in {} points.", all[i]->name, low->second, high->second, unit, all[i]->points.size());
  }
  mark_simulation(svg, record);
  return {all.size() == 1 ? all.front()->name : fmt::format("Series, in {}", unit), svg.str(spoken(record, "series." + words), ""), ""};
}

}  // namespace

std::vector<Plot> series_plots(const Record& record) {
  std::vector<Plot> out;
  std::vector<std::string> units;
  for (const auto& series : record.series) {
    if (series.points.empty() || std::find(units.begin(), units.end(), series.unit) != units.end()) continue;
    units.push_back(series.unit);
    std::vector<const Series*> same;
    for (const auto& other : record.series) {
      if (other.unit == series.unit && !other.points.empty()) same.push_back(&other);
    }
    out.push_back(plot_of(record, same));
  }
  return out;
}

}  // namespace headroom::lab
