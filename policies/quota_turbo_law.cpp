#include "policies/quota_turbo_law.hpp"

#include <algorithm>

namespace headroom::rubik {
namespace {

constexpr double kHigh = 60, kAlarm = 80;      // % of the node's CPUs: watermarks
constexpr double kSlow = 0.1, kBudget = 0.01;  // of what is above the limit; of the node's CPUs a cycle
constexpr double kSpread = 10, kRoom = 1;      // % of the node's CPUs

double owners(const TurboContainer& c) { return c.limit * c.period_us; }

void fall_slowly(const TurboNode& node, std::span<const TurboContainer> containers, std::vector<double>& out) {
  if (node.utilisation < kHigh) return;
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const TurboContainer& c = containers[i];
    if (c.quota_us > owners(c) && c.throttled_periods == 0)
      out[i] -= kSlow * (node.utilisation - kHigh) / (kAlarm - kHigh) * (c.quota_us - owners(c));
  }
}

void fall_fast(const TurboNode& node, std::span<const TurboContainer> containers, std::vector<double>& out) {
  if (node.utilisation < kAlarm) return;
  const auto excess = [](const TurboContainer& c) { return c.quota_us / c.period_us - c.limit; };
  double sum = 0;
  for (const TurboContainer& c : containers) sum += excess(c);
  if (sum <= 0) return;
  for (std::size_t i = 0; i < containers.size(); ++i)
    out[i] -= excess(containers[i]) / sum * (node.utilisation - kAlarm) / 100 * node.cpus * containers[i].period_us;
}

/// Mean stall of a throttled period, in cores.
double stall(const TurboContainer& c) {
  if (c.throttled_periods == 0) return 0;
  return static_cast<double>(c.throttled_ns) / 1000 / static_cast<double>(c.throttled_periods) / c.period_us;
}

void elevate(const TurboNode& node, std::span<const TurboContainer> containers, std::vector<double>& out) {
  if (node.minute_most - node.minute_least > kSpread || kAlarm - node.utilisation < kRoom) return;
  double sum = 0;
  for (const TurboContainer& c : containers) sum += stall(c);
  if (sum <= 0) return;
  for (std::size_t i = 0; i < containers.size(); ++i)
    out[i] += stall(containers[i]) / sum * std::min(sum, kBudget * node.cpus) * containers[i].period_us;
}

}  // namespace

std::vector<double> deltas(const TurboNode& node, std::span<const TurboContainer> containers) {
  std::vector<double> out(containers.size(), 0.0);
  fall_slowly(node, containers, out);
  fall_fast(node, containers, out);
  elevate(node, containers, out);
  return out;
}

double cap(const TurboContainer& c) {
  const double own = owners(c), most = 2 * own;
  if (c.samples <= 1 || c.span_us <= 0) return most;
  const double n = static_cast<double>(c.samples);
  const double left = (c.limit * c.span_us * n / (n - 1) - c.used_us) / c.span_us * (n - 1) * c.period_us;
  if (left > 3 * most) return most;
  return std::clamp(own + (most - own) * left / (3 * most), own, most);
}

std::int64_t next_quota(const TurboContainer& c, double delta) {
  return static_cast<std::int64_t>(std::max(std::min(c.quota_us + delta, cap(c)), owners(c)));
}

}  // namespace headroom::rubik
