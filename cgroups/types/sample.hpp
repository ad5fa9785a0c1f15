// The fast-changing half of what is observed: only what was read this tick, each reading with its own time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroups/types/plan.hpp"

namespace headroom {

/// nullopt: not read this tick, or the kernel has no such file.
struct Reading {
  Slot slot = kNoSlot;
  TimePoint at;
  std::optional<nanoseconds> usage;            ///< cumulative CPU time
  std::optional<ThrottleCounters> throttle;
  std::optional<Bandwidth> bandwidth;
  std::optional<Shares> shares;
  std::optional<bool> populated;               ///< KERNEL 17: never judged by PIDs
  std::optional<nanoseconds> wait;             ///< cumulative wait by the judge in force, wall time or thread-summed
};

/// Cumulative times of one CPU from /proc/stat. busy excludes idle, iowait and steal.
struct CpuTimes {
  nanoseconds busy{0}, idle{0}, steal{0};
};

struct NodeReading {
  TimePoint at;
  std::optional<nanoseconds> usage;            ///< of the root group: every task, exact
  std::vector<CpuTimes> cpus;                  ///< empty: not read this tick
  std::optional<double> pressure;              ///< /proc/pressure/cpu some avg10, 0..1
};

/// Somebody else's access to a settings file, from inotify (KERNEL 15, 3).
struct FileEvent {
  enum class File {
    bandwidth,  ///< that of the quota; on v2 of the period too
    burst,
    shares,
    period      ///< v1
  };
  enum class What {
    changed,    ///< IN_MODIFY that our own writes do not explain, or with somebody's IN_CLOSE_WRITE
    refused,    ///< IN_CLOSE_WRITE without IN_MODIFY: the kernel refused somebody's value
    overtaken   ///< changed, and one of ours to the same file fell into the same read of events
  };
  Slot slot = kNoSlot;
  std::uint64_t group_id = 0;
  File file = File::bandwidth;
  What what = What::changed;
  TimePoint at;
  bool reload = false;   ///< while systemd put its units' own values back (KERNEL 18): nobody has said anything new
};

struct Sample {
  TimePoint at;
  std::vector<Reading> readings;
  std::optional<NodeReading> node;
  std::vector<FileEvent> events;
  std::vector<Outcome> outcomes;     ///< of the plan before
  std::vector<Error> faults;         ///< reads that failed other than by `gone`
  nanoseconds lateness{0};           ///< how late this tick began
  bool failed = false;               ///< the observation as a whole failed (POLICY: blind)
};

}  // namespace headroom
