// What a simulated machine is, and the small vocabulary of its scheduler.
#pragma once

#include <cstdint>

#include "cgroups/types/units.hpp"

namespace headroom::lab::sim {

/// Nanoseconds on the simulated clock. The inside of the model counts in plain integers, its doors speak TimePoint.
using Ns = std::int64_t;
using GroupId = std::uint32_t;    ///< dense, never used twice; 0 is the root
using ThreadId = std::uint32_t;   ///< dense, never used twice
constexpr GroupId kRoot = 0, kNoGroup = UINT32_MAX;
constexpr Ns kNever = INT64_MAX / 4;

constexpr TimePoint point(Ns at) { return TimePoint{nanoseconds{at}}; }
constexpr Ns ns(TimePoint at) { return at.time_since_epoch().count(); }

enum class Version { v1, v2 };

struct Machine {
  int cpus = 2;                            ///< 1..1024
  Version version = Version::v1;
  std::uint64_t seed = 1;                  ///< of the phases of the period timers
  TimePoint start{std::chrono::seconds{1000}};   ///< epoch means "never" in too many places
  nanoseconds tick{4'000'000};             ///< 1/HZ
  nanoseconds slice{5'000'000};            ///< sched_cfs_bandwidth_slice_us
  nanoseconds wake{25'000};                ///< timer interrupt, switch and return to the program: CPU time of every wake-up
  nanoseconds idle_exit{40'000};           ///< and as much more where the CPU was asleep
};

/// What a thread does next.
struct Step {
  enum class Kind {
    work,    ///< `value` ns of CPU time, at once
    sleep,   ///< until the clock says `value`
    wait     ///< until Kernel::wake()
  };
  Kind kind = Kind::wait;
  Ns value = 0;
};

/// The programs that the threads run.
class Programs {
 public:
  virtual ~Programs() = default;
  /// Called when a thread's work is done, and when its sleep is over. May call Kernel::wake() for others.
  virtual Step next(ThreadId thread, Ns now) = 0;
};

}  // namespace headroom::lab::sim
