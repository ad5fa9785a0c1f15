// How many CPUs may be lent now, per set of CPUs (POLICY.md: "The lendable amount is computed").
#pragma once

#include <span>

#include "metrics/model/snapshot.hpp"

namespace headroom {

/// A container that wants to borrow, and what it may use without borrowing.
struct Claim {
  Slot slot = kNoSlot;
  MilliCpu asked;        ///< above its own limit
  int weight = 1;        ///< in the sharing, >= 1
  int order = 0;         ///< class order; lower is served first
  MilliCpu granted;      ///< filled by share()
  MilliCpu lent{};       ///< what it has above its own limit already, by a lease of ours
};

/// What lendable() is made of: stolen ? 0 : min(free, max(0, target - expected - siblings - claimed)).
struct LendableTerms {
  MilliCpu target;                ///< CPUs x target
  MilliCpu expected;              ///< what everybody is expected to use, up to his limit
  MilliCpu siblings;              ///< with SMT: what the siblings of those CPUs are short of
  MilliCpu claimed;               ///< what the claimants' limits come to beyond that
  bool stolen = false;            ///< steal above node.steal: nothing is lent
  std::optional<MilliCpu> free;   ///< what its CPUs have free; nullopt: it may use all of them
  MilliCpu lendable;
};
LendableTerms lendable_terms(const Snapshot& snapshot, const CpuSet& cpus, std::span<const Claim> claims);

/// What a claimant counts for beyond what it is expected to use: together its whole limit.
MilliCpu claim_surplus(const Snapshot& snapshot, const Claim& claim);

/// CPUs x target - for each protected neighbour max(use now, p90 of its last 10 s, at most its limit; while it wakes its
/// limit, or twice its use where it has none)
/// - for each container that may borrow: its use now if idle, its limit if it is claiming. Never negative. With SMT the
/// siblings of the CPUs that others are expected to use count 0.4.
/// @param cpus  the set the claimant may use; empty: only what every CPU has free counts
MilliCpu lendable(const Snapshot& snapshot, const CpuSet& cpus, std::span<const Claim> claims);

/// Whether its use has risen by a tenth of a CPU above the 90th percentile of its last 10 s, which is kept free for it.
bool has_woken(const GroupState& group);

/// The protected group whose use has risen most above what was kept free for it, by which others lose their shares;
/// kNoSlot: none has.
Slot most_awake(const Snapshot& snapshot);

/// Weighted max-min (water filling) of `amount` in class order. Sum of granted <= amount.
void share(MilliCpu amount, std::span<Claim> claims);

}  // namespace headroom
