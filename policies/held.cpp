// A lease is held over gaps, but not against those whose CPUs it is made of.
#include <algorithm>

#include "policies/lending.hpp"

namespace headroom {

void give_way(const Snapshot& snap, LendingState& s, Desired& out, std::size_t index) {
  constexpr milliseconds kAwake{1000}, kNoShare{100};  // each opening gives a quota away: not again at the next tick
  if (!s.awake) s.awake = most_awake(snap);   // a walk over all groups, and many may give way in one tick
  const Slot neighbour = *s.awake;
  const bool woken = neighbour != kNoSlot && has_woken(snap.groups[neighbour]);
  Borrower& b = s.borrowers[s.leases[index].slot];
  b.not_before = snap.at + (woken ? kAwake : kNoShare);
  b.not_before_why = Because::refuse_no_lendable;
  if (woken) {
    const Slot slot = s.leases[index].slot;
    b.parted_until = snap.at + snap.groups[slot].own.base->period;
    b.levels_at = {};   // of before the neighbour woke
    if (std::find(s.parted.begin(), s.parted.end(), slot) == s.parted.end()) s.parted.push_back(slot);
  }
  end_lease(snap, s, out, index, Because::shrink_share, neighbour);
}

void release_held(const Snapshot& snap, LendingState& s, Desired& out) {
  const auto claims = [&](const Lease& lease) { return s.borrowers[lease.slot].claimed_at == snap.at; };
  if (std::all_of(s.leases.begin(), s.leases.end(), claims)) return;
  const MilliCpu free = lendable(snap, ~CpuSet{}, {});   // whoever claims now is served beside those who pause
  for (std::size_t i = s.leases.size(); i-- > 0;) {
    const Lease& lease = s.leases[i];
    if (claims(lease) || lease.cores - own_limit(snap.groups[lease.slot]) <= free) continue;
    give_way(snap, s, out, i);
  }
}

}  // namespace headroom
