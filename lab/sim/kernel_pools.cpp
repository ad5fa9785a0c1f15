// CFS bandwidth control: pools, slices, period and slack timers, throttling. Function by function as in
// kernel/sched/fair.c of Linux 6.18, whose names stand in brackets.
#include <algorithm>

#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {
namespace {

constexpr Ns kKept = 1'000'000;                      // a CPU keeps so much when it falls idle [min_cfs_rq_runtime]
constexpr Ns kSlackDelay = 5'000'000;                // [cfs_bandwidth_slack_period]
constexpr Ns kSlackNotBefore = 2'000'000;            // [min_bandwidth_expiration]

}  // namespace

/// From the pool to a CPU, up to `target` in hand [__assign_cfs_rq_runtime].
bool Kernel::assign(Queue& q, Ns target) {
  TaskGroup& g = groups_[q.group];
  const Ns want = target - q.left;
  if (g.quota == kUnlimited) {
    q.left += want;
    return true;
  }
  start_period(q.group);
  if (g.pool > 0) {
    const Ns amount = std::min(g.pool, want);
    g.pool -= amount;
    g.idle = false;
    q.left += amount;
  }
  return q.left > 0;
}

/// [__account_cfs_rq_runtime]
void Kernel::charge_limit(Queue& q, Ns delta) {
  if (!q.limited) return;
  q.left -= delta;
  if (q.left > 0 || q.throttled) return;
  if (!assign(q, slice_) && q.current != kNobody) cpu(q.cpu).resched = true;
}

/// [check_cfs_rq_runtime]
bool Kernel::ran_dry(Queue& q) {
  if (!q.limited || q.left > 0) return false;
  return q.throttled || throttle(q);
}

/// [throttle_cfs_rq] Its time counts from when the first thread is taken off (Kernel::dequeue).
bool Kernel::throttle(Queue& q) {
  if (assign(q, 1)) return false;
  groups_[q.group].throttled.push_back(id_of(q));
  q.throttled = true;
  change_throttles(q.group, q.cpu, 1);
  return true;
}

/// [unthrottle_cfs_rq]
void Kernel::unthrottle(Queue& q) {
  if (q.limited && q.left <= 0) return;
  TaskGroup& g = groups_[q.group];
  q.throttled = false;
  if (q.throttled_at != kClosed) g.counters.throttled_time += nanoseconds{now_ - q.throttled_at};
  q.throttled_at = kClosed;
  std::erase(g.throttled, id_of(q));
  change_throttles(q.group, q.cpu, -1);
  Cpu& c = cpu(q.cpu);
  if (c.current < 0 && !c.threads.empty()) reschedule(q.cpu);
  arm(q.cpu);
}

/// Of the group and all below it, on one CPU [tg_throttle_down, tg_unthrottle_up].
void Kernel::change_throttles(GroupId group, int on, int by) {
  Queue& q = queue(group, on);
  q.throttles += by;
  if (q.throttles == 0) {
    q.average_at = now_;   // its clock stood still
    for (const ThreadId t : q.limbo) enqueue(t, on);
    q.limbo.clear();
  }
  for (const GroupId child : groups_[group].children) change_throttles(child, on, by);
}

/// A CPU that has nobody left gives back all but a little [__return_cfs_rq_runtime].
void Kernel::return_slack(Queue& q) {
  if (!q.limited || q.left <= kKept) return;
  TaskGroup& g = groups_[q.group];
  if (g.quota == kUnlimited) return;
  g.pool += q.left - kKept;
  q.left = kKept;
  if (g.pool <= slice_ || g.throttled.empty() || g.slack_due) return;
  if (g.ticking && g.expires - now_ < kSlackDelay + kSlackNotBefore) return;   // the refill is near
  g.slack_due = true;
  set_timer(Timer::Kind::slack, q.group, now_ + kSlackDelay, 0);
}

/// [check_enqueue_throttle]
void Kernel::check_on_entry(Queue& q) {
  if (!q.limited || q.current != kNobody || q.throttled) return;
  charge_limit(q, 0);
  if (q.left <= 0) throttle(q);
}

/// The timer keeps its phase over the time in which it stood still [start_cfs_bandwidth].
void Kernel::start_period(GroupId group) {
  TaskGroup& g = groups_[group];
  if (g.ticking) return;
  g.ticking = true;
  if (g.expires <= now_) g.expires += ((now_ - g.expires) / g.period + 1) * g.period;
  set_timer(Timer::Kind::period, group, g.expires, 0);
}

/// [sched_cfs_period_timer, do_sched_cfs_period_timer]
void Kernel::end_period(GroupId group) {
  TaskGroup& g = groups_[group];
  const Ns overrun = (now_ - g.expires) / g.period + 1;
  g.expires += overrun * g.period;
  const bool throttled = !g.throttled.empty();
  if (g.alive && g.quota != kUnlimited) {
    g.counters.periods += static_cast<std::uint64_t>(overrun);
    refill(g);
  }
  if (!g.alive || g.quota == kUnlimited || (g.idle && !throttled)) {
    g.ticking = false;
    return;
  }
  set_timer(Timer::Kind::period, group, g.expires, 0);
  g.idle = !throttled;
  if (!throttled) return;
  g.counters.throttled_periods += static_cast<std::uint64_t>(overrun);
  for (bool more = true; more && g.pool > 0;) more = distribute(group);
  g.idle = false;
}

/// [do_sched_cfs_slack_timer]
void Kernel::slack(GroupId group) {
  TaskGroup& g = groups_[group];
  g.slack_due = false;
  if (!g.alive || g.quota == kUnlimited || g.pool <= slice_) return;
  if (g.ticking && g.expires - now_ < kSlackNotBefore) return;
  distribute(group);
}

/// To each throttled CPU what it owes and 1 ns, in the order of throttling [distribute_cfs_runtime].
/// @return whether somebody is left
bool Kernel::distribute(GroupId group) {
  TaskGroup& g = groups_[group];
  g.distributing = g.throttled;
  bool left_over = false;
  for (const QueueId id : g.distributing) {
    Queue& q = queues_[id];
    if (g.pool <= 0) return true;
    if (!q.throttled) continue;
    const Ns amount = std::min(1 - q.left, g.pool);
    g.pool -= amount;
    q.left += amount;
    if (q.left > 0) unthrottle(q);
    else left_over = true;
  }
  return left_over;
}

/// [__refill_cfs_bandwidth_runtime]
void Kernel::refill(TaskGroup& g) { g.pool = std::min(g.pool + g.quota, g.quota + g.burst); }

}  // namespace headroom::lab::sim
