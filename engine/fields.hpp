// The fields of the engine's own state, for archive.hpp.
#pragma once

#include "cgroups/types/fields.hpp"
#include "engine/planner.hpp"

namespace headroom {

template <class Archive, Of<Capabilities> T>
void fields(Archive& a, T& v) {
  auto& [v2, burst_file, burst_above_quota, parent_child_rule, rewrite_refills, idle_file, group_pressure, assumed] = v;
  a(v2, burst_file, burst_above_quota, parent_child_rule, rewrite_refills, idle_file, group_pressure, assumed);
}
template <class Archive, Of<Guardrails> T>
void fields(Archive& a, T& v) {
  auto& [can, node_cores, guard_up, may_write, off, closing, refill_cost, refill_budget_permille, deadband_percent,
         protected_prefixes] = v;
  a(can, node_cores, guard_up, may_write, off, closing, refill_cost, refill_budget_permille, deadband_percent,
    protected_prefixes);
}
template <class Archive, Of<Standing> T>
void fields(Archive& a, T& v) {
  auto& [group_id, lent_cores, actuator, kind, since, burst, set_quota, set_burst, eighths, usage_at_refill, refilled_at, why,
         refills, writes, visibility, bandwidth_before, bandwidth_written, shares_before, shares_written, bandwidth_at, shares_at,
         quiet_until, root, root_id, bereaved_at, weight_checked, borrowers_only, why_weight] = v;
  a(group_id, lent_cores, actuator, kind, since, burst, set_quota, set_burst, eighths, usage_at_refill, refilled_at, why,
    refills, writes, visibility, bandwidth_before, bandwidth_written, shares_before, shares_written, bandwidth_at, shares_at, quiet_until,
    root, root_id, bereaved_at, weight_checked, borrowers_only, why_weight);
}
template <class Archive, Of<RefillMeter> T>
void fields(Archive& a, T& v) {
  auto& [tenths, tenth] = v;
  a(tenths, tenth);
}
template <class Archive, Of<Resting> T>
void fields(Archive& a, T& v) {
  auto& [root, slot] = v;
  a(root, slot);
}
template <class Archive, Of<PlanState> T>
void fields(Archive& a, T& v) {
  auto& [standing, active, resting, refill_spent, refill_window, refill_meter, refills_refused, reviewed_at,
         reviewed_generation] = v;
  a(standing, active, resting, refill_spent, refill_window, refill_meter, refills_refused, reviewed_at, reviewed_generation);
}

}  // namespace headroom
