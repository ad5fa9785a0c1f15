// Why a container borrows or does not, as values: the decision, arithmetic that adds up, who pays, what would change it.
// Made from the state after a tick and nothing else, so that a replayed journal explains as the daemon did. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/planner.hpp"

namespace headroom {

/// What would alter a refusal.
enum class ChangeKind {
  none,         ///< nothing: it is never lent to
  resume,       ///< lending is switched off
  policy,       ///< a policy that lends
  bar,          ///< what bars it lifted: in its pod, or in the configuration
  wait,         ///< until a time
  read_again,   ///< a reading that is still to come
  limit,        ///< a limit of its own
  credit,       ///< credit: earned, or more of it configured
  load,         ///< a node that is neither overloaded nor blind, a loop that is punctual
  demand,       ///< more work of its own
  ceiling,      ///< a higher ceiling of its class
  room,         ///< CPU that others do not use
  guard,        ///< a guard, or a kernel where hidden leases work
  law           ///< what another agent's law asks for
};
struct Change {
  ChangeKind kind = ChangeKind::none;
  MilliCpu cores{};      ///< limit, ceiling: the value; room: so much more
  nanoseconds time{0};   ///< credit: to be earned
  TimePoint until{};     ///< wait
  Bar bar = Bar::none;   ///< bar
};

/// What was the first to cut a lease.
enum class Bound {
  none,
  use,          ///< its own use and a margin: it wants no more
  ceiling,      ///< its class, or the CPUs it may use
  lendable,     ///< what there was to lend
  share,        ///< others claim too
  node,         ///< the node's CPUs
  file          ///< what is written stays: within the deadband, or somebody else's limit above
};

/// One subtrahend of what is lendable.
struct LendTerm {
  enum class Why { neighbour, claimant, user } why = Why::user;
  Slot slot = kNoSlot;
  MilliCpu cores;
};
struct Payer {
  Slot slot = kNoSlot;
  nanoseconds waited{0};   ///< of the last contract window, because of leases
};
/// One group's files: its owner's values and those in force.
struct LevelValues {
  Slot slot = kNoSlot;
  std::optional<Bandwidth> own, now;
  std::optional<Shares> own_shares, now_shares;
  std::uint64_t writes = 0, refills = 0;
  std::uint32_t foreign_writes = 0;
};

/// What would come of a change.
struct Next {
  bool borrows = false, by_law = false;
  Reason why;                   ///< of the lease, or the next rule that decides
  MilliCpu in_all;
};

struct Explanation {
  std::uint64_t tick = 0;
  TimePoint at;
  Slot slot = kNoSlot;
  std::uint64_t group_id = 0;
  bool borrows = false;
  bool writes = false;          ///< false in observe: plans only
  Reason why;                   ///< of the lease, or the first rule that decided against one
  MilliCpu limit, in_all;       ///< its owner's, and what it has or would have got; 0: no limit
  MilliCpu rate, use;           ///< now, and over 1 s
  std::string_view policy;
  bool by_law = false;          ///< the policy gives it exact values instead of leases: in_all is what is in force, or would be
  std::optional<koordlet::Decision> law;   ///< of policy koordinator: what that was made of
  // A lease.
  LeaseKind kind = LeaseKind::burst;
  Actuator actuator = Actuator::file;
  TimePoint since, expires;     ///< expires: epoch: when it has not wanted more for `hold`
  TimePoint wanted_at;
  nanoseconds hold{0};
  Bound bound = Bound::none;
  MilliCpu bound_at;            ///< the value of the bound; 0: none
  // Arithmetic. share.of.target - share.of.siblings - every term = share.of.lendable where that is above 0, if of_this_tick; else the terms
  // are of now and share is of share.at.
  ShareTerms share;
  bool of_this_tick = false;
  std::vector<LendTerm> terms;  ///< largest first
  MilliCpu ceiling, least;
  nanoseconds credit{0}, credit_cap{0}, credit_needed{0};
  // Who pays.
  std::vector<Payer> payers;    ///< neighbours that waited because of leases, worst first
  std::uint32_t protected_groups = 0;
  nanoseconds allowed{0};       ///< waiting that the contract allows each
  seconds allowed_per{60};
  LoadState load = LoadState::unknown;
  nanoseconds lateness{0};
  int cpus = 1;
  nanoseconds refill_cost{0};   ///< measured mean
  std::vector<LevelValues> levels;   ///< the container, then its pod
  Change change;
  std::optional<Next> next;     ///< after the change; filled by explain_fully()
};

/// After a tick of the same snapshot. @param slot  a live group
Explanation explain(const Snapshot& now, const Policy& policy, const PlanState& plans, const Guardrails& rails,
                    std::uint64_t tick, Slot slot);

/// One screen: the decision first, then the arithmetic, then who pays, then how to undo it. Lines end with '\n'.
std::string explain_text(const Explanation& e, const Catalog& names);
/// The same as a JSON object. CPU in milli-CPU and times in ns, as integers, so that sums are exact.
std::string explain_json(const Explanation& e, const Catalog& names);

/// "give it a class that may borrow: …": what to do, without a full stop.
std::string describe(const Explanation& e, const Change& change, const Catalog& names);

/// "remove the annotation …": what takes the bar away; "nothing: …" where nothing does.
std::string how_to_lift(Bar bar, const Group& group);

std::string_view to_string(ChangeKind kind);
std::string_view to_string(Bound bound);

}  // namespace headroom
