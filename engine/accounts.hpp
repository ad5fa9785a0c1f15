// What lending was worth, added up by group: CPU lent and standing still avoided. Pure; advanced once a tick.
#pragma once

#include <vector>

#include "engine/planner.hpp"

namespace headroom {

/// One bandwidth period (or the rest of a lease) of a group with a lease.
struct AccountWindow {
  TimePoint began;  ///< epoch: none is open
  TimePoint last;   ///< of the last reading in it
  nanoseconds usage_began{0}, usage_last{0};
  nanoseconds dry_after{0};  ///< wall time after which its own quota would have been used up; 0: not yet
};

struct Account {
  std::uint64_t id = 0;          ///< Group::id: a reused slot begins at 0
  nanoseconds lent_cpu{0};       ///< CPU used above its own limit while a lease was out
  nanoseconds stall_avoided{0};  ///< wall time its threads would have stood still, <= one period each
  AccountWindow window;
};

struct Accounts {
  std::vector<Account> by_slot;
  std::vector<Slot> open;  ///< slots with an open window
};

/// After make_plan. Costs as much as there are leases.
/// Source of the formulas: a period's own quota is used up after `quota / rate` of it, rate being the one at which it
/// was used; the rest of the period its threads would have stood still.
void advance_accounts(const Snapshot& snapshot, const PlanState& plans, Accounts& accounts);

}  // namespace headroom
