#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/svg.hpp"

namespace headroom::lab {
namespace {

double odds(double share) {
  const auto p = std::clamp(share, 1e-6, 1 - 1e-6);
  return std::log(p / (1 - p));
}

/// 1, 2 or 5 times a power of ten, such that about `most` steps fill the span.
double round_step(double span, int most) {
  const double rough = span / std::max(1, most), ten = std::pow(10, std::floor(std::log10(rough)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (times * ten >= rough) return times * ten;
  }
  return 10 * ten;
}

std::string label(double value) { return fmt::format("{:g}", std::abs(value) < 1e-9 ? 0.0 : value); }

std::vector<Tick> decades(double low, double high, const std::vector<double>& within) {
  std::vector<Tick> out;
  for (double ten = std::pow(10, std::floor(std::log10(low))); ten <= high; ten *= 10) {
    for (const double times : within) {
      const double value = times * ten;
      if (value >= low * 0.999 && value <= high * 1.001) out.push_back({value, label(value)});
    }
  }
  return out;
}

/// Labels of neighbouring ticks keep apart: side by side along x, one above the other along y.
bool crowded(const Axis& axis) {
  for (std::size_t i = 1; i < axis.ticks.size(); ++i) {
    const auto& a = axis.ticks[i - 1];
    const auto& b = axis.ticks[i];
    const double need = axis.to > axis.from ? 3.0 * static_cast<double>(a.label.size() + b.label.size()) + 7 : 11.5;
    if (std::abs(axis.at(b.value) - axis.at(a.value)) < need) return true;
  }
  return false;
}

}  // namespace

double Axis::at(double value) const {
  double share = 0;
  switch (kind) {
    case AxisKind::linear: share = (value - low) / (high - low); break;
    case AxisKind::log: share = std::log(std::max(value, low) / low) / std::log(high / low); break;
    case AxisKind::odds: share = (odds(value) - odds(low)) / (odds(high) - odds(low)); break;
  }
  return from + std::clamp(share, 0.0, 1.0) * (to - from);
}

Axis linear_axis(double low, double high, double from, double to, int most) {
  if (high <= low) high = low + 1;
  Axis out{AxisKind::linear, low, high, from, to};
  const double step = round_step(high - low, most);
  for (double value = std::ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) {
    out.ticks.push_back({value, label(value)});
  }
  return out;
}

Axis log_axis(double low, double high, double from, double to, int most) {
  low = std::max(low, 1e-6);
  if (high <= low) high = low * 2;
  Axis out{AxisKind::log, low, high, from, to};
  const std::vector<std::vector<double>> finer{{1, 1.1, 1.2, 1.3, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9}, {1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9},
                                               {1, 1.5, 2, 3, 4, 5, 6, 8}, {1, 1.5, 2, 3, 5, 7}, {1, 2, 3, 5}, {1, 2, 5}, {1, 3}, {1}};
  for (const auto& within : finer) {
    out.ticks = decades(low, high, within);
    if (out.ticks.size() <= static_cast<std::size_t>(most) && !crowded(out)) break;
  }
  return out;
}

Axis share_axis(double from, double to) {
  Axis out{AxisKind::odds, 0.001, 0.9995, from, to};
  for (const double share : {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999}) {
    out.ticks.push_back({share, fmt::format("{:g} %", std::round(share * 1e4) / 100)});
  }
  return out;
}

}  // namespace headroom::lab
