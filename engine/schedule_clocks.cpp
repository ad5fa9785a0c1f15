#include <algorithm>
#include <utility>

#include "engine/schedule_state.hpp"

namespace headroom::scheduling {
namespace {

constexpr seconds kStayFast{2};
constexpr milliseconds kAgain{6};           // two readings that agree >= 5 ms apart make a base (KERNEL 17)
constexpr seconds kYoung{3};                // limits follow the directory by 24 ms (11..107), a pod leads by <= 0.9 s
constexpr milliseconds kSoonestRefill{4};   // one thread: a usage counter moves once per scheduler tick
constexpr milliseconds kSoonestRefills{2};  // two threads or more empty the pool within less
constexpr std::uint32_t kMostSettles = 4;
constexpr milliseconds kPickUp{1};  // timers this close to the wakeup are taken along

bool in_force_since(const Standing& s, TimePoint at) {
  return s.refilled_at == at || s.bandwidth_at == at || s.shares_at == at;
}

/// Whether the touch was not our own reading or write.
bool somebody_else(const Context& c, Slot slot) {
  const Ownership& own = c.group(slot).own;
  const Watch& w = c.watch(slot);
  if (own.drop || own.overtaken || own.foreign_writes != w.foreign_writes) return true;
  const bool wrote = slot < c.plans.standing.size() && in_force_since(c.plans.standing[slot], c.state.previous_at);
  return !w.asked_settings && !wrote;
}

void note_eligible(const Context& c, Slot slot) {
  Watch& w = c.watch(slot);
  const bool is = eligible(c, slot);
  if (is == w.eligible) return;
  w.eligible = is;
  if (!is) {
    --c.state.eligible;
    return;
  }
  ++c.state.eligible;
  const auto steps = std::max<std::int64_t>(1, nanoseconds{c.params.eligible} / c.params.fast);
  time_eligible(c, slot, c.now.at + c.params.fast * static_cast<std::int64_t>(w.id % static_cast<std::uint64_t>(steps)));
}

/// More than a third of its quota in the last period.
bool busy(const GroupState& g) {
  const Bandwidth& held = g.own.in_force ? *g.own.in_force : *g.own.base;
  if (!held.quota) return false;
  return g.used_in_period * 3 > nanoseconds{*held.quota} || g.use_100ms.value * 3 > limit_of(held)->value;
}

void keep_fast(const Context& c, Slot slot) {
  Watch& w = c.watch(slot);
  w.fast_until = c.now.at + kStayFast;
  if (w.in_fast) return;
  w.in_fast = true;
  c.state.fast.push_back(slot);
}

bool hidden_lease(const PlanState& plans, Slot slot) {
  return has_lease(plans, slot) && plans.standing[slot].actuator == Actuator::hidden;
}

/// A file lease that is larger than what is used, while nobody waits for its CPUs.
bool content(const Context& c, Slot slot) {
  if (!has_lease(c.plans, slot) || c.plans.standing[slot].actuator == Actuator::hidden || nearly_full(c)) return false;
  const GroupState& g = c.group(slot);
  return !g.throttling && g.use_100ms.value * 10 < c.plans.standing[slot].lent_cores.value * 9;
}

/// When to look again at the settings of a group whose base is not certain; nullopt: round-robin will do.
std::optional<nanoseconds> young_interval(const Context& c, Slot slot) {
  const Watch& w = c.watch(slot);
  const nanoseconds age = c.out.wake - w.born;
  if (w.hurry && age < kYoung) return kAgain;
  if (age < kYoung * (w.hurry ? 10 : 1)) return c.params.eligible;
  return w.hurry ? std::optional<nanoseconds>{c.params.slow} : std::nullopt;
}

/// A sandbox has no limit that could become certain; it is looked at again because what looks like one may be none.
void run_young(const Context& c, Slot slot) {
  if (c.group(slot).own.certain) return;
  const bool sandbox = c.now.catalog.find(slot)->infrastructure;
  if (!sandbox) ask(c, slot, kReadBandwidth | kReadShares);
  const auto next = young_interval(c, slot);
  if (next) arm(c, slot, Task::young, c.out.wake + (sandbox ? nanoseconds{c.params.slow} : *next));
}

/// Same phase, later than the wakeup.
TimePoint next_turn(const Timer& t, nanoseconds every, TimePoint wake) {
  const auto behind = std::max<std::int64_t>(0, (wake + kPickUp - t.due) / every);
  return t.due + every * (behind + 1);
}

/// A borrower's use is read even while it sleeps: its credit grows by it. A watched pod's has just been read.
void run_slow(const Context& c, Slot slot) {
  if (c.params.rhythm.count() > 0 && c.group(slot).counted) return;   // read by the beat
  const bool pod = c.now.catalog.find(slot)->identity.kind == GroupKind::pod;
  const bool rests = pod ? stands_still(c.group(slot)) : sleeps(c, slot);
  if (!rests) ask(c, slot, kReadUsage | kReadThrottle);
  else if (pod ? !c.watch(slot).watched : c.watch(slot).eligible) ask(c, slot, kReadUsage);
}

void run(const Context& c, const Timer& t) {
  Watch& w = c.watch(t.slot);
  switch (t.task) {
    case Task::eligible:
      stop_time(c, t.slot);
      if (!w.eligible || (!w.in_fast && sleeps(c, t.slot))) return;
      if (!w.in_fast) ask(c, t.slot, kReadUsage);
      return time_eligible(c, t.slot, next_turn(t, c.params.eligible, c.out.wake));
    case Task::watch:
      return run_watch(c, t.slot, next_turn(t, c.params.eligible, c.out.wake));
    case Task::slow:
      run_slow(c, t.slot);
      return arm(c, t.slot, t.task, next_turn(t, c.params.slow, c.out.wake));
    case Task::settings:
      ask(c, t.slot, kReadBandwidth | kReadShares);
      return arm(c, t.slot, t.task, next_turn(t, w.hurry ? c.params.settings : c.params.others, c.out.wake));
    case Task::young:
      return run_young(c, t.slot);
    case Task::settle:
      --w.settle_timers;
      return ask(c, t.slot, kReadBandwidth | kReadShares);
  }
}

/// What the schedule has taken from the catalog the model has, too: its state need not be asked.
void run_if_alive(const Context& c, const Timer& t) {
  if (c.watch(t.slot).id == t.id) run(c, t);
}

}  // namespace

bool falls_due(TimePoint& last, TimePoint wake, nanoseconds every) {
  const nanoseconds slack = every / 10;
  if (last.time_since_epoch().count() != 0 && wake - last < every - slack) return false;
  last = wake;
  return true;
}

void time_eligible(const Context& c, Slot slot, TimePoint due) {
  if (c.params.rhythm.count() > 0) return;
  if (std::exchange(c.watch(slot).timed, true)) return;
  ++c.state.timed;
  arm(c, slot, Task::eligible, due);
}

void stop_time(const Context& c, Slot slot) {
  if (std::exchange(c.watch(slot).timed, false)) --c.state.timed;
}

void note_events(const Context& c) {
  for (const Slot slot : c.now.touched) {
    if (!alive(c, slot)) continue;
    Watch& w = c.watch(slot);
    if (somebody_else(c, slot) && w.settle_timers < kMostSettles) {
      arm(c, slot, Task::settle, c.now.at);
      arm(c, slot, Task::settle, c.now.at + kAgain);
    }
    w.foreign_writes = c.group(slot).own.foreign_writes;
    note_eligible(c, slot);
  }
  for (const Slot slot : c.state.asked) c.watch(slot).asked_settings = false;
  c.state.asked.clear();
}

void choose_clocks(const Context& c) {
  for (const Slot slot : c.now.fresh) {
    if (!alive(c, slot)) continue;
    note_eligible(c, slot);
    if (c.params.rhythm.count() == 0 && c.watch(slot).eligible && busy(c.group(slot))) keep_fast(c, slot);
  }
  for (const Slot slot : c.plans.active)
    if (has_lease(c.plans, slot) && alive(c, slot)) keep_fast(c, slot);
  std::erase_if(c.state.fast, [&](Slot slot) {
    Watch& w = c.watch(slot);
    if (alive(c, slot) && w.fast_until > c.now.at) return false;
    w.in_fast = false;
    return true;
  });
  c.state.hurried = std::any_of(c.state.fast.begin(), c.state.fast.end(), [&](Slot s) { return !content(c, s); });
}

nanoseconds fast_interval(const Context& c) { return c.state.hurried ? c.params.fast : 2 * nanoseconds{c.params.fast}; }

bool leases_out(const PlanState& plans) {
  return std::any_of(plans.active.begin(), plans.active.end(), [&](Slot s) { return has_lease(plans, s); });
}

TimePoint hidden_wake(const Context& c, Slot slot) {
  if (!alive(c, slot) || !hidden_lease(c.plans, slot)) return TimePoint::max();
  std::optional<microseconds> pool;
  for (Slot at = slot; const Group* g = c.now.catalog.find(at); at = g->parent) {
    const auto& held = c.group(at).own.in_force;
    if (held && held->quota) pool = pool ? std::min(*pool, *held->quota) : *held->quota;
  }
  const GroupState& g = c.group(slot);
  // A group that still runs dry wants more than its rate shows: more than one thread waits.
  const MilliCpu rate = g.throttling ? std::max(g.rate, c.plans.standing[slot].lent_cores) : g.rate;
  if (!pool || rate.value <= 0) return TimePoint::max();
  const nanoseconds lasts = nanoseconds{*pool} * 1000 / rate.value;
  if (lasts >= c.params.fast) return TimePoint::max();
  const nanoseconds soonest = rate.value > 1200 ? kSoonestRefills : kSoonestRefill;
  return c.now.at + std::max(soonest, lasts);
}

void run_fast(const Context& c) {
  for (const Slot slot : c.state.fast) {
    Watch& w = c.watch(slot);
    const bool due = c.out.wake - w.fast_read >= (content(c, slot) ? 2 : 1) * nanoseconds{c.params.fast} * 7 / 10;
    if (!due && !hidden_lease(c.plans, slot)) continue;
    w.fast_read = c.out.wake;
    ask(c, slot, kReadUsage);
    if (c.out.wake - w.counters_read < c.params.judge - c.params.fast / 2) continue;
    w.counters_read = c.out.wake;
    ask(c, slot, kReadThrottle);
    const Slot pod = w.pod;
    if (pod != kNoSlot && alive(c, pod)) ask(c, pod, kReadUsage | kReadThrottle);
  }
}

void run_beat(const Context& c) {
  if (c.params.rhythm.count() == 0 || !falls_due(c.state.beat_at, c.out.wake, c.params.rhythm)) return;
  for (Slot slot = 0; slot < c.state.watches.size(); ++slot)
    if (alive(c, slot) && c.group(slot).counted) ask(c, slot, kReadUsage | kReadThrottle);
}

void run_timers(const Context& c) {
  const TimePoint until = c.out.wake + kPickUp;
  for (Timers& timers = c.state.settle; !timers.empty() && timers.top().due <= until;) {
    const Timer t = timers.top();
    timers.pop();
    run_if_alive(c, t);
  }
  c.state.due.clear();
  c.state.wheel.take_due(until, c.state.due);
  for (const Timer& t : c.state.due) run_if_alive(c, t);
}

}  // namespace headroom::scheduling
