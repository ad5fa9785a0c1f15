// Latencies as cumulative curves, all arms in one picture for each kind of container.
#include <fmt/core.h>

#include <algorithm>

#include "lab/plots.hpp"
#include "lab/tables.hpp"

namespace headroom::lab {
namespace {

constexpr double kWidth = 380, kHeight = 306;
constexpr Box kPlot{50, 18, 320, 252};
constexpr double kTail = 0.999;   // the longest of all must not stretch the axis

const char* title_of(Who who) {
  switch (who) {
    case Who::step: return "Steps: how long a burst takes";
    case Who::burstable: return "Burstable neighbours: how long a request takes";
    case Who::guaranteed: return "Guaranteed neighbours: how long a request takes";
  }
  return "";
}

std::vector<const LatencyCurve*> curves_of(const Record& record, Who who) {
  std::vector<const LatencyCurve*> out;
  for (const auto& arm : record.arms) {
    if (const auto* curve = curve_of(record, arm.arm, who); curve != nullptr && !curve->points.empty()) out.push_back(curve);
  }
  return out;
}

/// First point of at least this share; the last one if there is none.
double at_share(const LatencyCurve& curve, double share) {
  const auto it = std::find_if(curve.points.begin(), curve.points.end(), [&](const auto& p) { return p.first >= share - 1e-9; });
  return it == curve.points.end() ? curve.points.back().second : it->second;
}

Axis time_axis(const std::vector<const LatencyCurve*>& curves) {
  double low = 1e9, high = 1e-3;
  for (const auto* curve : curves) {
    low = std::min(low, at_share(*curve, 0.005));
    high = std::max(high, at_share(*curve, kTail));
  }
  return log_axis(std::max(low, 1e-3) * 0.92, high * 1.08, kPlot.x, kPlot.x + kPlot.width, 8);
}

bool judged(const Record& record, const LatencyCurve& curve) {
  const auto* arm = arm_named(record, curve.arm);
  return arm != nullptr && not_judged(record, *arm).empty();
}

void draw(Svg& svg, const Record& record, const LatencyCurve& curve, const Axis& x, const Axis& y) {
  std::vector<Point> points;
  for (const auto& [share, ms] : curve.points) {
    if (share > y.high) break;
    points.push_back({x.at(ms), y.at(share)});
    if (ms >= curve.points.back().second) break;   // above the longest of a small sample there is nothing to know
  }
  const auto look = look_of(record, curve.arm);
  svg.curve(points, look + (judged(record, curve) ? " curve" : " curve unsure"), curve.arm);
  const auto p95 = at_share(curve, 0.95);
  svg.disc({x.at(p95), y.at(0.95)}, 2.6, look + " dot", fmt::format("{}: p95 {} ms", curve.arm, ms(p95)));
}

struct Entry {
  std::string words;
  std::string look;
};

/// Where the names of the curves stand: beside them where there is room, else below the axis.
struct Legend {
  std::vector<Entry> entries;
  Box box;
  double below = 0;   ///< how much taller the picture is for it
};

/// Free boxes in the plot, the lower right first: a cumulative curve is hardly ever there.
std::optional<Box> room_for(double width, double height, const std::vector<const LatencyCurve*>& curves, const Axis& x, const Axis& y) {
  std::vector<Box> taken, places;
  for (const auto* curve : curves) {
    for (const auto& [share, ms] : curve->points) taken.push_back({x.at(ms) - 4, y.at(share) - 4, 8, 8});
  }
  for (double left = kPlot.x + kPlot.width - width - 4; left > kPlot.x + 4; left -= 12) {
    for (double top = kPlot.y + kPlot.height - height - 4; top > kPlot.y + 4; top -= 12) places.push_back({left, top, width, height});
  }
  if (places.empty()) return std::nullopt;
  const auto& best = places[free_place(places, taken, kPlot)];
  const bool free = std::none_of(taken.begin(), taken.end(), [&](const Box& b) { return b.meets(best); });
  return free ? std::optional{best} : std::nullopt;
}

Legend legend_of(const Record& record, const std::vector<const LatencyCurve*>& curves, const Axis& x, const Axis& y) {
  Legend out;
  std::size_t widest = 0;
  for (const auto* curve : curves) {
    out.entries.push_back({fmt::format("{} {} / {}{}", shortened(curve->arm, 20), ms(at_share(*curve, 0.95)), ms(at_share(*curve, 0.99)),
                                       judged(record, *curve) ? "" : ", not judged"), look_of(record, curve->arm)});
    widest = std::max(widest, characters(out.entries.back().words));
  }
  const double width = static_cast<double>(widest) * 6.2 + 32, height = static_cast<double>(out.entries.size()) * 14 + 20;
  if (const auto place = room_for(width, height, curves, x, y)) {
    out.box = *place;
    return out;
  }
  out.box = {kPlot.x, kPlot.y + kPlot.height + 36, width, height};
  out.below = height + 4;
  return out;
}

void draw(Svg& svg, const Legend& legend) {
  svg.box(legend.box, "legend-box");
  svg.text({legend.box.x + 26, legend.box.y + 12}, "p95 / p99, ms", Anchor::start, "tick");
  for (std::size_t i = 0; i < legend.entries.size(); ++i) {
    const double line = legend.box.y + 26 + 14 * static_cast<double>(i);
    svg.line({legend.box.x + 4, line - 3.5}, {legend.box.x + 21, line - 3.5}, legend.entries[i].look + " curve");
    svg.text({legend.box.x + 26, line}, legend.entries[i].words, Anchor::start, "direct");
  }
}

std::string in_words(const Record& record, const std::vector<const LatencyCurve*>& curves, Who who) {
  std::string out = fmt::format("{}, cumulative over a logarithmic axis in milliseconds.", title_of(who));
  for (const auto* curve : curves) {
    out += fmt::format(" {}: p50 {} ms, p95 {}, p99 {}, longest {}, of {}{}.", curve->arm, ms(at_share(*curve, 0.5)),
                       ms(at_share(*curve, 0.95)), ms(at_share(*curve, 0.99)), ms(curve->points.back().second), curve->count,
                       judged(record, *curve) ? "" : ", not judged");
  }
  return out;
}

}  // namespace

std::optional<Plot> latency_plot(const Record& record, Who who) {
  const auto curves = curves_of(record, who);
  if (curves.empty()) return std::nullopt;
  const auto x = time_axis(curves);
  const auto y = share_axis(kPlot.y + kPlot.height, kPlot.y);
  const auto legend = legend_of(record, curves, x, y);
  Svg svg(kWidth, kHeight + legend.below);
  svg.axes(x, y, who == Who::step ? "time from due to done, ms" : "time from intended start to answer, ms",
           "share done within that time");
  for (const auto* curve : curves) draw(svg, record, *curve, x, y);
  draw(svg, legend);
  mark_simulation(svg, record);
  const auto scales = fmt::format("data-x=\"log {} {} {} {}\" data-y=\"odds {} {} {} {}\" data-unit=\"ms\" data-read=\"y\"", x.low, x.high,
                                  x.from, x.to, y.low, y.high, y.from, y.to);
  return Plot{title_of(who), svg.str(spoken(record, in_words(record, curves, who)), scales),
              who == Who::step ? "Left is faster; dots: p95. The share is stretched towards both ends (log-odds): the tail is what is judged."
                               : "Left is faster; dots: p95."};
}

}  // namespace headroom::lab
