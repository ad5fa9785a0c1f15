// A lease is held over gaps, but not against those whose CPUs it is made of.
#include <algorithm>

#include "policies/lending.hpp"

namespace headroom {

void release_held(const Snapshot& snap, LendingState& s, Desired& out) {
  const auto claims = [&](const Lease& lease) {
    return std::any_of(s.claims.begin(), s.claims.end(), [&](const Claim& c) { return c.slot == lease.slot; });
  };
  if (std::all_of(s.leases.begin(), s.leases.end(), claims)) return;
  const MilliCpu free = lendable(snap, ~CpuSet{}, {});   // whoever claims now is served beside those who pause
  for (std::size_t i = s.leases.size(); i-- > 0;) {
    const Lease& lease = s.leases[i];
    if (claims(lease) || lease.cores - own_limit(snap.groups[lease.slot]) <= free) continue;
    end_lease(snap, s, out, i, Because::shrink_share, most_awake(snap));
  }
}

}  // namespace headroom
