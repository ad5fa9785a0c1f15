// One step over the first seconds: what it was allowed, what it used, when it stood still.
#include <fmt/core.h>

#include <algorithm>

#include "lab/plots.hpp"

namespace headroom::lab {
namespace {

constexpr double kWidth = 380, kHeight = 158, kMostSeconds = 10;
constexpr Box kPlot{40, 20, 330, 96};
constexpr double kStrip = 8;   // height of the strip of throttled time above the axis

/// The arm's first container; else its first pod.
const Timeline* first_of(const Record& record, const std::string& arm) {
  const Timeline* out = nullptr;
  for (const auto& t : record.timelines) {
    if (t.arm != arm || t.t_s.size() < 2) continue;
    const bool container = std::count(t.group.begin(), t.group.end(), '/') == 2;
    if (container) return &t;
    if (out == nullptr) out = &t;
  }
  return out;
}

std::size_t shown(const Timeline& t) {
  return static_cast<std::size_t>(std::upper_bound(t.t_s.begin(), t.t_s.end(), kMostSeconds) - t.t_s.begin());
}

double most_cores(const Record& record) {
  double out = 0.1;
  for (const auto& t : record.timelines) {
    for (std::size_t i = 0; i < shown(t); ++i) out = std::max({out, t.usage_cores[i], t.quota_cores[i].value_or(0)});
  }
  return out * 1.05;
}

void draw_usage(Svg& svg, const Timeline& t, const Axis& x, const Axis& y) {
  std::vector<Point> points{{x.at(0), y.from}};
  double before = 0;
  for (std::size_t i = 0; i < shown(t); ++i) {
    points.push_back({x.at(before), y.at(t.usage_cores[i])});
    points.push_back({x.at(t.t_s[i]), y.at(t.usage_cores[i])});
    before = t.t_s[i];
  }
  points.push_back({x.at(before), y.from});
  svg.area(points, "usage");
}

/// Quota as steps, and what of it is above the owner's limit: the lease. An unlimited stretch is a gap in the line.
void draw_quota(Svg& svg, const Timeline& t, const Axis& x, const Axis& y) {
  std::vector<Point> line;
  const auto flush = [&] {
    if (line.size() > 1) svg.curve(line, "quota", "quota");
    line.clear();
  };
  double before = 0;
  for (std::size_t i = 0; i < shown(t); ++i) {
    const auto quota = t.quota_cores[i];
    if (quota) {
      const bool same = line.size() > 1 && line.back().y == y.at(*quota);   // long straight stretches are two points
      if (same) line.back().x = x.at(t.t_s[i]);
      else line.insert(line.end(), {{x.at(before), y.at(*quota)}, {x.at(t.t_s[i]), y.at(*quota)}});
    } else {
      flush();
    }
    before = t.t_s[i];
  }
  flush();
}

/// Neighbouring samples that hold become one box: many boxes side by side show their seams.
template <class Holds, class Paint>
void stretches(const Timeline& t, const Holds& holds, const Paint& paint) {
  double begin = -1, before = 0;
  for (std::size_t i = 0; i < shown(t); ++i) {
    if (holds(i) && begin < 0) begin = before;
    if (!holds(i) && begin >= 0) {
      paint(begin, before);
      begin = -1;
    }
    before = t.t_s[i];
  }
  if (begin >= 0) paint(begin, before);
}

void draw_lease(Svg& svg, const Timeline& t, const Axis& x, const Axis& y) {
  if (!t.base_cores) return;
  const auto lent = [&](std::size_t i) { return t.quota_cores[i] && *t.quota_cores[i] > *t.base_cores + 1e-6; };
  stretches(t, lent, [&](double a, double b) { svg.box({x.at(a), y.to, x.at(b) - x.at(a), y.at(*t.base_cores) - y.to}, "lease"); });
}

void draw_throttled(Svg& svg, const Timeline& t, const Axis& x, const Axis& y) {
  const auto stood = [&](std::size_t i) { return t.throttled[i] > 0.01; };
  stretches(t, stood, [&](double a, double b) { svg.box({x.at(a), y.from - kStrip, x.at(b) - x.at(a), kStrip}, "stood"); });
}

struct Totals {
  double used = 0, throttled = 0, leased = 0;   ///< CPU seconds, seconds, seconds
};

Totals totals(const Timeline& t) {
  Totals out;
  double before = 0;
  for (std::size_t i = 0; i < shown(t); ++i) {
    const double span = t.t_s[i] - before;
    out.used += t.usage_cores[i] * span;
    out.throttled += t.throttled[i] * span;
    if (t.base_cores && t.quota_cores[i] && *t.quota_cores[i] > *t.base_cores + 1e-6) out.leased += span;
    before = t.t_s[i];
  }
  return out;
}

Plot plot_of(const Record& record, const Timeline& t, double cores) {
  const auto x = linear_axis(0, std::min(kMostSeconds, t.t_s.back()), kPlot.x, kPlot.x + kPlot.width, 6);
  const auto y = linear_axis(0, cores, kPlot.y + kPlot.height, kPlot.y, 4);
  Svg svg(kWidth, kHeight);
  draw_lease(svg, t, x, y);
  svg.axes(x, y, "time since measuring began, s", "cores");
  draw_usage(svg, t, x, y);
  draw_throttled(svg, t, x, y);
  if (t.base_cores) svg.line({x.from, y.at(*t.base_cores)}, {x.to, y.at(*t.base_cores)}, "base");
  draw_quota(svg, t, x, y);
  const bool unlimited = std::none_of(t.quota_cores.begin(), t.quota_cores.end(), [](const auto& q) { return q.has_value(); });
  if (unlimited) svg.text({x.from + 4, 14}, "no limit", Anchor::start, "tick");
  mark_simulation(svg, record);
  const auto sums = totals(t);
  auto words = fmt::format("{} in {:.0f} s: used {:.2f} CPU seconds, throttled for {:.2f} s", t.group, x.high, sums.used, sums.throttled);
  if (sums.leased > 0) words += fmt::format(", quota raised for {:.2f} s", sums.leased);
  const auto cost = t.sampler_cpu > 0 ? fmt::format(" Sampling cost {:.1f} % of a core.", t.sampler_cpu * 100) : std::string();
  return {t.arm, svg.str(spoken(record, t.arm + ", " + words + "."), ""), words + "." + cost};
}

}  // namespace

std::vector<Plot> timeline_plots(const Record& record) {
  std::vector<Plot> out;
  const double cores = most_cores(record);
  for (const auto& arm : record.arms) {
    if (const auto* timeline = first_of(record, arm.arm)) out.push_back(plot_of(record, *timeline, cores));
  }
  return out;
}

}  // namespace headroom::lab
