#include "policies/weights.hpp"

#include <algorithm>

namespace headroom {
namespace {

bool below(const Catalog& catalog, Slot slot, Slot top) {
  for (; slot != kNoSlot; slot = catalog.find(slot) ? catalog.find(slot)->parent : kNoSlot)
    if (slot == top) return true;
  return false;
}

/// The child of the lowest common ancestor on `a`'s path; kNoSlot if one contains the other.
Slot branch(const Catalog& catalog, Slot a, Slot b) {
  Slot last = kNoSlot;
  for (Slot s = a; s != kNoSlot; s = catalog.find(s) ? catalog.find(s)->parent : kNoSlot) {
    if (below(catalog, b, s)) return last;
    last = s;
  }
  return kNoSlot;
}

bool is_workload(const Group& g) {
  return g.identity.kind == GroupKind::container || g.identity.kind == GroupKind::scope ||
         (g.identity.kind == GroupKind::other && g.rule != 0) || (g.identity.kind == GroupKind::slice && g.rule != 0);
}

bool ours_to_weigh(const Group& g) {
  switch (g.identity.kind) {
    case GroupKind::container:
    case GroupKind::pod:
    case GroupKind::scope:
      return true;
    case GroupKind::other:
      return g.rule != 0;   // a plain group that a rule names
    case GroupKind::inner:
    case GroupKind::qos:
    case GroupKind::helper:
    case GroupKind::sandbox_stub:
    case GroupKind::slice:
      return false;
  }
  return false;
}

}  // namespace

bool only_borrowers(const Snapshot& snapshot, Slot top) {
  for (const auto& group : snapshot.catalog.groups) {
    if (!group || group->infrastructure || !is_workload(*group)) continue;
    if (!below(snapshot.catalog, static_cast<Slot>(&group - snapshot.catalog.groups.data()), top)) continue;
    if (!snapshot.catalog.rule_of(*group).borrow) return false;
  }
  return true;
}

std::vector<Level> competing_levels(const Snapshot& snapshot, Slot borrower) {
  constexpr MilliCpu kBusy{5};
  std::vector<Level> levels;
  for (Slot n = 0; n < snapshot.groups.size(); ++n) {
    if (snapshot.groups[n].use_1s < kBusy) continue;   // most of them: of all groups only this is read
    const Group* neighbour = snapshot.catalog.find(n);
    if (neighbour == nullptr || neighbour->infrastructure || !is_workload(*neighbour)) continue;
    if (!is_protected(snapshot.catalog.rule_of(*neighbour).qos)) continue;
    const Slot level = branch(snapshot.catalog, borrower, n);
    if (level == kNoSlot || !ours_to_weigh(*snapshot.catalog.find(level))) continue;
    const bool known = std::any_of(levels.begin(), levels.end(), [&](const Level& l) { return l.slot == level; });
    if (!known && only_borrowers(snapshot, level)) levels.push_back({level, n});
  }
  return levels;
}

bool crowded(const Snapshot& snapshot, Slot slot) {
  constexpr std::int64_t kFull = 900;  // mCPU of a CPU
  const NodeView& node = snapshot.node;
  const CpuSet& cpus = snapshot.catalog.find(slot)->cpus;
  const bool everywhere = cpus.none() || cpus.count() >= static_cast<std::size_t>(node.cpus);
  if (everywhere || node.cpu_busy.empty()) return node.use_now.value >= kFull * node.cpus;
  for (std::size_t i = 0; i < node.cpu_busy.size() && i < kMaxCpus; ++i)
    if (cpus.test(i) && node.cpu_busy[i].value < kFull) return false;
  return true;
}

}  // namespace headroom
