// Rates and windows of one group from its cumulative CPU counter.
#include <algorithm>

#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

constexpr nanoseconds kWindow = milliseconds{100};
constexpr nanoseconds kWindowSlack = milliseconds{10};  // a 100 ms clock is sometimes early
constexpr nanoseconds kLongestSlope = milliseconds{60};

std::uint16_t encode(MilliCpu m) {
  const auto v = std::clamp<std::int64_t>(m.value, 0, 32768 + 32767 * 64);
  return static_cast<std::uint16_t>(v < 32768 ? v : 32768 + (v - 32768) / 64);
}
MilliCpu decode(std::uint16_t code) { return {code < 32768 ? code : 32768 + (code - 32768) * 64}; }

/// Nearest rank: the smallest mean that at least 90 % of the means do not exceed.
MilliCpu p90(const Means& means) {
  std::array<std::uint16_t, Means::kSize> sorted;
  std::copy_n(means.codes.begin(), means.count, sorted.begin());
  const std::size_t rank = (means.count * 9u + 9) / 10 - 1;
  std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.begin() + means.count);
  return decode(sorted[rank]);
}

MilliCpu mean_of_newest(const Means& means, std::size_t wanted) {
  const std::size_t n = std::min<std::size_t>(wanted, means.count);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    sum += decode(means.codes[(means.head + 2 * Means::kSize - 1 - i) % Means::kSize]).value;
  return {n == 0 ? 0 : sum / static_cast<std::int64_t>(n)};
}

/// Whether the 90th percentile may have moved: not while full and old and new lie on the same side of it.
bool push_mean(Means& means, std::uint16_t code, std::uint16_t present) {
  const bool full = means.count == Means::kSize;
  const std::uint16_t old = means.codes[means.head];
  means.codes[means.head] = code;
  means.head = static_cast<std::uint8_t>((means.head + 1) % Means::kSize);
  if (!full) ++means.count;
  const bool same_side = (old < present && code < present) || (old > present && code > present);
  return !full || (old != code && !same_side);
}

void close_window(RateMemory& memory, GroupState& group, Ring::Point now) {
  if (!memory.means) memory.means = std::make_unique<Means>();
  const nanoseconds wall = now.at - memory.window.at;
  const MilliCpu mean = rate_of(now.usage - memory.window.usage, wall);
  const std::uint16_t code = encode(mean);
  const auto windows = std::clamp<std::int64_t>((wall + kWindow / 2) / kWindow, 1, Means::kSize);
  bool moved = false;
  for (std::int64_t i = 0; i < windows; ++i) moved = push_mean(*memory.means, code, encode(group.p90_10s)) || moved;
  if (moved) group.p90_10s = p90(*memory.means);
  group.use_1s = mean_of_newest(*memory.means, 10);
  // Of a long stretch the last window, as if it had been used evenly: what comes next is not spread over all of it.
  memory.window_before = wall < 2 * kWindow ? memory.window : Ring::Point{now.at - kWindow, now.usage - cpu_time(mean, kWindow)};
  memory.has_before = true;
  memory.window = now;
}

/// Slope over at least three scheduler ticks, lengthened up to 60 ms while the older readings agree with it within
/// what quantisation explains (KERNEL 11: each thread's CPU appears up to one tick late).
MilliCpu slope(const Ring& ring, nanoseconds tick) {
  const Ring::Point& now = ring.back(0);
  std::size_t i = 1;
  while (i + 1 < ring.count && now.at - ring.back(i).at < 3 * tick) ++i;
  if (i > 1 && now.at - ring.back(i).at > kLongestSlope && now.at - ring.back(i - 1).at >= 2 * tick) --i;
  MilliCpu rate = rate_of(now.usage - ring.back(i).usage, now.at - ring.back(i).at);
  for (std::size_t j = i + 1; j < ring.count && now.at - ring.back(j).at <= kLongestSlope; ++j) {
    const auto added = ring.back(j - 1).usage - ring.back(j).usage;
    const auto wanted = cpu_time(rate, ring.back(j - 1).at - ring.back(j).at);
    const auto threads = std::max<std::int64_t>(1, (rate.value + 999) / 1000);
    if (std::chrono::abs(added - wanted) > tick * threads) break;
    rate = rate_of(now.usage - ring.back(j).usage, now.at - ring.back(j).at);
  }
  return rate;
}

