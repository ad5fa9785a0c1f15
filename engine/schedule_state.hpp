// The inside of the read schedule: due times per slot. Only engine/schedule*.cpp include this.
#pragma once

#include <queue>
#include <vector>

#include "engine/schedule.hpp"
#include "engine/schedule_wheel.hpp"

namespace headroom::scheduling {

using Timers = std::priority_queue<Timer, std::vector<Timer>, std::greater<>>;

/// Per slot. What most turns ask for is one line of cache.
struct alignas(64) Watch {
  std::uint64_t id = 0;
  std::uint64_t mark = 0;       ///< tick of its entry in the plan
  std::uint32_t index = 0;      ///< that entry
  Slot pod = kNoSlot;           ///< it lies in
  bool in_fast = false;
  bool eligible = false;        ///< counted
  bool timed = false;           ///< its timer of the eligible clock runs
  bool asleep = false;          ///< not read, because its pod stands still; listed there
  bool watched = false;         ///< pod: read on the eligible clock for those who sleep
  bool asked_settings = false;  ///< so that a reading of our own is not taken for an event
  bool hurry = false;           ///< may borrow, or is the pod of one that may: its base is wanted at once
  TimePoint watch_until;        ///< pod: so long even if nobody does
  TimePoint fast_until;         ///< on the fast clock until then
  TimePoint fast_read;          ///< last planned fast reading
  TimePoint counters_read;      ///< last planned reading of throttling on the fast clock
  TimePoint born;               ///< when the schedule first saw it
  TimePoint judge_turn;         ///< not before: one window every 5 s once there are 100
  std::uint32_t judge_reads = 0;
  std::uint32_t foreign_writes = 0;
  std::uint32_t settle_timers = 0;
  std::vector<Slot> sleepers;   ///< pod: containers to be read when it moves
};

}  // namespace headroom::scheduling

namespace headroom {

struct ScheduleState::Impl {
  bool started = false;
  std::uint64_t generation = 0;
  std::uint64_t tick = 0;
  TimePoint previous_at;
  std::vector<scheduling::Watch> watches;
  scheduling::Timers settle;     ///< settle (and young) wake the loop
  scheduling::Wheel wheel;       ///< these are picked up on the way
  std::vector<scheduling::Timer> due;  ///< scratch
  std::vector<Slot> fast;
  std::vector<Slot> asked;       ///< slots with asked_settings
  std::vector<Slot> neighbours;  ///< protected, by catalog generation
  bool hurried = false;          ///< somebody on the fast clock may want more at any moment
  bool woken = false;            ///< a pod has moved in which borrowers sleep: their reading waits for nothing
  std::size_t eligible = 0;      ///< may borrow and has a finite, certain base, by the last reading of each
  std::size_t timed = 0;         ///< of those, how many are read by the eligible clock and do not sleep
  std::size_t judge_cursor = 0, judge_left = 0;
  TimePoint judge_due;
  TimePoint look_due = TimePoint::max();  ///< of the look between two rounds; max: done
  std::vector<Slot> baseline;  ///< neighbours whose waiting without leases is being learned
  TimePoint beat_at;             ///< of a policy's own rhythm
  TimePoint node_usage_at, node_cpus_at, pressure_at, rescan_at;
};

}  // namespace headroom

namespace headroom::scheduling {

struct Context {
  const Snapshot& now;
  const PlanState& plans;
  const ScheduleParams& params;
  ScheduleState::Impl& state;
  ReadPlan& out;

  const GroupState& group(Slot s) const { return now.groups[s]; }
  Watch& watch(Slot s) const { return state.watches[s]; }
};

/// Whether what is done `every` so often falls to this wakeup; then it is noted as done.
bool falls_due(TimePoint& last, TimePoint wake, nanoseconds every);

// schedule_groups.cpp: what a group is to the schedule.
/// Free slots and lives that the model has not seen yet are not.
bool alive(const Context& c, Slot slot);
bool may_borrow(const Catalog& catalog, const Group& g);
bool eligible(const Context& c, Slot slot);
Slot pod_of(const Catalog& catalog, Slot slot);
/// Adds bits to the plan, one entry a slot.
void ask(const Context& c, Slot slot, std::uint8_t bits);
/// After a change of the catalog: new lives get their timers, neighbours are listed anew.
void take_catalog(const Context& c);
void arm(const Context& c, Slot slot, Task task, TimePoint due);

// schedule_clocks.cpp: the three clocks and settings.
void note_events(const Context& c);
void choose_clocks(const Context& c);
bool leases_out(const PlanState& plans);
/// When a hidden lease of the slot needs its next look; TimePoint::max(): the fast clock will do.
TimePoint hidden_wake(const Context& c, Slot slot);
void run_fast(const Context& c);
/// The fast clock, or half of it as long as everybody on it has what he wants and the node has CPUs to spare.
nanoseconds fast_interval(const Context& c);
void run_timers(const Context& c);
/// Every container, in the rhythm of a policy that has one.
void run_beat(const Context& c);

/// Its turn of the eligible clock, unless one is due already.
void time_eligible(const Context& c, Slot slot, TimePoint due);
void stop_time(const Context& c, Slot slot);

// schedule_still.cpp: what needs no reading because its pod has not moved.
bool stands_still(const GroupState& group);
/// Whether nothing is to be learned from reading the group before its pod moves; it is then woken by wake_sleepers.
bool sleeps(const Context& c, Slot slot);
/// A pod's turn for those who sleep in it.
void run_watch(const Context& c, Slot pod, TimePoint next);
/// Asks for everybody in the pods that have moved.
void wake_sleepers(const Context& c);

// schedule_judges.cpp: protected neighbours' use and waiting.
bool nearly_full(const Context& c);
TimePoint judge_wake(const Context& c);
void run_judges(const Context& c);

}  // namespace headroom::scheduling
