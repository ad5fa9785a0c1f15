// The page's main picture: what steps gain, and what it costs their neighbours.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/plots.hpp"
#include "lab/tables.hpp"

namespace headroom::lab {
namespace {

constexpr double kWidth = 400, kHeight = 354, kText = 10.5;
constexpr Box kPlot{46, 18, 344, 292};

struct Dot {
  const ArmStats* arm;
  double step = 1;
  std::optional<double> burstable, guaranteed;   ///< ratios to static
  bool judged = true;
};

/// nullopt where one of them has no sample: no latency is not a latency of 0.
std::optional<double> relative(const Summary& a, const Summary& b, double Summary::*stat) {
  if (a.count == 0 || b.count == 0 || b.*stat <= 0 || a.*stat <= 0) return std::nullopt;
  return a.*stat / (b.*stat);
}

std::vector<Dot> dots_of(const Record& record) {
  std::vector<Dot> out;
  const auto* base = arm_named(record, "static");
  if (base == nullptr) return out;
  for (const auto& arm : record.arms) {
    const auto step = relative(arm.step, base->step, &Summary::mean);
    const Dot dot{&arm, step.value_or(1), relative(arm.burstable, base->burstable, &Summary::p95),
                  relative(arm.guaranteed, base->guaranteed, &Summary::p95), not_judged(record, arm).empty()};
    if (step && (dot.burstable || dot.guaranteed)) out.push_back(dot);
  }
  return out;
}

struct Range {
  double low = 1, high = 1;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// Around everything, with room for the words in each quarter.
std::pair<Axis, Axis> axes_of(const std::vector<Dot>& dots) {
  Range x, y;
  for (const auto& dot : dots) {
    x.take(dot.step);
    if (dot.burstable) y.take(*dot.burstable);
    if (dot.guaranteed) y.take(*dot.guaranteed);
  }
  // A logarithmic axis from 1/a to a^b gives b/(1+b) of itself to what is above 1.
  const double left = std::min(x.low / 1.12, 0.8), down = std::min(y.low / 1.12, 0.85);
  const double right = std::max(x.high * 1.1, std::pow(1 / left, 0.58)), up = std::max({y.high * 1.1, std::pow(1 / down, 0.34), 1.2});
  return {log_axis(left, right, kPlot.x, kPlot.x + kPlot.width, 8), log_axis(down, up, kPlot.y + kPlot.height, kPlot.y, 14)};
}

enum class Cost { none, slower };   ///< of the neighbours

/// Words for a quarter of the plot, in its outer corner or, where something is there, elsewhere at its edges.
void quarter(Svg& svg, const Axis& x, const Axis& y, std::vector<Box>& taken, Anchor side, Cost cost, const std::vector<std::string>& words) {
  const double upper = cost == Cost::slower ? kPlot.y + 12 : y.at(1) + 14;
  const double lower = (cost == Cost::slower ? y.at(1.05) : kPlot.y + kPlot.height) - 20;
  const auto longest = std::max_element(words.begin(), words.end(),
                                        [](const auto& a, const auto& b) { return characters(a) < characters(b); });
  const double outer = side == Anchor::start ? kPlot.x + 6 : kPlot.x + kPlot.width - 6;
  const double inner = x.at(1) + (side == Anchor::start ? -6 : 6);
  const Anchor inwards = side == Anchor::start ? Anchor::end : Anchor::start;
  std::vector<Box> boxes;
  std::vector<std::pair<double, Anchor>> across;
  for (const double at : {cost == Cost::slower ? upper : lower, cost == Cost::slower ? lower : upper, (upper + lower) / 2}) {
    for (const auto& [left, anchor] : {std::pair{outer, side}, std::pair{inner, inwards}}) {
      auto box = text_box({left, at}, *longest, anchor, kText);
      box.height += 13 * static_cast<double>(words.size() - 1);
      boxes.push_back(box);
      across.emplace_back(left, anchor);
    }
  }
  const auto best = free_place(boxes, taken, kPlot);
  for (std::size_t i = 0; i < words.size(); ++i) {
    svg.text({across[best].first, boxes[best].y + kText * 0.85 + 13 * static_cast<double>(i)}, words[i], across[best].second, "quarter");
  }
  taken.push_back(boxes[best]);
}

void frame(Svg& svg, const Axis& x, const Axis& y) {
  svg.box({kPlot.x, y.at(1), x.at(1) - kPlot.x, kPlot.y + kPlot.height - y.at(1)}, "good");
  svg.box({kPlot.x, kPlot.y, kPlot.width, y.at(1.05) - kPlot.y}, "harm");
  svg.axes(x, y, "step mean, relative to static (left: faster)", "neighbour p95, relative to static (up: slower)");
  svg.line({x.at(1), kPlot.y}, {x.at(1), kPlot.y + kPlot.height}, "one");
  svg.line({kPlot.x, y.at(1)}, {kPlot.x + kPlot.width, y.at(1)}, "one");
  svg.line({kPlot.x, y.at(1.05)}, {kPlot.x + kPlot.width, y.at(1.05)}, "bar-line");
}

std::string note(const Dot& dot, const char* kind, double ratio, const Summary& s) {
  return fmt::format("{}: step mean {} ms ({:.3f} of static), {} neighbours' p95 {} ms ({:.3f} of static){}", dot.arm->arm,
                     ms(dot.arm->step.mean), dot.step, kind, ms(s.p95), ratio, dot.judged ? "" : "; not judged");
}

void draw_dot(Svg& svg, const Record& record, const Dot& dot, const Axis& x, const Axis& y, std::vector<Box>& taken) {
  const auto look = look_of(record, dot.arm->arm), kind = look + (dot.judged ? " dot" : " dot hollow");
  const double across = x.at(dot.step);
  if (dot.burstable && dot.guaranteed) {
    const double a = y.at(*dot.burstable), b = y.at(*dot.guaranteed);
    svg.line({across, a}, {across, b}, look + " pair");
    taken.push_back({across - 1, std::min(a, b), 2, std::abs(a - b)});
  }
  if (dot.burstable) {
    svg.disc({across, y.at(*dot.burstable)}, 5, kind, note(dot, "Burstable", *dot.burstable, dot.arm->burstable));
    taken.push_back({across - 6, y.at(*dot.burstable) - 6, 12, 12});
  }
  if (!dot.guaranteed) return;
  svg.square({across, y.at(*dot.guaranteed)}, 4.4, kind, note(dot, "Guaranteed", *dot.guaranteed, dot.arm->guaranteed));
  taken.push_back({across - 6, y.at(*dot.guaranteed) - 6, 12, 12});
}

/// Near one of the arm's two points where nothing else is; a thin line leads there from further away.
void label(Svg& svg, const Record& record, const Dot& dot, const std::string& words, const Axis& x, const Axis& y, std::vector<Box>& taken) {
  struct Place {
    Point at, to;
    Anchor anchor;
  };
  std::vector<Place> places;
  for (const double away : {9.0, 14.0, 20.0, 27.0, 34.0, 42.0, 50.0, 60.0, 70.0, 92.0, 120.0}) {
    for (const auto& ratio : {dot.guaranteed, dot.burstable}) {
      if (!ratio) continue;
      const Point p{x.at(dot.step), y.at(*ratio)};
      const double side = std::min(away, 20.0);
      for (const double down : {3.5, 3.5 - away, 3.5 + away, 3.5 - away * 0.5, 3.5 + away * 0.5}) {
        places.push_back({{p.x + side, p.y + down}, p, Anchor::start});
        places.push_back({{p.x - side, p.y + down}, p, Anchor::end});
      }
      places.push_back({{p.x, p.y - away}, p, Anchor::middle});
      places.push_back({{p.x, p.y + away + 8}, p, Anchor::middle});
    }
  }
  std::vector<Box> boxes;
  for (const auto& place : places) boxes.push_back(text_box(place.at, words, place.anchor, kText));
  const auto i = free_place(boxes, taken, kPlot);
  const bool centred = places[i].anchor == Anchor::middle, under = places[i].at.y > places[i].to.y;
  const Point end{places[i].at.x, places[i].at.y + (!centred ? -3.5 : under ? -10 : 3)};
  if (std::abs(end.y - places[i].to.y) > 8 || std::abs(end.x - places[i].to.x) > 12) svg.line(places[i].to, end, look_of(record, dot.arm->arm) + " leader");
  svg.text(places[i].at, words, places[i].anchor, "direct");
  taken.push_back(boxes[i]);
}

std::string in_words(const std::vector<Dot>& dots) {
  std::string out = "step mean and neighbours' p95, each relative to static limits.";
  for (const auto& dot : dots) {
    out += fmt::format(" {}: steps {:.2f}", dot.arm->arm, dot.step);
    if (dot.burstable) out += fmt::format(", Burstable neighbours {:.2f}", *dot.burstable);
    if (dot.guaranteed) out += fmt::format(", Guaranteed neighbours {:.2f}", *dot.guaranteed);
    out += dot.judged ? "." : ", not judged.";
  }
  return out;
}

}  // namespace

std::optional<Plot> gain_plot(const Record& record) {
  const auto dots = dots_of(record);
  if (dots.empty()) return std::nullopt;
  const auto [x, y] = axes_of(dots);
  Svg svg(kWidth, kHeight);
  std::vector<Box> taken{{x.at(1) - 1, kPlot.y, 2, kPlot.height}, {kPlot.x, y.at(1) - 1, kPlot.width, 2}, {kPlot.x, y.at(1.05) - 1, kPlot.width, 2}};
  frame(svg, x, y);
  for (const auto& dot : dots) draw_dot(svg, record, dot, x, y, taken);
  quarter(svg, x, y, taken, Anchor::start, Cost::none, {"faster steps,", "neighbours unharmed"});
  quarter(svg, x, y, taken, Anchor::start, Cost::slower, {"faster steps,", "neighbours slower"});
  quarter(svg, x, y, taken, Anchor::end, Cost::none, {"slower steps,", "neighbours unharmed"});
  quarter(svg, x, y, taken, Anchor::end, Cost::slower, {"slower steps,", "neighbours slower"});
  // One word for all of them leaves the names short enough to be placed.
  const bool none = std::none_of(dots.begin(), dots.end(), [](const Dot& dot) { return dot.judged; });
  const bool no_run = !record.runs.empty() && record.runs.back().fate == RunRecord::Fate::is_void;
  if (none || no_run) svg.text({kPlot.x, 11}, none ? "not judged" : "void: the twins differ by > 5 %", Anchor::start, "doubt");
  for (const auto& dot : dots) label(svg, record, dot, shortened(dot.arm->arm, 22) + (none || dot.judged ? "" : " (not judged)"), x, y, taken);
  mark_simulation(svg, record);
  return Plot{record.scenario, svg.str(spoken(record, in_words(dots)), ""),
              "\xE2\x97\x8F Burstable and \xE2\x96\xA0 Guaranteed neighbours of the same arm, joined by a line; hollow: not judged. "
              "Dashed: the bar for neighbours, 1.05. static2 is static measured again: its distance from 1 is noise."};
}

}  // namespace headroom::lab
