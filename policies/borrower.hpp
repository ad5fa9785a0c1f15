// What the `headroom` policy remembers of one container that may borrow: its account, its wish, its lease.
#pragma once

#include <optional>

#include "policies/policy.hpp"
#include "policies/weights.hpp"

namespace headroom {

/// Parameters of the `headroom` policy; ranges and defaults are in its docs() table.
struct HeadroomParams {
  milliseconds hold{1000};          ///< a lease outlives the last wish by this
  int early_percent = 10;           ///< of the quota used before a forecast counts
  int burst_percent = 50;           ///< kernel burst, of the base quota; 0: none
  milliseconds punctuality{30};     ///< worst lateness of the last second beyond which nothing stays lent
  int harm_window_permille = 500;   ///< harm in one 100 ms window that ends leases at once
  milliseconds harm_backoff{2000};  ///< no lease to a borrower revoked for harm
  milliseconds start_pause{60'000}; ///< at most one start lease per pod in this time
  MilliCpu least{50};               ///< a smaller grant above the limit is none
  int weight_eighths = 1;           ///< of its own weight while it is lowered; 8: never lowered
};

struct Borrower {
  std::uint64_t id = 0;             ///< Group::id; 0: not seen
  nanoseconds credit{0};
  nanoseconds usage{0};             ///< at the last charge
  TimePoint charged_at;
  TimePoint considered_at, claimed_at;  ///< last tick in which a claim was thought of, and made
  TimePoint wanted_at;              ///< last time it wanted more than its limit
  TimePoint rested_at;              ///< last time that a second's use was below nine tenths of its limit
  TimePoint not_before;             ///< no lease before,
  Because not_before_why = Because::none;  ///< and why
  TimePoint harmed_until;           ///< end of the last backoff for harm,
  int harm_strikes = 0;             ///< and how many have followed each other
  bool account = false;             ///< it has one: its class has lent to it
  bool start_tried = false;
  int margin_percent = 50;          ///< asked beyond its use; grows when shrinking stalled it (rollback)
  TimePoint shrunk_at;
  MilliCpu wished, wished_lately;   ///< what it asks for, and the most that it wished since wished_at
  TimePoint wished_at;
  std::vector<Level> levels;        ///< where its weight may be lowered, as of levels_at
  TimePoint levels_at;
  TimePoint keep_weight_until;      ///< it got less than its request
  TimePoint parted_until;           ///< it gave way to who woke, and the write that took its lease refilled its quota
  std::uint32_t lease = 0;          ///< index + 1 into the policy's leases; 0: none
  ShareTerms share;                 ///< of its last claim
};

/// Charges the account for the time since the last reading: earns 1:1 below the limit, pays 1:1 above it.
/// @param limit  of its owner
void charge(Borrower& b, const GroupState& g, MilliCpu limit, nanoseconds cap);

/// The account pays for a refilling write with what it may give away: one quota (KERNEL 1).
void charge_write(Borrower& b, const Bandwidth& base);

/// Whether the quota in its owner's words will not last the present period at the present rate, or it is stalled now.
bool wants_more(const GroupState& g, const HeadroomParams& p, MilliCpu limit);

/// What it would use in all if nothing held it: everything up to the ceiling at first, then its use with a margin.
/// @param granted  what it has now in all; 0: no lease
/// @param ceiling  min(upTo of its class, CPUs it may use)
MilliCpu wish(const Borrower& b, const GroupState& g, MilliCpu granted, MilliCpu ceiling);

/// What it asks for: a wish that is a little smaller (more than half) counts when it has been so for a second, because
/// every change of a limit is two writes, each of which fills a pool (KERNEL 1). One that is much smaller counts when it has been
/// so for the 100 ms that its use is taken over: use from before the limit went up says nothing of what is used under it.
MilliCpu steady(Borrower& b, MilliCpu wish, TimePoint now);

/// CPU request behind a weight. v1: shares x 1000 / 1024 (kubelet). v2: by the linear formula (KEP-2254) first; the
/// smaller of the two formulas' answers, because a request guessed too high would give the weight back too early.
MilliCpu request_of(Shares weight, bool v2);

}  // namespace headroom
