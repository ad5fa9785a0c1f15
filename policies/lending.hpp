// The state of the `headroom` policy and the acts on it: meet, charge, claim, share, open, end.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/model/lendable.hpp"
#include "policies/borrower.hpp"

namespace headroom {

struct LendingState {
  std::vector<Borrower> borrowers;              ///< by slot
  std::vector<Lease> leases;
  std::map<std::string, TimePoint> starts;      ///< pod or path -> its last start lease
  std::map<std::string, nanoseconds> restored;  ///< credit from before a restart
  std::vector<std::pair<std::string, Slot>> accounts;
  std::vector<Slot> lowered;                    ///< groups whose weight is lowered
  std::vector<Slot> parted;                     ///< who gave way to who woke, until parted_until
  TimePoint contended_at;                       ///< last tick at which claims exceeded what is lendable
  std::vector<Claim> claims;                    ///< scratch
  std::optional<Slot> awake;                    ///< scratch: most_awake() of this tick, once somebody has to give way
};

/// Why nothing may be lent at all now; none: it may.
Because closed(const Snapshot& snap, const HeadroomParams& p);

/// Why this container is lent nothing whatever it wants; none: it may borrow.
Because barred(const Snapshot& snap, Slot slot, const Borrower& b);

/// min(upTo of its class, CPUs it may use); of who may not borrow: as if he might.
MilliCpu ceiling_of(const Snapshot& snap, const Group& g);

/// Whether it is in the first seconds of its life and its pod has had no start lease lately.
bool may_start(const Snapshot& snap, const HeadroomParams& p, const LendingState& s, const Group& group, const Borrower& b);

/// What keeps it from a lease, in the order in which decide() asks; none: nothing. After decide().
Because first_rule(const Snapshot& snap, const HeadroomParams& p, const LendingState& s, Slot slot);

/// What is behind the treatment of a container. After decide().
Terms terms_of(const Snapshot& snap, const HeadroomParams& p, const LendingState& s, Slot slot);

/// The owner's limit; only for a group with a finite base.
MilliCpu own_limit(const GroupState& g);

/// First sight of a slot's group (its account starts full, or as it was before a restart), then its charges.
void meet(const Snapshot& snap, LendingState& s, Slot slot);

/// Ends lease `index`: an explicit way back to base in `out`.
void end_lease(const Snapshot& snap, LendingState& s, Desired& out, std::size_t index, Because because,
               Slot neighbour = kNoSlot);
void end_all(const Snapshot& snap, LendingState& s, Desired& out, Because because);

/// Ends leases whose group is gone, changed owner, is out of credit, or has not wanted its lease for `hold`.
void end_spent(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out);

/// POLICY, rank 1: largest and newest first until what was taken back covers every neighbour that waits.
void revoke_harmful(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out);

/// Adds a claim if the container wants more than its own limit, or is in its first seconds.
void consider(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Slot slot);

/// Shares what is lendable among the claims, per set of CPUs, the smaller set first where sets overlap, the older group
/// first. Orders the claims. @return the terms of each
std::vector<ShareTerms> share_out(const Snapshot& snap, std::vector<Claim>& claims);

/// Shares what is lendable among s.claims.
void serve(const Snapshot& snap, LendingState& s, Desired& out);

/// Ends lease `index` for want of a share, in favour of the neighbour that has risen most; who has woken is given a second
/// before the borrower may ask again, and its weight over the quota that the write of the old limit refills (KERNEL 1).
void give_way(const Snapshot& snap, LendingState& s, Desired& out, std::size_t index);

/// Ends leases that are held though their containers pause, where the CPUs are wanted by those who own them.
void release_held(const Snapshot& snap, LendingState& s, Desired& out);

/// Writes a share into its lease, opening or ending one as need be.
void grant(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out, const Claim& claim);

/// Lowered weights: wanted while claims exceed what is lendable, and for one period after a lease gave way to who woke;
/// explicit way back otherwise.
void weigh(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out);

}  // namespace headroom
