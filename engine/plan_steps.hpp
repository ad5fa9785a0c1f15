// The steps of make_plan, one file each. Nothing outside engine/planner.cpp and its parts includes this.
#pragma once

#include <span>
#include <vector>

#include "engine/planner.hpp"

namespace headroom::planning {

/// What every step sees; `state` is changed in place.
struct Context {
  const Snapshot& now;
  const Desired& desired;
  const Guardrails& rails;
  PlanState& state;

  const Catalog& catalog() const { return now.catalog; }
  const GroupState& group(Slot s) const { return now.groups[s]; }
  Standing& standing(Slot s) const { return state.standing[s]; }
};

/// A pod with those of its containers that concern us; for a plain group the group alone (root == the only member).
struct Unit {
  Slot root = kNoSlot;
  std::vector<Slot> members;  ///< sorted, without the pod itself
  bool forced = false;        ///< somebody else wrote in it: everything of ours goes, at once
};

/// What a group's files are to hold. nullopt: leave alone.
struct Target {
  Slot slot = kNoSlot;
  std::optional<Bandwidth> bandwidth;
  std::optional<Shares> shares;
};

// tree.cpp: who belongs to whom, and what nobody touches.
bool is_pod(const Group& group);
/// The pod of a group, or itself where there is none.
Slot unit_root(const Catalog& catalog, Slot slot);
bool has_pod(const Unit& unit);
/// False for protected prefixes (below and above them), the root, and free slots.
bool touchable(const Context& c, Slot slot);
/// Why nothing may be lent to the group; Because::none: it may.
Because lease_refusal(const Context& c, Slot slot);
/// The same for exact values: every class but those that nobody touches.
Because set_refusal(const Context& c, Slot slot);
bool weight_allowed(const Context& c, Slot slot);
/// hidden for class control and a rule that says so, else what was asked.
Visibility effective_visibility(const Context& c, Slot slot, Visibility asked);

// wants.cpp: Desired and the guardrails -> Standing.
/// What the units at rest hold is ours and as we left it: they are left out, but once in a second (and whenever groups came
/// or went, or not everything may be written) when nothing rests.
std::vector<Unit> collect_units(const Context& c);
void end_everything(const Context& c, Slot slot, Because why);
void take_wants(const Context& c, std::span<const Unit> units);

// refills.cpp: hidden leases within their budget; what does not fit becomes a file lease.
void plan_refills(const Context& c, std::vector<Refill>& out);

// bandwidth_targets.cpp: Standing -> what the files are to hold.
std::vector<Target> targets_of(const Context& c, const Unit& unit);

// order.cpp: targets -> writes, legal at every step.
void emit_writes(const Context& c, const Unit& unit, std::span<const Target> targets, std::uint32_t& next_unit,
                 std::vector<Write>& out);

// ownership.cpp: which values are ours to take back, and which were refused lately.
bool bandwidth_is_ours(const Context& c, Slot slot);
bool shares_are_ours(const Context& c, Slot slot);
/// The same value was written within the last second and is not in force.
bool refused_lately(const Context& c, Slot slot, const Bandwidth& to);
bool refused_lately(const Context& c, Slot slot, Shares to);

}  // namespace headroom::planning
