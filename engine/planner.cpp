#include "engine/planner.hpp"

#include <algorithm>

#include "engine/plan_steps.hpp"

namespace headroom {
namespace {

using planning::Context;
using planning::Target;
using planning::Unit;

/// A slot that is free or lives another life holds nothing of ours any more; its pod is worked out anew.
void forget_the_gone(const Snapshot& now, PlanState& state) {
  if (state.standing.size() < now.groups.size()) state.standing.resize(now.groups.size());
  std::erase_if(state.active, [&](Slot slot) {
    const Group* g = now.catalog.find(slot);
    if (g && slot < now.groups.size() && g->id == state.standing[slot].group_id && now.groups[slot].id == g->id)
      return false;
    if (slot < state.standing.size()) state.standing[slot] = Standing{};
    return true;
  });
}

bool still_ours(const Context& c, Slot slot) {
  const Standing& s = c.standing(slot);
  const Ownership& own = c.group(slot).own;
  if (s.lent_cores.value > 0 || s.burst.count() > 0 || s.eighths < 8) return true;
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

/// What takes back comes before what lends: the node never has more out than was decided.
void plan_settings(const Context& c, const std::vector<Unit>& units, std::vector<Write>& out) {
  std::uint32_t next_unit = 0;
  std::vector<std::pair<const Unit*, std::vector<Target>>> raising;
  for (const Unit& unit : units) {
    auto targets = planning::targets_of(c, unit);
    if (raises(c, targets))
      raising.emplace_back(&unit, std::move(targets));
    else
      planning::emit_writes(c, unit, targets, next_unit, out);
  }
  for (const auto& [unit, targets] : raising) planning::emit_writes(c, *unit, targets, next_unit, out);
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
  note_active(c, units);
  return plan;
}

bool has_lease(const PlanState& state, Slot slot) {
  return slot < state.standing.size() && state.standing[slot].lent_cores.value > 0;
}

}  // namespace headroom
