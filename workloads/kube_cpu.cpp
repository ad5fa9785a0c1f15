#include "workloads/kube_cpu.hpp"

#include <algorithm>

namespace headroom {
namespace {

MilliCpu limit_in(const PodContainer& c) { return c.cpu.limit.value_or(MilliCpu{}); }

MilliCpu request_in(const PodContainer& c) { return c.cpu.request.value_or(limit_in(c)); }

template <class Amount>
MilliCpu effective(const Pod& pod, Amount amount) {
  MilliCpu sidecars, peak, mains;
  for (const PodContainer& c : pod.containers) {
    switch (c.kind) {
      case ContainerKind::sidecar:
        sidecars += amount(c);
        peak = std::max(peak, sidecars);
        break;
      case ContainerKind::init: peak = std::max(peak, sidecars + amount(c)); break;
      case ContainerKind::main: mains += amount(c); break;
    }
  }
  return std::max(peak, sidecars + mains) + pod.overhead;
}

}  // namespace

Shares kube_shares(const CpuAsk& ask) {
  const std::int64_t milli = ask.request.value_or(ask.limit.value_or(MilliCpu{})).value;
  return Shares{static_cast<std::uint64_t>(std::clamp<std::int64_t>(milli * 1024 / 1000, 2, 262'144))};
}

std::optional<microseconds> kube_quota(std::optional<MilliCpu> limit, microseconds period) {
  if (!limit || limit->value <= 0) return std::nullopt;
  return microseconds{std::max<std::int64_t>(1000, limit->value * period.count() / 1000)};
}

std::optional<microseconds> container_quota(const Pod& pod, const PodContainer& container, microseconds period) {
  return kube_quota(container.cpu.limit ? container.cpu.limit : pod.whole.limit, period);
}

PodCpu pod_cpu(const Pod& pod, microseconds period) {
  if (pod.qos.value_or(qos_by_cpu(pod)) == KubeQos::best_effort) return {Shares{2}, std::nullopt};
  const bool as_a_whole = pod.whole.request || pod.whole.limit;
  if (as_a_whole) return {kube_shares(pod.whole), kube_quota(pod.whole.limit, period)};
  const bool all = std::all_of(pod.containers.begin(), pod.containers.end(), [](const PodContainer& c) { return limit_in(c).value > 0; });
  PodCpu out;
  out.shares = kube_shares({effective(pod, request_in), std::nullopt});
  if (all) out.quota = kube_quota(effective(pod, limit_in), period);
  return out;
}

KubeQos qos_by_cpu(const Pod& pod) {
  const auto asks = [](const CpuAsk& ask) { return ask.request || ask.limit; };
  if (asks(pod.whole)) return KubeQos::burstable;
  const bool any = std::any_of(pod.containers.begin(), pod.containers.end(), [&](const PodContainer& c) { return asks(c.cpu); });
  return any ? KubeQos::burstable : KubeQos::best_effort;
}

}  // namespace headroom
