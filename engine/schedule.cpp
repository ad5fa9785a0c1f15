#include "engine/schedule.hpp"

#include <algorithm>

#include "engine/schedule_state.hpp"

namespace headroom {
namespace {

using scheduling::Context;
using scheduling::falls_due;

constexpr milliseconds kIdleGrid{250};  // the slow clock in four wakeups a second
constexpr nanoseconds kAsleepGrid = nanoseconds{kIdleGrid} / 4;   // who sleeps by his pod's counter is seen within this
constexpr milliseconds kSoonest{1};

/// Next point of a grid, so that ticks do not drift; one that is nearly there counts as this one.
TimePoint on_grid(TimePoint at, nanoseconds grid) {
  const auto n = at.time_since_epoch() / grid + 1;
  const TimePoint next{grid * n};
  return next - at < grid / 4 ? next + grid : next;
}

TimePoint next_wake(const Context& c) {
  nanoseconds grid = kIdleGrid;
  if (c.state.eligible > 0) grid = c.state.timed > 0 ? nanoseconds{c.params.eligible} : kAsleepGrid;
  if (c.params.rhythm.count() > 0) grid = std::min<nanoseconds>(kIdleGrid, c.params.rhythm);
  if (!c.state.fast.empty()) grid = scheduling::fast_interval(c);
  TimePoint wake = std::min(on_grid(c.now.at, grid), scheduling::judge_wake(c));
  for (const Slot s : c.plans.active) wake = std::min(wake, scheduling::hidden_wake(c, s));
  if (c.state.woken) wake = c.now.at;
  if (!c.state.settle.empty()) wake = std::min(wake, c.state.settle.top().due);
  return std::max(wake, c.now.at + kSoonest);
}

void ask_node(const Context& c) {
  const bool out = scheduling::leases_out(c.plans);
  const nanoseconds beat = c.params.rhythm.count() > 0 ? c.params.rhythm : nanoseconds{c.params.slow};
  const nanoseconds usage = out ? scheduling::fast_interval(c) : c.state.timed > 0 ? c.params.eligible : beat;
  const nanoseconds cpus = out ? c.params.judge : c.params.slow;
  c.out.node_usage = falls_due(c.state.node_usage_at, c.out.wake, c.state.woken ? nanoseconds{0} : usage);
  c.out.node_cpus = falls_due(c.state.node_cpus_at, c.out.wake, cpus);
  c.out.node_pressure = falls_due(c.state.pressure_at, c.out.wake, c.params.slow);
  c.out.rescan = falls_due(c.state.rescan_at, c.out.wake, c.params.rescan);
}

}  // namespace

ScheduleState::ScheduleState() : impl(std::make_unique<Impl>()) {}
ScheduleState::~ScheduleState() = default;
ScheduleState::ScheduleState(ScheduleState&&) noexcept = default;

void next_reads(const Snapshot& snapshot, const PlanState& plans, const ScheduleParams& params, ScheduleState& state,
                ReadPlan& out) {
  out.groups.clear();
  out.quiet = false;
  ++state.impl->tick;
  const Context c{snapshot, plans, params, *state.impl, out};
  scheduling::take_catalog(c);
  scheduling::note_events(c);
  scheduling::wake_sleepers(c);
  scheduling::choose_clocks(c);
  out.wake = next_wake(c);
  scheduling::run_fast(c);
  scheduling::run_timers(c);
  scheduling::run_beat(c);
  scheduling::run_judges(c);
  ask_node(c);
  state.impl->previous_at = snapshot.at;
}

}  // namespace headroom
