// Lowered weights of the `headroom` policy (POLICY.md: "Weights are a tree").
#include <algorithm>

#include "policies/lending.hpp"

namespace headroom {
namespace {

/// The levels at which this container competes, with the neighbour of each.
std::span<const Level> levels_of(const Snapshot& snap, Borrower& b, Slot slot) {
  if (b.levels_at == TimePoint{} || snap.at - b.levels_at > seconds{1}) {
    b.levels = competing_levels(snap, slot);
    b.levels_at = snap.at;
  }
  return b.levels;
}

void lower(std::span<const Level> levels, const HeadroomParams& p, std::vector<Slot>& now, Desired& out) {
  for (const Level& level : levels) {
    if (std::find(now.begin(), now.end(), level.slot) != now.end()) continue;
    now.push_back(level.slot);
    out.weights.push_back({level.slot, p.weight_eighths, Reason{}});
    out.weights.back().why.because = Because::weight_lowered;
    out.weights.back().why.neighbour = level.neighbour;
  }
}

/// A borrower that wants CPU and gets less than its request has its weight back for a second.
bool is_starved(const Snapshot& snap, Borrower& b, const Lease& lease) {
  const GroupState& g = snap.groups[lease.slot];
  const MilliCpu request = g.own.base_shares ? request_of(*g.own.base_shares, snap.catalog.v2) : MilliCpu{};
  // Who is starved runs below his limit, so his wish no longer shows in his rate.
  const bool wanted = b.wanted_at == snap.at || (g.use_100ms.value > 0 && crowded(snap, lease.slot));
  if (wanted && g.use_100ms < std::min(request, own_limit(g)) && snap.at - lease.since > milliseconds{200})
    b.keep_weight_until = snap.at + seconds{1};
  return snap.at < b.keep_weight_until;
}

}  // namespace

void weigh(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out) {
  const bool contended = s.contended_at != TimePoint{} && snap.at - s.contended_at < seconds{1};
  const auto may_lower = [&](Slot slot) {
    const Group* group = snap.catalog.find(slot);
    return group != nullptr && p.weight_eighths < 8 && snap.catalog.rule_of(*group).weight != WeightRule::keep;
  };
  std::vector<Slot> now;
  for (const Lease& lease : s.leases) {
    Borrower& b = s.borrowers[lease.slot];
    if (!may_lower(lease.slot)) continue;
    if (!contended && snap.catalog.rule_of(*snap.catalog.find(lease.slot)).weight == WeightRule::automatic) continue;
    const auto levels = levels_of(snap, b, lease.slot);
    if (!is_starved(snap, b, lease)) lower(levels, p, now, out);
  }
  const bool open = closed(snap, p) == Because::none;
  std::erase_if(s.parted, [&](Slot slot) { return !open || snap.at >= s.borrowers[slot].parted_until; });
  for (const Slot slot : s.parted)
    if (may_lower(slot)) lower(levels_of(snap, s.borrowers[slot], slot), p, now, out);
  for (const Slot slot : s.lowered) {
    if (std::find(now.begin(), now.end(), slot) != now.end()) continue;
    out.weights.push_back({slot, 8, Reason{}});
    out.weights.back().why.because = Because::weight_back;
  }
  s.lowered = std::move(now);
}

}  // namespace headroom
