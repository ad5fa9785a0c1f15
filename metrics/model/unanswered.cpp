// A pod's limit that its owner asked for in vain, because something of ours was in the way: kubelet tries that once (KERNEL 19).
// What its spec says is then put in force by us.
#include <algorithm>

#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

constexpr nanoseconds kOurDoing = seconds{1};   // after our last write: who was refused was perhaps faster than our return
constexpr nanoseconds kNoLease = seconds{1};    // time for a source to be asked; nothing new is in the way meanwhile
constexpr nanoseconds kPatience = minutes{5};   // for the source that knows the spec

/// In the unit of the pod's own period. Formula: kubelet's, MilliCPUToQuota; it never writes less than 1 ms.
std::optional<microseconds> spec_of(const ModelState::Impl& m, Slot pod) {
  const auto& spec = m.places[pod].spec_quota;
  const auto& base = m.groups[pod].own.base;
  if (!spec || !base || !base->quota) return std::nullopt;
  return std::max(microseconds{1000}, microseconds{spec->count() * base->period.count() / 100'000});
}

}  // namespace

void compare_with_spec(ModelState::Impl& m, Slot pod) {
  const auto spec = spec_of(m, pod);
  if (spec && m.groups[pod].own.certain && spec == m.groups[pod].own.base->quota) m.own[pod].spec_agreed = true;
}

void note_written(ModelState::Impl& m, Slot slot, const Bandwidth& in_force, TimePoint at) {
  if (!m.places[slot].pod_kind) return;
  m.own[slot].wrote_at = at;
  Ownership& own = m.groups[slot].own;
  if (!own.put_right || in_force.quota != own.put_right) return;
  own.base->quota = own.put_right;
  note_base(m, slot);
}

void note_unanswered(ModelState::Impl& m, Slot pod, TimePoint at) {
  OwnMemory& memory = m.own[pod];
  Ownership& own = m.groups[pod].own;
  const bool ours = own.in_force != own.base || (memory.wrote_at != TimePoint{} && at - memory.wrote_at < kOurDoing);
  if (!memory.spec_agreed || !ours) return;
  memory.unanswered_at = at;
  if (std::find(m.unanswered.begin(), m.unanswered.end(), pod) == m.unanswered.end()) m.unanswered.push_back(pod);
  for (Slot c = m.places[pod].first_child; c != kNone; c = m.places[c].next_sibling)
    m.groups[c].own.no_lease_until = std::max(m.groups[c].own.no_lease_until, at + kNoLease);
}

void note_base(ModelState::Impl& m, Slot slot) {
  const Slot pod = m.places[slot].pod;
  if (pod == kNone) return;
  if (pod == slot) {
    m.groups[pod].own.put_right.reset();
    std::erase(m.unanswered, pod);
  }
  note_least(m, pod);
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
  std::erase_if(m.unanswered, [&](Slot pod) {
    Ownership& own = m.groups[pod].own;
    const auto spec = spec_of(m, pod);
    if (spec && spec != own.base->quota) {
      own.put_right = spec;
      m.touch(pod);
      return false;
    }
    own.put_right.reset();
    return now - m.own[pod].unanswered_at >= kPatience;
  });
}

}  // namespace headroom::model
