// Units live in types: time, CPU amounts and weights.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace headroom {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// CLOCK_MONOTONIC as a type without now(): only the impure edges make time points.
struct MonotonicClock {
  using duration = nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using TimePoint = MonotonicClock::time_point;

/// CPU in thousandths of a core. Signed, so that differences are values too.
struct MilliCpu {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(MilliCpu, MilliCpu) = default;
  constexpr MilliCpu& operator+=(MilliCpu o) { value += o.value; return *this; }
  constexpr MilliCpu& operator-=(MilliCpu o) { value -= o.value; return *this; }
  friend constexpr MilliCpu operator+(MilliCpu a, MilliCpu b) { return {a.value + b.value}; }
  friend constexpr MilliCpu operator-(MilliCpu a, MilliCpu b) { return {a.value - b.value}; }
};

/// Mean use of CPU over a stretch of wall time; 0 for a stretch of no length.
constexpr MilliCpu rate_of(nanoseconds cpu, nanoseconds wall) {
  return wall.count() <= 0 ? MilliCpu{} : MilliCpu{cpu.count() * 1000 / wall.count()};
}

/// CPU time that `rate` uses in `wall`.
constexpr nanoseconds cpu_time(MilliCpu rate, nanoseconds wall) {
  return nanoseconds{wall.count() / 1000 * rate.value + wall.count() % 1000 * rate.value / 1000};
}

/// The weight of a group in its hierarchy's own unit: v1 cpu.shares 2..262144, v2 cpu.weight 1..10000.
/// Never converted for writing: base weights are read once, stored and scaled (two formulas are in the field).
struct Shares {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Shares, Shares) = default;
};

}  // namespace headroom
