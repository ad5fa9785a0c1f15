// Koordinator's CPU burst strategy, as its ConfigMap and its pods' annotation koordinator.sh/cpuBurst write it.
#pragma once

#include <cstdint>
#include <optional>

#include "cgroups/types/archive.hpp"

namespace headroom::koordlet {

enum class BurstPolicy { none, cpu_burst_only, cfs_quota_burst_only, automatic };

/// What one layer (cluster, node strategy, pod annotation, our `tuning`) says; the rest stays.
struct Patch {
  std::optional<BurstPolicy> policy;
  std::optional<std::int64_t> cpu_burst_percent, quota_burst_percent, quota_burst_period_s, share_pool_percent;
  friend bool operator==(const Patch&, const Patch&) = default;
};

template <class Archive, Of<Patch> T>
void fields(Archive& a, T& v) {
  auto& [policy, cpu_burst_percent, quota_burst_percent, quota_burst_period_s, share_pool_percent] = v;
  a(policy, cpu_burst_percent, quota_burst_percent, quota_burst_period_s, share_pool_percent);
}

}  // namespace headroom::koordlet
