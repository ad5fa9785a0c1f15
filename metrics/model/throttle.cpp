// The present bandwidth period, and whether a quota stopped the group.
#include <algorithm>

#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

constexpr nanoseconds kLate = milliseconds{1};  // a period timer may run this late
constexpr nanoseconds kStretch = seconds{60};   // not throttled for so long: what comes then is another stretch

nanoseconds period_of(const GroupState& group) {
  return group.own.in_force ? nanoseconds{group.own.in_force->period} : nanoseconds{milliseconds{100}};
}

/// `advanced` boundaries lie between two readings. Narrows what is known, or starts again where they contradict it.
void learn_phase(Phase& phase, nanoseconds period, TimePoint before, TimePoint now, std::int64_t advanced) {
  const nanoseconds spread = now - before - (advanced - 1) * period;
  if (advanced < 1 || spread <= nanoseconds{0} || spread >= period) return;
  TimePoint low = now - spread - kLate, high = now;
  if (phase.known && phase.period == period) {
    const auto middle = high - (high - low) / 2 - (phase.high - (phase.high - phase.low) / 2);
    const nanoseconds offset = (middle + period / 2) / period * period;
    low = std::max(low, phase.low + offset);
    high = std::min(high, phase.high + offset);
    if (low < high) {
      phase.low = low, phase.high = high;
      return;
    }
    low = now - spread - kLate, high = now;
  }
  phase = Phase{true, low, high, period};
}

/// The last boundary at or before `at`.
TimePoint begin_of_period(const Phase& phase, TimePoint at) {
  const TimePoint boundary = phase.high - (phase.high - phase.low) / 2;
  nanoseconds since = (at - boundary) % phase.period;
  if (since < nanoseconds{0}) since += phase.period;
  return at - since;
}

}  // namespace

void update_period(RateMemory& memory, GroupState& group, Ring::Point now) {
  const nanoseconds period = period_of(group);
  if (!memory.phase.known || memory.phase.period != period) {
    memory.phase.known = false;
    group.used_in_period = now.usage - memory.ring->usage_at(now.at - period);
    group.period_left = period;
    memory.used_last_period = group.used_in_period;
    return;
  }
  const TimePoint begin = begin_of_period(memory.phase, now.at);
  if (begin - memory.period_begin > period / 2) {
    const nanoseconds at_begin = memory.ring->usage_at(begin);
    memory.used_last_period = at_begin - memory.ring->usage_at(begin - period);
    memory.usage_at_begin = at_begin;
    memory.period_begin = begin;
  }
  group.used_in_period = std::max(nanoseconds{0}, now.usage - memory.usage_at_begin);
  group.period_left = period - (now.at - begin);
}

void take_throttle(ModelState::Impl& m, const Reading& reading) {
  RateMemory& memory = m.rates[reading.slot];
  GroupState& group = m.groups[reading.slot];
  const ThrottleCounters now = *reading.throttle, before = group.throttle;
  const bool backwards = now.periods < before.periods || now.throttled_time < before.throttled_time;
  if (memory.has_throttle && !backwards && reading.at > memory.throttle_read_at) {
    learn_phase(memory.phase, period_of(group), memory.throttle_read_at, reading.at,
                static_cast<std::int64_t>(now.periods - before.periods));
    if (now.throttled_periods > before.throttled_periods || now.throttled_time > before.throttled_time) {
      if (group.throttled_at == TimePoint{} || reading.at - group.throttled_at > kStretch) {
        group.throttled_since = memory.throttle_read_at;   // it happened since that reading
        group.throttle_before = before;
      }
      group.throttled_at = reading.at;
      m.throttling.push_back(reading.slot);
    }
  }
  if (backwards) group.throttle_before = now;
  memory.has_throttle = true;
  memory.throttle_read_at = reading.at;
  group.throttle = now;
}

void spread_throttling(ModelState::Impl& m, TimePoint now) {
  for (const Slot slot : m.throttling) {
    if (slot >= m.groups.size()) continue;
    m.groups[slot].throttling = false;
    for (Slot c = m.places[slot].first_child; c != kNone; c = m.places[c].next_sibling) m.groups[c].throttling = false;
  }
  const auto over = [&](Slot slot) {
    const GroupState& group = m.groups[slot];
    return group.id == 0 || group.throttled_at == TimePoint{} || now - group.throttled_at > period_of(group);
  };
  std::erase_if(m.throttling, [&](Slot slot) { return slot >= m.groups.size() || over(slot); });
  std::sort(m.throttling.begin(), m.throttling.end());
  m.throttling.erase(std::unique(m.throttling.begin(), m.throttling.end()), m.throttling.end());
  for (const Slot slot : m.throttling) {
    m.groups[slot].throttling = true;
    if (!m.places[slot].pod_kind) continue;
    for (Slot c = m.places[slot].first_child; c != kNone; c = m.places[c].next_sibling) m.groups[c].throttling = true;
  }
}

}  // namespace headroom::model
