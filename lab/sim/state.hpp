// The model's data: dense arrays, indices instead of pointers. Private to lab/sim.
//
// Names in brackets are the kernel's (kernel/sched/fair.c, Linux 6.18), whose rules these are.
#pragma once

#include <vector>

#include "cgroups/types/bandwidth.hpp"
#include "lab/sim/machine.hpp"

namespace headroom::lab::sim {

using QueueId = std::uint32_t;             ///< group * cpus + cpu
using EntityId = std::int32_t;             ///< >= 0: a thread; < 0: ~queue, a group on one CPU
constexpr EntityId kNobody = INT32_MAX;
constexpr Ns kUnlimited = -1;
constexpr Ns kClosed = -1;                 ///< of a clock that is not running
constexpr double kNiceZero = 1024;         ///< weight of a thread, in v1 shares

/// What competes in a queue [sched_entity]. Virtual times in ns at the weight of a thread.
struct Entity {
  double vruntime = 0, deadline = 0;
  double protect = 0;                      ///< it may run undisturbed up to this vruntime [vprot]
  double lag = 0;                          ///< carried over a sleep [vlag]
  Ns since = 0;                            ///< while it runs: accounted up to here [exec_start]
  double weight = kNiceZero;
  QueueId queue = 0;                       ///< where it competes
  std::int32_t place = -1;                 ///< in the queue's list; -1: not in it
  bool delayed = false;                    ///< asleep, but in its queue until what it had too much is paid [DELAY_DEQUEUE]
  std::uint32_t urgent = 0;                ///< threads of strict priority that it stands for
};

/// A group's threads on one CPU [cfs_rq].
struct Queue {
  Entity self;                             ///< the group in its parent's queue on this CPU
  std::vector<EntityId> queued;
  EntityId current = kNobody;              ///< in `queued`, too
  EntityId previous = kNobody;             ///< during a switch
  EntityId buddy = kNobody;                ///< one of its threads has just fallen asleep: another is preferred [next]
  GroupId group = kRoot;
  int cpu = 0;
  double load = 0;                         ///< sum of weights
  double base = 0;                         ///< virtual time when it was last empty
  double average = 0;                      ///< load, decaying by half in 32 ms [avg.load_avg]
  Ns average_at = 0;
  std::uint32_t urgent = 0;                ///< queued entities that stand for urgent threads and are not delayed
  // Bandwidth.
  Ns left = 0;                             ///< local slice [runtime_remaining]
  bool limited = false;                    ///< [runtime_enabled]
  bool throttled = false;
  int throttles = 0;                       ///< of its own and of its ancestors [throttle_count]
  Ns throttled_at = kClosed;               ///< [throttled_clock]
  std::vector<ThreadId> limbo;             ///< taken off the queue because a limit ran out
};

struct TaskGroup {
  GroupId parent = kNoGroup;
  bool alive = true;
  std::vector<GroupId> children;
  Shares shares{1024};                     ///< as the file says
  double weight = kNiceZero;               ///< the same in v1 shares
  double load_sum = 0;                     ///< of its queues' averages
  // Bandwidth [cfs_bandwidth].
  Ns quota = kUnlimited, period = 100'000'000, burst = 0;
  Ns pool = 0;
  Ns expires = 0;                          ///< of the period timer, also while it stands still: it keeps its phase
  bool ticking = false;                    ///< [period_active]
  bool idle = false;
  bool slack_due = false;
  std::vector<QueueId> throttled;
  std::vector<QueueId> distributing;       ///< scratch
  ThrottleCounters counters;
  Ns usage = 0;
  // Pressure, "some": wall time in which a thread of it waits.
  int waiting = 0;
  Ns waiting_since = 0, waited = 0;
  int threads = 0;                         ///< with those of the groups below
};

struct Thread {
  Entity self;
  GroupId group = kRoot;
  int cpu = 0;
  int pinned = -1;                         ///< the only CPU it may run on; -1: any
  Ns left = 0;                             ///< work
  Ns ran_at = 0;                           ///< when it last left a CPU
  enum class Where { asleep, queued, limbo, gone } where = Where::asleep;
  bool waiting = false;                    ///< counts as pressure
  bool stopped = false;
  std::uint32_t alarm = 0;                 ///< number of its newest timer: older ones are void
  std::int32_t place = -1;                 ///< in Cpu::threads
};

struct Cpu {
  std::int64_t current = -1;               ///< thread; -1: idle
  std::int64_t shown = -1;                 ///< thread by which the queues' `current` are set: falls asleep before it is taken off
  Ns since = 0;                            ///< accounted up to here
  Ns next = kNever;                        ///< when something happens on it
  Ns tick_at = 0;
  Ns busy = 0;
  bool resched = false;
  Ns balance_at = 0;
  int failed_balances = 0;
  std::vector<ThreadId> threads;           ///< queued on it, the running one included
};

/// One entry of the heap of timers.
struct Timer {
  enum class Kind { wake, period, slack };
  Ns at = 0;
  std::uint64_t number = 0;                ///< order among equals
  Kind kind = Kind::wake;
  std::uint32_t id = 0;                    ///< thread or group
  std::uint32_t alarm = 0;
};

}  // namespace headroom::lab::sim
