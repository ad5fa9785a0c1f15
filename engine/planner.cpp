#include "engine/planner.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/plan_steps.hpp"

namespace headroom {
namespace {

using planning::Context;
using planning::Target;
using planning::Unit;

/// A slot that is free or lives another life holds nothing of ours any more; its pod is worked out anew.
void forget_the_gone(const Snapshot& now, PlanState& state) {
  if (state.standing.size() < now.groups.size()) state.standing.resize(now.groups.size());
  const auto gone = [&](Slot slot) {
    const Group* g = now.catalog.find(slot);
    if (g && slot < now.groups.size() && g->id == state.standing[slot].group_id && now.groups[slot].id == g->id)
      return false;
    if (slot >= state.standing.size()) return true;
    const Standing was = std::exchange(state.standing[slot], Standing{});
    const bool pod = was.root < state.standing.size() && was.root != slot && state.standing[was.root].group_id == was.root_id;
    if (pod && was.bandwidth_written) state.standing[was.root].bereaved_at = now.at;
    return true;
  };
  std::erase_if(state.active, gone);
  if (state.reviewed_generation != now.catalog.generation)
    std::erase_if(state.resting, [&](const Resting& r) { return gone(r.slot); });
}

bool still_ours(const Context& c, Slot slot) {
  const Standing& s = c.standing(slot);
  const Ownership& own = c.group(slot).own;
  if (s.lent_cores.value > 0 || s.burst.count() > 0 || s.set_quota || s.set_burst || s.eighths < 8 || own.put_right) return true;
  const bool just_written =
      (s.bandwidth_written && s.bandwidth_at == c.now.at) || (s.shares_written && s.shares_at == c.now.at);
  const bool bandwidth_out = s.bandwidth_written && own.in_force != own.base && planning::bandwidth_is_ours(c, slot);
  const bool shares_out =
      s.shares_written && own.shares_in_force != own.base_shares && planning::shares_are_ours(c, slot);
  return just_written || bandwidth_out || shares_out;
}

void note_active(const Context& c, const std::vector<Unit>& units) {
  std::vector<Slot>& active = c.state.active;
  active.clear();
  for (const Unit& unit : units) {
    if (planning::has_pod(unit) && still_ours(c, unit.root)) active.push_back(unit.root);
    for (const Slot m : unit.members)
      if (still_ours(c, m)) active.push_back(m);
  }
  std::sort(active.begin(), active.end());
}

bool raises(const Context& c, const std::vector<Target>& targets) {
  return std::any_of(targets.begin(), targets.end(), [&](const Target& t) {
    const auto& held = c.group(t.slot).own.in_force;
    return t.bandwidth && t.bandwidth->quota && held->quota && *t.bandwidth->quota > *held->quota;
  });
}

/// A unit on its way, and what its files lend at this moment.
struct Change {
  const Unit* unit;
  std::vector<Target> targets;
  bool raises = false;
  MilliCpu lent;       ///< above the base, all members; what raises is served in the order of the units
  TimePoint since;     ///< of its newest lease
};

Change change_of(const Context& c, const Unit& unit) {
  Change change{&unit, planning::targets_of(c, unit), false, {}, {}};
  change.raises = raises(c, change.targets);
  if (change.raises) return change;
  for (const Slot m : unit.members) {
    const Ownership& own = c.group(m).own;
    const auto held = own.in_force ? limit_of(*own.in_force) : std::nullopt;
    const auto base = own.base ? limit_of(*own.base) : std::nullopt;
    if (!held || !base || *held <= *base) continue;
    change.lent += *held - *base;
    change.since = std::max(change.since, c.standing(m).since);
  }
  return change;
}

/// What takes back comes before what lends, so that the node never has more out than was decided; and of that the
/// largest and newest lease first, so that who waits for CPUs waits least.
void plan_settings(const Context& c, const std::vector<Unit>& units, std::vector<Write>& out) {
  std::vector<Change> changes;
  for (const Unit& unit : units) changes.push_back(change_of(c, unit));
  const auto rank = [](const Change& x) { return std::tuple(x.raises, -x.lent.value, -x.since.time_since_epoch()); };
  std::stable_sort(changes.begin(), changes.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  std::uint32_t next_unit = 0;
  for (const Change& change : changes) planning::emit_writes(c, *change.unit, change.targets, next_unit, out);
}

}  // namespace

Plan make_plan(const Snapshot& snapshot, const Desired& desired, const Guardrails& rails, PlanState& state) {
  forget_the_gone(snapshot, state);
  const Context c{snapshot, desired, rails, state};
  const std::vector<Unit> units = planning::collect_units(c);
  planning::take_wants(c, units);
  note_active(c, units);
  Plan plan;
  planning::plan_refills(c, plan.refills);
  plan_settings(c, units, plan.writes);
  if (!plan.writes.empty()) note_active(c, units);
  return plan;
}

bool has_lease(const PlanState& state, Slot slot) {
  return slot < state.standing.size() && state.standing[slot].lent_cores.value > 0;
}

}  // namespace headroom
