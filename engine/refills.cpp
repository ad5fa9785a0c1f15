#include <algorithm>

#include "engine/plan_steps.hpp"

namespace headroom::planning {
namespace {

/// The finite levels of a path: each of them has to be refilled, and the smallest runs dry first.
struct Path {
  int levels = 0;
  microseconds smallest{0};
  MilliCpu limit{INT64_MAX};
};

Path finite_path(const Context& c, Slot slot) {
  Path path;
  for (Slot at = slot; const Group* g = c.catalog().find(at); at = g->parent) {
    if (at >= c.now.groups.size()) break;
    const auto& held = c.group(at).own.in_force;
    if (!held || !held->quota) continue;
    path.smallest = path.levels == 0 ? *held->quota : std::min(path.smallest, *held->quota);
    path.limit = std::min(path.limit, *limit_of(*held));
    ++path.levels;
  }
  return path;
}

/// About half of the smallest pool is gone, or all of it.
bool running_dry(const Context& c, Slot slot, const Path& path) {
  const GroupState& g = c.group(slot);
  const Standing& s = c.standing(slot);
  const bool moved = g.usage != s.usage_at_refill;
  const nanoseconds half = path.smallest / 2;
  if (g.usage - s.usage_at_refill >= half && moved) return true;
  const nanoseconds period = g.own.in_force->period;
  const TimePoint period_began = c.now.at - std::max(nanoseconds{0}, period - g.period_left);
  const bool refilled = s.refilled_at.time_since_epoch().count() > 0 && s.refilled_at >= period_began;
  if (!refilled && g.used_in_period >= half) return true;
  // The counters tell of a stall up to a period late: while nothing is used after a refill, that stall is over.
  return g.throttling && (moved || c.now.at - s.refilled_at >= period);
}

/// Refilling knows no measure of its own, so what was granted is kept by use: 10 % for the scheduler tick's quantum.
bool within_grant(const Context& c, Slot slot, const Path& path) {
  const MilliCpu granted = c.standing(slot).lent_cores;
  return granted > path.limit && c.group(slot).use_100ms.value * 10 <= granted.value * 11;
}

void advance_meter(PlanState& state, TimePoint now) {
  RefillMeter& m = state.refill_meter;
  const std::int64_t tenth = now.time_since_epoch() / milliseconds{100};
  const auto size = static_cast<std::int64_t>(m.tenths.size());
  for (std::int64_t t = std::max(m.tenth + 1, tenth - size + 1); t <= tenth; ++t)
    m.tenths[static_cast<std::size_t>(t % size)] = nanoseconds{0};
  m.tenth = std::max(m.tenth, tenth);
  state.refill_window = now;
  state.refill_spent = nanoseconds{0};
  for (const nanoseconds n : m.tenths) state.refill_spent += n;
}

bool pay(const Context& c, const Path& path) {
  const nanoseconds budget = nanoseconds{seconds{1}} * c.rails.refill_budget_permille / 1000;
  const nanoseconds price = c.rails.refill_cost * path.levels;
  if (c.state.refill_spent + price > budget) return false;
  c.state.refill_spent += price;
  RefillMeter& m = c.state.refill_meter;
  m.tenths[static_cast<std::size_t>(m.tenth % static_cast<std::int64_t>(m.tenths.size()))] += price;
  return true;
}

void refuse(const Context& c, Slot slot) {
  Standing& s = c.standing(slot);
  ++c.state.refills_refused;
  const Slot pod = unit_root(c.catalog(), slot);
  const Ownership& own = c.group(pod).own;
  const bool file_possible = c.rails.guard_up && own.certain && own.base && own.in_force;
  if (s.visibility == Visibility::automatic && file_possible)
    s.actuator = Actuator::file;
  else
    s.why.because = Because::refuse_budget;
}

}  // namespace

void plan_refills(const Context& c, std::vector<Refill>& out) {
  advance_meter(c.state, c.now.at);
  std::vector<Slot> hidden;
  for (const Slot s : c.state.active)
    if (c.standing(s).lent_cores.value > 0 && c.standing(s).actuator == Actuator::hidden) hidden.push_back(s);
  // Whoever has waited longest comes first, so that a spent budget starves nobody.
  std::sort(hidden.begin(), hidden.end(), [&](Slot a, Slot b) {
    return std::pair(c.standing(a).refilled_at, a) < std::pair(c.standing(b).refilled_at, b);
  });
  for (const Slot slot : hidden) {
    const Path path = finite_path(c, slot);
    if (path.levels == 0 || !within_grant(c, slot, path) || !running_dry(c, slot, path)) continue;
    if (!pay(c, path)) {
      refuse(c, slot);
      continue;
    }
    Standing& s = c.standing(slot);
    s.usage_at_refill = c.group(slot).usage;
    s.refilled_at = c.now.at;
    ++s.refills;
    out.push_back({slot, s.why});
  }
}

}  // namespace headroom::planning
