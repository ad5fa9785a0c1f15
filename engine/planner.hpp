// make_plan: Desired -> Plan. Clamp, deadband, budget, diff, order. Guardrails overrule every policy.
#pragma once

#include <array>
#include <memory>

#include "policies/policy.hpp"

namespace headroom {

/// What the capability probe found (KERNEL 8), or what is assumed in observe.
struct Capabilities {
  bool v2 = false;
  bool burst_file = true;
  bool burst_above_quota = false;
  bool parent_child_rule = true;   ///< v1: a child's ratio above its parent's is EINVAL
  bool rewrite_refills = true;     ///< else no hidden lease
  bool idle_file = true;
  bool group_pressure = false;     ///< PSI per group can be read
  bool assumed = true;             ///< not probed
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

/// Bounds that no policy can pass.
struct Guardrails {
  Capabilities can;
  MilliCpu node_cores{1000};           ///< ceiling of any container's quota; its pod gets base + the sum of what is lent
  bool guard_up = false;               ///< without it: no settings writes, hidden leases only
  bool may_write = false;              ///< false in observe: plans are made all the same (the sink is null)
  bool off = false;                    ///< everything goes back to base
  std::vector<std::uint64_t> closing;  ///< Group::id, sorted: everything of ours in their units goes back, for another rule is to come
  nanoseconds refill_cost{1'000};      ///< measured mean cost of one refill write
  int refill_budget_permille = 5;      ///< of one core, node-wide (0.5 %)
  int deadband_percent = 20;           ///< a changed share is written only beyond it
  std::vector<std::string> protected_prefixes;  ///< our own group and others never touched
  friend bool operator==(const Guardrails&, const Guardrails&) = default;
};

/// What the planner believes to be out; budgets and deadbands. One of the five places of state.
struct Standing {                      ///< per slot
  std::uint64_t group_id = 0;
  MilliCpu lent_cores;                 ///< in all; 0: no lease
  Actuator actuator = Actuator::file;
  LeaseKind kind = LeaseKind::burst;
  TimePoint since;
  microseconds burst{0};               ///< ours
  std::optional<microseconds> set_quota, set_burst;   ///< as another agent's law says; nullopt: its owner's
  int eighths = 8;
  nanoseconds usage_at_refill{0};
  TimePoint refilled_at;
  Reason why;
  std::uint64_t refills = 0, writes = 0;
  Visibility visibility = Visibility::automatic;  ///< as asked, or stricter by class
  // What we last wrote and what stood before: only these are ours to take back, and a refusal is known by them.
  std::optional<Bandwidth> bandwidth_before, bandwidth_written;
  std::optional<Shares> shares_before, shares_written;
  TimePoint bandwidth_at, shares_at;   ///< when it was written
  TimePoint quiet_until;               ///< of a pod somebody wrote in: nothing is lent in it before
  Slot root = kNoSlot;                 ///< its pod,
  std::uint64_t root_id = 0;           ///< and that one's Group::id
  TimePoint bereaved_at;               ///< of a pod: a container has gone whose quota was ours
  std::uint64_t weight_checked = UINT64_MAX;  ///< catalog generation of borrowers_only
  bool borrowers_only = false;         ///< a pod that holds nobody but borrowers
  Reason why_weight;                   ///< of the weight; why is of lease and burst
};

/// What refills cost, by tenths of a second, so that "per running second" holds at every moment.
struct RefillMeter {
  std::array<nanoseconds, 11> tenths{};
  std::int64_t tenth = 0;              ///< absolute number of the newest tenth
};

/// A slot whose burst stands as we left it and that nobody asks anything of.
struct Resting {
  Slot root, slot;   ///< root: its pod, or itself
  auto operator<=>(const Resting&) const = default;
};

struct PlanState {
  std::vector<Standing> standing;      ///< by slot
  std::vector<Slot> active;            ///< slots with anything of ours (lease, burst, weight) that are worked out at every tick
  std::vector<Resting> resting;        ///< the others with anything of ours, sorted
  nanoseconds refill_spent{0};         ///< in the running second
  TimePoint refill_window;             ///< when refill_spent was last brought up to date
  RefillMeter refill_meter;
  std::uint64_t refills_refused = 0;
  TimePoint reviewed_at;               ///< when units at rest were last looked at, too,
  std::uint64_t reviewed_generation = 0;   ///< and of which catalog
};

Plan make_plan(const Snapshot& snapshot, const Desired& desired, const Guardrails& rails, PlanState& state);

/// Whether this tick's outcomes leave a lease of the slot in force; used by the read schedule and the report.
bool has_lease(const PlanState& state, Slot slot);

}  // namespace headroom
