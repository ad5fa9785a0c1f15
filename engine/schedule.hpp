// next_reads: what is worth reading at the next tick, and when that is. Pure. Three clocks, so that cost follows activity.
#pragma once

#include "engine/planner.hpp"

namespace headroom {

/// Bits of what to read of one group.
enum ReadBits : std::uint8_t {
  kReadUsage = 1, kReadThrottle = 2, kReadBandwidth = 4, kReadShares = 8, kReadPopulated = 16, kReadWait = 32
};
struct ReadRequest { Slot slot; std::uint8_t bits; };

struct ReadPlan {
  TimePoint wake;                    ///< when the next tick is due; an event wakes earlier
  std::vector<ReadRequest> groups;
  bool node_usage = false;           ///< root usage: one file
  bool node_cpus = false;            ///< /proc/stat
  bool node_pressure = false;
  bool rescan = false;               ///< walk the tree, beside inotify
  bool quiet = false;                ///< a moment ago there was no event to be taken: the caller's to say
};

struct ScheduleParams {
  milliseconds fast{10}, eligible{50}, slow{1000}, judge{100}, settings{10'000}, rescan{60'000};
  milliseconds others{60'000};   ///< settings of groups that cannot borrow: events tell of them, and nothing of ours is in them

  nanoseconds scheduler_tick{4'000'000};
  nanoseconds rhythm{0};         ///< of a policy that has one: every container at once, and no clock that is faster
};

/// Due times per slot. Part of PlanState's family: owned by the engine, changed in place.
class ScheduleState {
 public:
  ScheduleState();
  ~ScheduleState();
  ScheduleState(ScheduleState&&) noexcept;
  struct Impl;
  std::unique_ptr<Impl> impl;
};

/// @param out  reused between ticks
void next_reads(const Snapshot& snapshot, const PlanState& plans, const ScheduleParams& params, ScheduleState& state,
                ReadPlan& out);

}  // namespace headroom
