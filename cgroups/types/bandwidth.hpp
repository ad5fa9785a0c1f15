// CFS bandwidth of a group as a value, and what cpu.stat counts.
#pragma once

#include <cstdint>
#include <optional>

#include "cgroups/types/units.hpp"

namespace headroom {

/// v1 cpu.cfs_{quota,period,burst}_us, v2 cpu.max and cpu.max.burst.
struct Bandwidth {
  std::optional<microseconds> quota;  ///< nullopt: unlimited (v1 -1, v2 "max"); else >= 1000 us
  microseconds period{100'000};       ///< 1000..1000000 us
  microseconds burst{0};              ///< 0..quota; upstream kernels refuse more
  friend bool operator==(const Bandwidth&, const Bandwidth&) = default;
};

/// A limit as its owner asks for one: both of its numbers, since neither means anything without the other.
struct FiniteLimit {
  microseconds quota{0};              ///< >= 1000 us
  microseconds period{100'000};       ///< 1000..1000000 us
  friend bool operator==(const FiniteLimit&, const FiniteLimit&) = default;
};

/// Without its burst; nullopt: unlimited.
constexpr std::optional<FiniteLimit> finite(const Bandwidth& b) {
  if (!b.quota) return std::nullopt;
  return FiniteLimit{*b.quota, b.period};
}

/// quota / period; nullopt: unlimited.
constexpr std::optional<MilliCpu> limit_of(const Bandwidth& b) {
  if (!b.quota || b.period.count() <= 0) return std::nullopt;
  return MilliCpu{b.quota->count() * 1000 / b.period.count()};
}

/// Quota in us that gives `cores` under `period`, rounded to the nearest us, at least the kernel's 1000 us.
constexpr microseconds quota_for(MilliCpu cores, microseconds period) {
  const auto us = (cores.value * period.count() + 500) / 1000;
  return microseconds{us < 1000 ? 1000 : us};
}

/// The throttling part of cpu.stat. throttled_time sums over CPUs; v1 gives ns, v2 us.
struct ThrottleCounters {
  std::uint64_t periods = 0;
  std::uint64_t throttled_periods = 0;
  nanoseconds throttled_time{0};
  friend bool operator==(const ThrottleCounters&, const ThrottleCounters&) = default;
};

}  // namespace headroom