/// A counter that went backwards belongs to another life: everything starts again from here.
void restart(RateMemory& memory, GroupState& group, Ring::Point now) {
  if (memory.ring) *memory.ring = Ring{};
  if (memory.means) *memory.means = Means{};
  memory.last = memory.window = now;
  memory.has_last = true;
  memory.has_before = false;
  memory.period_begin = now.at;
  memory.usage_at_begin = now.usage;
  memory.used_last_period = nanoseconds{0};
  group.rate = group.use_100ms = group.use_1s = group.p90_10s = MilliCpu{};
}

}  // namespace

void Ring::push(Point p, nanoseconds spacing) {
  if (count >= 2 && back(0).at - back(1).at < spacing) {
    points[(head + kSize - 1) % kSize] = p;
    return;
  }
  points[head] = p;
  head = static_cast<std::uint8_t>((head + 1) % kSize);
  count = static_cast<std::uint8_t>(std::min<std::size_t>(kSize, count + 1u));
}

nanoseconds Ring::usage_at(TimePoint at) const {
  if (count == 0) return nanoseconds{0};
  if (at >= back(0).at) return back(0).usage;
  for (std::size_t i = 1; i < count; ++i) {
    const Point &older = back(i), &newer = back(i - 1);
    if (at < older.at) continue;
    const auto span = newer.at - older.at;
    return older.usage + cpu_time(rate_of(newer.usage - older.usage, span), at - older.at);
  }
  return back(count - 1u).usage;
}

/// While its pod stood still a group stood still too, and the schedule leaves such readings out: the last of them.
static std::optional<Ring::Point> left_out(const ModelState::Impl& m, Slot slot) {
  const Slot pod = m.places[slot].pod;
  const RateMemory& own = m.rates[slot];
  if (pod == kNone || pod == slot || !own.has_last) return std::nullopt;
  const RateMemory& above = m.rates[pod];
  const TimePoint since = m.groups[pod].still_since;
  if (since <= own.last.at && own.last.at < above.last.at && above.has_last) return Ring::Point{above.last.at, own.last.usage};
  const bool then = above.still_from <= own.last.at && own.last.at < above.still_until;
  return then ? std::optional{Ring::Point{above.still_until, own.last.usage}} : std::nullopt;
}

static void take_point(ModelState::Impl& m, const ModelParams& params, Slot slot, Ring::Point now) {
  RateMemory& memory = m.rates[slot];
  GroupState& group = m.groups[slot];
  if (memory.has_last && now.usage != memory.last.usage) {
    memory.still_from = group.still_since;
    memory.still_until = memory.last.at;
  }
  if (!memory.has_last || now.usage != memory.last.usage) group.still_since = now.at;
  if (!memory.has_last || now.usage < memory.last.usage) restart(memory, group, now);
  if (!memory.ring) memory.ring = std::make_unique<Ring>();
  memory.ring->push(now, 2 * params.scheduler_tick);
  if (memory.ring->count > 1) group.rate = slope(*memory.ring, params.scheduler_tick);
  if (now.at - memory.window.at >= kWindow - kWindowSlack) close_window(memory, group, now);
  if (memory.has_before)
    group.use_100ms = rate_of(now.usage - memory.window_before.usage, now.at - memory.window_before.at);
  update_period(memory, group, now);
  group.usage = now.usage;
  group.read_at = now.at;
  if (group.first_use == TimePoint{} && now.usage.count() > 0) group.first_use = now.at;
  memory.last = now;
}

/// Most readings of a large node find nothing: no rate changes by them, and the next one that moves makes up for them.
static bool passes_over(RateMemory& memory, GroupState& group, const Reading& reading) {
  if (!memory.has_last || *reading.usage != memory.last.usage || !at_rest(group)) return false;
  group.read_at = memory.last.at = reading.at;
  return true;
}

void take_usage(ModelState::Impl& m, const ModelParams& params, const Reading& reading) {
  const Slot slot = reading.slot;
  RateMemory& memory = m.rates[slot];
  if (memory.has_last && reading.at <= memory.last.at) return;
  if (passes_over(memory, m.groups[slot], reading)) {
    if (!m.places[slot].pod_kind) m.fresh.push_back(slot);
    return;
  }
  if (const auto before = left_out(m, slot); before && before->at < reading.at) take_point(m, params, slot, *before);
  else if (memory.has_last && memory.ring->back(0).at < memory.last.at) take_point(m, params, slot, memory.last);
  take_point(m, params, slot, {reading.at, *reading.usage});
  m.fresh.push_back(slot);
}

}  // namespace headroom::model
