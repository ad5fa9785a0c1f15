#include "lab/timeline.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace headroom::lab {
namespace {

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

std::optional<double> rounded(const std::optional<double>& value) {
  return value ? std::optional{rounded(*value)} : std::nullopt;
}

/// A counter that was reset (a group made anew under the same name) must not draw a negative rate.
double rate(std::int64_t before, std::int64_t now, std::int64_t ns) {
  return rounded(static_cast<double>(std::max<std::int64_t>(0, now - before)) / static_cast<double>(ns));
}

}  // namespace

Timeline timeline_of(std::string arm, std::string group, std::optional<double> base_cores, std::int64_t from,
                     const std::vector<Seen>& looks) {
  Timeline out;
  out.arm = std::move(arm);
  out.group = std::move(group);
  out.base_cores = rounded(base_cores);
  const Seen* before = nullptr;
  for (const auto& now : looks) {
    const auto t = rounded(static_cast<double>(now.at - from) / 1e9);
    const bool later = before != nullptr && now.at > before->at && (out.t_s.empty() || t > out.t_s.back());
    if (later) {
      out.t_s.push_back(t);
      out.quota_cores.push_back(rounded(now.quota_cores));
      out.usage_cores.push_back(rate(before->usage, now.usage, now.at - before->at));
      out.throttled.push_back(rate(before->throttled, now.throttled, now.at - before->at));
    }
    if (later || before == nullptr) before = &now;
  }
  return out;
}

}  // namespace headroom::lab
