// Whose value a file holds: learned from readings, our own outcomes and what inotify says (KERNEL 3, 17, 19).
#include <algorithm>
#include <utility>

#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

constexpr nanoseconds kAgreeing = milliseconds{5};  // KERNEL 17
constexpr nanoseconds kOneWriter = seconds{2};      // writes to one group within it count once
constexpr nanoseconds kTwice = seconds{60};
constexpr nanoseconds kHandsOff = minutes{10};
constexpr nanoseconds kEndedOutside = seconds{1};

/// Everything of ours in the slot's pod goes in this tick.
void drop_pod(ModelState::Impl& m, Slot slot) {
  const Slot pod = m.places[slot].pod;
  const auto drop = [&m](Slot s) {
    m.groups[s].own.drop = true;
    m.flagged.push_back(s);
    m.touch(s);
  };
  drop(slot);
  if (pod == kNone) return;
  if (pod != slot) drop(pod);
  for (Slot c = m.places[pod].first_child; c != kNone; c = m.places[c].next_sibling)
    if (c != slot) drop(c);
}

/// Counts a foreign write; two of them within a minute mean hands off. What systemd repeats at a reload is none.
void strike(OwnMemory& memory, Ownership& own, TimePoint at) {
  if (memory.reload) return;
  if (memory.struck && at - memory.strike_at < kOneWriter) return;
  ++own.foreign_writes;
  if (memory.struck && at - memory.strike_at <= kTwice) own.hands_off_until = at + kHandsOff;
  memory.struck = true;
  memory.strike_at = at;
}

/// What the owner means, given files that hold `seen` where `ours` was: what he left alone is still as he had it. His new value
/// may happen to be ours: then only the event tells that it is his (a resize to what a lease has reached already).
Bandwidth owners(const Bandwidth& seen, const Ownership& own, const OwnMemory& memory) {
  const Bandwidth &ours = *own.in_force, &base = *own.base;
  return {seen.quota == ours.quota && !memory.said_quota ? base.quota : seen.quota,
          seen.period == ours.period ? base.period : seen.period,
          seen.burst == ours.burst && !memory.said_burst ? base.burst : seen.burst};
}

/// Without a container whose base is known nothing of ours can be in the pod, and kubelet is still setting it up.
bool in_use(const ModelState::Impl& m, Slot slot) {
  if (!m.places[slot].pod_kind) return true;
  for (Slot c = m.places[slot].first_child; c != kNone; c = m.places[c].next_sibling)
    if (m.groups[c].own.certain) return true;
  return false;
}

void become_certain(ModelState::Impl& m, Slot slot, TimePoint at) {
  Ownership& own = m.groups[slot].own;
  if (m.places[slot].pod_kind || own.certain || !own.base->quota) return;
  own.certain = true;
  own.certain_since = at;
  m.touch(slot);
}

void foreign_bandwidth(ModelState::Impl& m, Slot slot, TimePoint at, const Bandwidth& seen) {
  OwnMemory& memory = m.own[slot];
  Ownership& own = m.groups[slot].own;
  const Bandwidth base = owners(seen, own, memory);
  own.in_force = seen;
  drop_pod(m, slot);
  strike(memory, own, at);
  if (base == *own.base) {
    if (memory.reload) return;
    own.no_lease_until = at + kEndedOutside;
    if (!m.places[slot].pod_kind) return;
    for (Slot c = m.places[slot].first_child; c != kNone; c = m.places[c].next_sibling)
      m.groups[c].own.no_lease_until = at + kEndedOutside;
    return;
  }
  own.base = base;
  note_base(m, slot);
  memory.candidate_at = at;
  memory.agreed = memory.changed;  // the event and the reading are two witnesses
  own.certain = memory.changed && (base.quota || m.places[slot].pod_kind);
  if (own.certain) own.certain_since = at;
}

void take_bandwidth(ModelState::Impl& m, Slot slot, TimePoint at, const Bandwidth& seen) {
  OwnMemory& memory = m.own[slot];
  Ownership& own = m.groups[slot].own;
  const bool somebody = own.base && (seen != *own.in_force || owners(seen, own, memory) != *own.base);
  if (!own.base) {   // not `in_force`: an outcome may come before the first reading
    own.in_force = own.base = seen;
    memory.candidate_at = at;
  } else if (somebody && own.certain && in_use(m, slot)) {
    foreign_bandwidth(m, slot, at, seen);
  } else if (somebody) {
    own.certain = false;
    own.base = owners(seen, own, memory);
    own.in_force = seen;
    note_base(m, slot);
    memory.candidate_at = at;
    memory.agreed = false;
  } else if (!memory.agreed && at - memory.candidate_at >= kAgreeing) {
    memory.agreed = true;
  }
  if (memory.agreed) become_certain(m, slot, at);
  memory.changed = memory.said_quota = memory.said_burst = false;
}

void take_shares(ModelState::Impl& m, Slot slot, TimePoint at, Shares seen) {
  OwnMemory& memory = m.own[slot];
  Ownership& own = m.groups[slot].own;
  const bool said = std::exchange(memory.said_shares, false);
  const bool ours = own.shares_in_force == seen && (!said || seen == own.base_shares);
  if (!own.base_shares) {
    if (memory.shares_candidate == seen && at - memory.shares_candidate_at >= kAgreeing) own.base_shares = seen;
    if (memory.shares_candidate != seen) memory.shares_candidate_at = at;
    memory.shares_candidate = seen;
  } else if (!ours) {
    // Until the limits are certain the runtime is still setting the group up: shares 14 ms after the attach (KERNEL 17).
    if (own.certain) {
      drop_pod(m, slot);
      strike(memory, own, at);
    }
    if (seen != *own.base_shares) own.base_shares = seen;
  }
  own.shares_in_force = seen;
}

