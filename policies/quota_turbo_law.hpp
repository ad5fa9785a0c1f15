// openEuler rubik's quotaTurbo as functions of plain values. Source: rubik 1b6fece, pkg/lib/cpu/quotaturbo;
// docs/policies/quota_turbo.md gives the formulas.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace headroom::rubik {

struct TurboNode {
  double cpus = 1;
  double utilisation = 0;                  ///< %, of the last cycle
  double minute_most = 0, minute_least = 0;  ///< % over the last minute
};

struct TurboContainer {
  double limit = 0;                        ///< cores, the owner's
  double period_us = 100'000, quota_us = 0;  ///< in force
  std::uint64_t throttled_periods = 0, throttled_ns = 0;  ///< since the last cycle
  std::int64_t samples = 0;                ///< of its use, at most 59
  double span_us = 0, used_us = 0;         ///< between the first and the last of them
};

/// What each quota is to change by, in us, before any bound: slow and fast fallback, then elevation.
std::vector<double> deltas(const TurboNode& node, std::span<const TurboContainer> containers);

/// Most that it may have, in us: what spends the CPU time saved within the history in one interval, at most twice its limit.
double cap(const TurboContainer& container);

/// us, at least the owner's.
std::int64_t next_quota(const TurboContainer& container, double delta);

}  // namespace headroom::rubik
