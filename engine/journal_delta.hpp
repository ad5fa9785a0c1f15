// How a tick is told from the one before: one text for both directions. Only engine/journal*.cpp include this.
#pragma once

#include "engine/fields.hpp"
#include "engine/journal.hpp"

namespace headroom::journal {

constexpr std::size_t kMostSlots = 1 << 20;

constexpr std::int64_t raw(nanoseconds v) { return v.count(); }
constexpr std::int64_t raw(std::uint64_t v) { return static_cast<std::int64_t>(v); }
constexpr std::int64_t raw(TimePoint v) { return v.time_since_epoch().count(); }
inline void cook(std::int64_t from, nanoseconds& v) { v = nanoseconds{from}; }
inline void cook(std::int64_t from, std::uint64_t& v) { v = static_cast<std::uint64_t>(from); }
inline void cook(std::int64_t from, TimePoint& v) { v = TimePoint{nanoseconds{from}}; }

/// `now` as its difference from `last`, which becomes `now`.
template <class Archive, class T, class L>
void delta(Archive& a, T& now, L& last) {
  if constexpr (Archive::kReads) cook(wrapped_sum(raw(last), a.difference()), now);
  else a.difference(wrapped_difference(raw(now), raw(last)));
  last = now;
}

template <class Archive, class Optional, class L>
void maybe(Archive& a, unsigned there, Optional& now, L& last) {
  if (there == 0) return;
  if constexpr (Archive::kReads) now.emplace();
  delta(a, *now, last);
}

template <class Archive, class T>
void throttle(Archive& a, T& now, ThrottleCounters& last) {
  auto& [periods, throttled_periods, throttled_time] = now;
  delta(a, periods, last.periods);
  delta(a, throttled_periods, last.throttled_periods);
  delta(a, throttled_time, last.throttled_time);
}

enum Flags : unsigned {
  kUsage = 1, kThrottle = 2, kBandwidth = 4, kSameBandwidth = 8, kShares = 16, kPopulated = 32, kInhabited = 64, kWait = 128
};

inline unsigned flags_of(const Reading& r, const JournalMemory::Last& last) {
  const auto& [slot, at, usage, counters, bandwidth, shares, populated, wait] = r;
  return (usage ? kUsage : 0U) | (counters ? kThrottle : 0U) | (bandwidth ? kBandwidth : 0U) |
         (bandwidth == last.bandwidth ? kSameBandwidth : 0U) | (shares ? kShares : 0U) | (populated ? kPopulated : 0U) |
         (populated.value_or(false) ? kInhabited : 0U) | (wait ? kWait : 0U);
}

/// @param slot  of the reading before; at: of it
template <class Archive, Of<Reading> T>
void reading(Archive& a, T& r, JournalMemory& m, std::int64_t& slot, TimePoint& at) {
  unsigned flags = 0;
  if constexpr (Archive::kReads) {
    slot += a.difference();
    if (slot < 0 || slot >= static_cast<std::int64_t>(kMostSlots)) return a.spoil();
    r.slot = static_cast<Slot>(slot);
  } else {
    a.difference(std::int64_t{r.slot} - slot);
    slot = r.slot;
  }
  if (r.slot >= m.readings.size()) {
    m.readings.resize(r.slot + 1);
    m.usage.resize(r.slot + 1);
  }
  JournalMemory::Last& last = m.readings[r.slot];
  if constexpr (Archive::kReads) flags = a.byte();
  else a.byte(static_cast<std::uint8_t>(flags = flags_of(r, last)));
  delta(a, r.at, at);
  maybe(a, flags & kUsage, r.usage, m.usage[r.slot]);
  maybe(a, flags & kWait, r.wait, last.wait);
  if constexpr (Archive::kReads) {
    if (flags & kThrottle) r.throttle.emplace();
    if (flags & kBandwidth) r.bandwidth = last.bandwidth;
    if (flags & kShares) r.shares.emplace();
    if (flags & kPopulated) r.populated = (flags & kInhabited) != 0;
  }
  if (flags & kThrottle) throttle(a, *r.throttle, last.throttle);
  if ((flags & kBandwidth) && !(flags & kSameBandwidth)) a(*r.bandwidth);
  if (flags & kBandwidth) last.bandwidth = *r.bandwidth;
  if (flags & kShares) delta(a, r.shares->value, last.shares);
}

template <class Archive, Of<NodeReading> T>
void node(Archive& a, T& n, JournalMemory& m, TimePoint& at) {
  auto& [read_at, usage, cpus, pressure] = n;
  delta(a, read_at, at);
  unsigned flags = (usage ? 1U : 0U) | (cpus.empty() ? 0U : 2U) | (pressure ? 4U : 0U);
  if constexpr (Archive::kReads) flags = a.byte();
  else a.byte(static_cast<std::uint8_t>(flags));
  maybe(a, flags & 1, usage, m.node_usage);
  if (flags & 2) {
    if constexpr (Archive::kReads) cpus.resize(a.count());
    else a.number(cpus.size());
    m.cpus.resize(cpus.size());
    for (std::size_t i = 0; i < cpus.size(); ++i) {
      delta(a, cpus[i].busy, m.cpus[i].busy);
      delta(a, cpus[i].idle, m.cpus[i].idle);
      delta(a, cpus[i].steal, m.cpus[i].steal);
    }
  }
  if constexpr (Archive::kReads)
    if (flags & 4) pressure.emplace();
  if (flags & 4) a(*pressure);
}

/// What of the plan before an outcome would belong to, if outcomes come in its order.
struct Hint {
  Slot slot = kNoSlot;
  WriteKind kind = WriteKind::settings;
  Setting to;
  Reason why;
};
inline Hint hint_of(const Plan& plan, std::size_t i) {
  if (i < plan.writes.size()) return {plan.writes[i].slot, WriteKind::settings, plan.writes[i].to, plan.writes[i].why};
  i -= plan.writes.size();
  if (i < plan.refills.size()) return {plan.refills[i].slot, WriteKind::refill, Bandwidth{}, plan.refills[i].why};
  return {};
}

template <class Archive, Of<Outcome> T>
void outcome(Archive& a, T& o, const Hint& hint, TimePoint& read_at) {
  auto& [slot, group_id, kind, to, error, at, cost, why] = o;
  unsigned flags = 0;
  if constexpr (Archive::kReads) {
    flags = a.byte();
    if (flags & 1) slot = hint.slot, kind = hint.kind, why = hint.why;
    if (flags & 2) to = hint.to;
  } else {
    flags = (slot == hint.slot && kind == hint.kind && why == hint.why ? 1U : 0U) | (to == hint.to ? 2U : 0U);
    a.byte(static_cast<std::uint8_t>(flags));
  }
  if (!(flags & 1)) a(slot, kind, why);
  if (!(flags & 2)) a(to);
  delta(a, at, read_at);
  a(group_id, error, cost);
}

/// A list whose items are told by `each(item)`.
template <class Archive, class List, class Each>
void list(Archive& a, List& items, Each each) {
  if constexpr (Archive::kReads) {
    items.clear();
    for (std::size_t n = a.count(); n > 0 && a.good(); --n) each(items.emplace_back());
  } else {
    a.number(items.size());
    for (const auto& item : items) each(item);
  }
}

template <class Archive, Of<Sample> T>
void sample(Archive& a, T& s, JournalMemory& m) {
  auto& [at, readings, node_reading, events, outcomes, faults, lateness, failed] = s;
  delta(a, at, m.at);
  a.base = at;
  a(lateness, failed);
  std::int64_t slot = 0;
  TimePoint last = at;
  list(a, readings, [&](auto& r) { reading(a, r, m, slot, last); });
  bool there = node_reading.has_value();
  a(there);
  if constexpr (Archive::kReads) {
    node_reading.reset();
    if (there) node_reading.emplace();
  }
  if (there) node(a, *node_reading, m, last);
  std::size_t i = 0;
  list(a, outcomes, [&](auto& o) { outcome(a, o, hint_of(m.plan, i++), last); });
  a(events, faults);
}

}  // namespace headroom::journal
