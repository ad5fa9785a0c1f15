// Lowered weights of the `headroom` policy (POLICY.md: "Weights are a tree").
#include <algorithm>

#include "policies/lending.hpp"

namespace headroom {

void weigh(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out) {
  const bool contended = s.contended_at != TimePoint{} && snap.at - s.contended_at < seconds{1};
  std::vector<Slot> now;
  for (const Lease& lease : s.leases) {
    Borrower& b = s.borrowers[lease.slot];
    const GroupState& g = snap.groups[lease.slot];
    const WeightRule rule = snap.catalog.rule_of(*snap.catalog.find(lease.slot)).weight;
    if (rule == WeightRule::keep || p.weight_eighths >= 8 || (rule == WeightRule::automatic && !contended)) continue;
    if (b.levels_at == TimePoint{} || snap.at - b.levels_at > seconds{1}) {
      b.levels = competing_levels(snap, lease.slot);
      b.levels_at = snap.at;
    }
    const MilliCpu request = g.own.base_shares ? request_of(*g.own.base_shares, snap.catalog.v2) : MilliCpu{};
    // Who is starved runs below his limit, so his wish no longer shows in his rate.
    const bool wanted = b.wanted_at == snap.at || (g.use_100ms.value > 0 && crowded(snap, lease.slot));
    if (wanted && g.use_100ms < std::min(request, own_limit(g)) && snap.at - lease.since > milliseconds{200})
      b.keep_weight_until = snap.at + seconds{1};
    if (snap.at < b.keep_weight_until) continue;
    for (const Level& level : b.levels) {
      if (std::find(now.begin(), now.end(), level.slot) != now.end()) continue;
      now.push_back(level.slot);
      out.weights.push_back({level.slot, p.weight_eighths, Reason{}});
      out.weights.back().why.because = Because::weight_lowered;
      out.weights.back().why.neighbour = level.neighbour;
    }
  }
  for (const Slot slot : s.lowered) {
    if (std::find(now.begin(), now.end(), slot) != now.end()) continue;
    out.weights.push_back({slot, 8, Reason{}});
    out.weights.back().why.because = Because::weight_back;
  }
  s.lowered = std::move(now);
}

}  // namespace headroom