void refused(ModelState::Impl& m, const FileEvent& event) {
  OwnMemory& memory = m.own[event.slot];
  Ownership& own = m.groups[event.slot].own;
  if (!memory.refused || event.at - memory.refused_at > kTwice) strike(memory, own, event.at);
  memory.refused = true;
  memory.refused_at = event.at;
  own.no_burst_until = event.at + kHandsOff;
  const Slot pod = m.places[event.slot].pod;
  if (pod != kNone) m.groups[pod].own.no_burst_until = event.at + kHandsOff;
  note_unanswered(m, event.slot, event.at);
  drop_pod(m, event.slot);
}

/// Kernel burst is no lease: it stands all the time.
bool lent(const Ownership& own) {
  if (!own.base || !own.in_force || !own.base->quota) return false;
  return !own.in_force->quota || *own.in_force->quota > *own.base->quota;
}

}  // namespace

void take_outcome(ModelState::Impl& m, const Outcome& outcome) {
  if (outcome.slot >= m.groups.size() || m.groups[outcome.slot].id != outcome.group_id || outcome.group_id == 0) return;
  m.touch(outcome.slot);
  if (outcome.error) return;
  OwnMemory& memory = m.own[outcome.slot];
  Ownership& own = m.groups[outcome.slot].own;
  if (outcome.kind == WriteKind::refill) {
    memory.refilled_at = outcome.at;
  } else if (const auto* bandwidth = std::get_if<Bandwidth>(&outcome.to)) {
    own.in_force = *bandwidth;
    note_written(m, outcome.slot, *bandwidth, outcome.at);
  } else {
    own.shares_in_force = std::get<Shares>(outcome.to);
  }
  if (!memory.leased && (outcome.kind == WriteKind::refill || lent(own))) {
    memory.leased = true;
    m.leased.push_back(outcome.slot);
  }
}

void take_event(ModelState::Impl& m, const FileEvent& event) {
  if (event.slot >= m.groups.size() || m.groups[event.slot].id != event.group_id || event.group_id == 0) return;
  m.touch(event.slot);
  OwnMemory& memory = m.own[event.slot];
  Ownership& own = m.groups[event.slot].own;
  memory.reload |= event.reload;
  switch (event.what) {
    case FileEvent::What::refused:
      return refused(m, event);
    case FileEvent::What::overtaken:
      own.overtaken = true;
      if (!event.reload) own.hands_off_until = event.at + kHandsOff;
      strike(memory, own, event.at);
      note_unanswered(m, event.slot, event.at);
      return drop_pod(m, event.slot);
    case FileEvent::What::changed:
      memory.refused = false;
      memory.changed |= event.file != FileEvent::File::shares;
      memory.said_quota |= event.file == FileEvent::File::bandwidth;
      memory.said_burst |= event.file == FileEvent::File::burst;
      memory.said_shares |= event.file == FileEvent::File::shares;
      if (own.certain && (event.file == FileEvent::File::shares || in_use(m, event.slot))) drop_pod(m, event.slot);
      return;
  }
}

void take_settings(ModelState::Impl& m, const Reading& reading) {
  m.touch(reading.slot);
  if (reading.bandwidth) take_bandwidth(m, reading.slot, reading.at, *reading.bandwidth);
  if (reading.shares) take_shares(m, reading.slot, reading.at, *reading.shares);
  if (reading.bandwidth || reading.shares) m.own[reading.slot].reload = false;
}

void settle_pod(ModelState::Impl& m, Slot pod, TimePoint at) {
  Ownership& own = m.groups[pod].own;
  if (own.certain || !m.own[pod].agreed) return;
  bool any = false, one_certain = false;
  for (Slot c = m.places[pod].first_child; c != kNone; c = m.places[c].next_sibling) {
    if (!m.places[c].container_kind || m.places[c].infra) continue;
    any = true;
    one_certain = one_certain || m.groups[c].own.certain;
  }
  if (any && !one_certain) return;
  own.certain = true;
  own.certain_since = at;
  compare_with_spec(m, pod);
  m.touch(pod);
}

void note_leases(ModelState::Impl& m, TimePoint now) {
  std::erase_if(m.leased, [&](Slot slot) {
    if (slot >= m.groups.size() || m.groups[slot].id == 0) return true;
    OwnMemory& memory = m.own[slot];
    const bool hidden = memory.refilled_at != TimePoint{} && now - memory.refilled_at <= kEndedOutside;
    if (hidden || lent(m.groups[slot].own)) {
      memory.leased_at = now;
      return false;
    }
    memory.leased = false;
    return true;
  });
  if (m.leased.empty()) return;
  m.last_lease_at = now;
  m.ever_leased = true;
}

}  // namespace headroom::model

namespace headroom {

void forget_what_is_ours(ModelState& state) {
  ModelState::Impl& m = *state.impl;
  for (GroupState& g : m.groups) {
    g.own.in_force = g.own.base;
    g.own.shares_in_force = g.own.base_shares;
  }
  for (model::OwnMemory& memory : m.own) memory.leased = false;
  m.leased.clear();
  m.over.clear();
  m.ever_leased = false;
}

}  // namespace headroom
