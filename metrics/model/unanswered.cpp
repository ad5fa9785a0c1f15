// A limit that its owner asked for in vain, because something of ours was in the way: kubelet tries a pod's once (KERNEL 19),
// systemd a unit's, and both take it for done. What pod's spec or unit's properties say is then put in force by us.
#include <algorithm>

#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

constexpr nanoseconds kOurDoing = seconds{1};   // after our last write: who was refused was perhaps faster than our return
constexpr nanoseconds kNoLease = seconds{1};    // time for a source to be asked; nothing new is in the way meanwhile
constexpr nanoseconds kPatience = minutes{5};   // for the source that knows the spec

/// A unit's as systemd says it. A pod's in the unit of the group's own period, which kubelet chooses for all of its pods.
/// Formula: kubelet's, MilliCPUToQuota; it never writes less than 1 ms.
std::optional<FiniteLimit> wanted_by_owner(const ModelState::Impl& m, Slot slot) {
  const auto& wanted = m.places[slot].owners_limit;
  const auto& base = m.groups[slot].own.base;
  if (!wanted || !base || !base->quota) return std::nullopt;
  if (!m.places[slot].pod_kind) return wanted;
  return FiniteLimit{std::max(microseconds{1000}, wanted->quota * base->period.count() / wanted->period.count()), base->period};
}

}  // namespace

void compare_with_spec(ModelState::Impl& m, Slot pod) {
  const auto spec = wanted_by_owner(m, pod);
  if (spec && m.groups[pod].own.certain && spec == finite(*m.groups[pod].own.base)) m.own[pod].spec_agreed = true;
}

void note_written(ModelState::Impl& m, Slot slot, const Bandwidth& in_force, TimePoint at) {
  m.own[slot].wrote_at = at;
  Ownership& own = m.groups[slot].own;
  if (!own.put_right || finite(in_force) != own.put_right) return;
  own.base->quota = own.put_right->quota;
  own.base->period = own.put_right->period;
  note_base(m, slot);
}

/// A pod's spec is known all the time, and believed where it once was what the file said; a unit's owner is asked now.
void note_unanswered(ModelState::Impl& m, Slot slot, TimePoint at) {
  const Slot pod = m.places[slot].pod;
  if (pod != kNone && pod != slot) return;   // a container's is tried until it goes through
  OwnMemory& memory = m.own[slot];
  Ownership& own = m.groups[slot].own;
  const bool ours = own.in_force != own.base || (memory.wrote_at != TimePoint{} && at - memory.wrote_at < kOurDoing);
  if ((pod == slot && !memory.spec_agreed) || !ours) return;
  memory.unanswered_at = at;
  if (std::find(m.unanswered.begin(), m.unanswered.end(), slot) == m.unanswered.end()) m.unanswered.push_back(slot);
  own.no_lease_until = std::max(own.no_lease_until, at + kNoLease);
  if (pod != slot) return;
  for (Slot c = m.places[pod].first_child; c != kNone; c = m.places[c].next_sibling)
    m.groups[c].own.no_lease_until = std::max(m.groups[c].own.no_lease_until, at + kNoLease);
}

void note_base(ModelState::Impl& m, Slot slot) {
  const Slot pod = m.places[slot].pod;
  if (pod == kNone || pod == slot) {
    m.groups[slot].own.put_right.reset();
    std::erase(m.unanswered, slot);
  }
  if (pod != kNone) note_least(m, pod);
}

void note_least(ModelState::Impl& m, Slot pod) {
  Ownership& own = m.groups[pod].own;
  own.least.reset();
  if (!own.base || !own.base->quota) return;
  for (Slot c = m.places[pod].first_child; c != kNone; c = m.places[c].next_sibling) {
    const auto& base = m.groups[c].own.base;
    if (!base || !base->quota) continue;
    const microseconds needs{(base->quota->count() * own.base->period.count() + base->period.count() - 1) / base->period.count()};
    if (needs > own.least.value_or(*own.base->quota)) own.least = needs;
  }
}

void answer(ModelState::Impl& m, TimePoint now) {
  std::erase_if(m.unanswered, [&](Slot slot) {
    Ownership& own = m.groups[slot].own;
    const auto wanted = wanted_by_owner(m, slot);
    if (wanted && wanted != finite(*own.base)) {
      own.put_right = wanted;
      m.touch(slot);
      return false;
    }
    own.put_right.reset();
    return now - m.own[slot].unanswered_at >= kPatience;
  });
}

}  // namespace headroom::model
