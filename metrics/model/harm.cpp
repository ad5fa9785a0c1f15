// Harm to protected neighbours (POLICY.md, rank 1) and the contract's account.
//   h = wait - what it would have waited without leases; either way at most what borrowers used above their limits on its CPUs
// What it would have waited is b x cpu, b from windows without leases in which as much ran beside it as runs there now within
// limits. Where there were none (a workflow that has just begun): the part of its wait that falls to those within limits.
// Windows are summed with their sign (below 0: it waited less than without leases): waiting comes in heaps, so the positive parts
// of windows that differ by chance alone add up to 4-6 % of wall time on a contended node where nobody is worse off. For
// the same reason b is the windows' wait by their CPU time and not the median of the ratios, which knows no heaps.
#include <algorithm>

#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

constexpr nanoseconds kWindow = milliseconds{90};    // a 100 ms clock is sometimes early
constexpr nanoseconds kTooLong = milliseconds{300};  // no window: good for a baseline only
constexpr nanoseconds kMemory = minutes{10};
constexpr nanoseconds kJudgedSpacing = milliseconds{4'700};  // 128 of them span the ten minutes
constexpr std::uint32_t kEnough = 100;                       // windows, below which b is 0
constexpr std::uint32_t kAlike = 20;                         // windows with as much beside them that make a b of their own
constexpr std::int64_t kAlikePermille = 100;                 // of the node's CPUs: as much
constexpr nanoseconds kOverAge = milliseconds{20};

/// CPU that borrowers use above their limits by our doing. Seen at most every 20 ms.
void find_over(ModelState::Impl& m, TimePoint now) {
  if (m.over_known && now - m.over_at < kOverAge) return;
  m.over.clear();
  m.over_known = true;
  m.over_at = now;
  for (const Slot slot : m.borrowers) {
    const Ownership& own = m.groups[slot].own;
    if (!own.base || !own.base->quota || !own.in_force) continue;
    const bool burst = own.in_force->burst > own.base->burst;
    const bool leased = m.own[slot].leased_at != TimePoint{} && now - m.own[slot].leased_at <= 2 * kWindow;
    const MilliCpu over = m.groups[slot].use_100ms - *limit_of(*own.base);
    if (!(burst || leased) || over.value <= 0) continue;
    m.over.push_back({slot, over});
  }
}

MilliCpu over_on(const ModelState::Impl& m, const Catalog& catalog, Slot neighbour) {
  MilliCpu sum;
  const CpuSet& cpus = catalog.groups[neighbour]->cpus;
  for (const auto& [slot, over] : m.over) {
    const bool both_anywhere = !m.places[slot].confined || !m.places[neighbour].confined;
    if (slot == neighbour || !(both_anywhere || (catalog.groups[slot]->cpus & cpus).any())) continue;
    sum += over;
  }
  return sum;
}

/// Told from use against quota, because the counters come late: with a period no longer than the window the use in
/// it reaches the quota, or the period's end (and so its counter) lies within the window. KERNEL 11.
bool used_up(const GroupState& group, const RateMemory& memory, nanoseconds used, nanoseconds wall) {
  if (!group.own.in_force || !group.own.in_force->quota) return false;
  const nanoseconds quota = *group.own.in_force->quota, period = group.own.in_force->period;
  const nanoseconds nearly = quota - quota / 10;
  const nanoseconds whole = std::max(period, wall - period / 5);  // a late reading adds time and no quota
  const nanoseconds allowed = cpu_time(rate_of(nearly, period), whole);
  if (used >= allowed) return true;
  return period > wall && (group.used_in_period >= nearly || memory.used_last_period >= nearly);
}

bool throttled(const ModelState::Impl& m, Slot slot, nanoseconds used, TimePoint from, nanoseconds wall) {
  const auto counted_since = [&](Slot s) {
    return m.groups[s].throttling || (m.groups[s].throttled_at != TimePoint{} && m.groups[s].throttled_at > from);
  };
  if (counted_since(slot) || used_up(m.groups[slot], m.rates[slot], used, wall)) return true;
  const Slot pod = m.places[slot].pod;
  if (pod == kNone || pod == slot) return false;
  MilliCpu use;
  for (Slot c = m.places[pod].first_child; c != kNone; c = m.places[c].next_sibling) use += m.groups[c].use_100ms;
  return counted_since(pod) || used_up(m.groups[pod], m.rates[pod], cpu_time(use, wall), wall);
}

constexpr milliseconds kTenth{100};

std::uint32_t tenths(TimePoint at) { return static_cast<std::uint32_t>(at.time_since_epoch() / kTenth); }

std::uint32_t whole_us(nanoseconds t) { return static_cast<std::uint32_t>(std::clamp<std::int64_t>(t.count() / 1000, 0, UINT32_MAX)); }

void forget_old(HarmMemory& memory, TimePoint now) {
  while (memory.judged_count > 0) {
    const auto oldest = (memory.judged_head + HarmMemory::kJudged - memory.judged_count) % HarmMemory::kJudged;
    if (tenths(now) - memory.judged[oldest].at <= kMemory / kTenth) return;
    --memory.judged_count;
  }
}

std::int64_t permille(nanoseconds wait, nanoseconds cpu) {
  return std::min<std::int64_t>(wait.count() * 1000 / std::max<std::int64_t>(cpu.count(), 1), 1'000'000);
}

/// What runs on the node beside a neighbour: within limits, and above them by our doing. nullopt: the node's use is not known.
struct Beside {
  std::optional<MilliCpu> within;
  MilliCpu over;
};

Beside beside(const ModelState::Impl& m, MilliCpu own, MilliCpu over) {
  if (!m.memory.read) return {std::nullopt, over};
  return {std::max(MilliCpu{}, m.memory.use_100ms - own - over), over};
}

/// What it would have waited without leases.
nanoseconds expected_wait(const HarmMemory& memory, const Beside& beside, MilliCpu as_much, nanoseconds wait, nanoseconds cpu) {
  const bool known = memory.judged_count >= kEnough;
  const nanoseconds usual = known ? cpu * memory.baseline_permille / 1000 : nanoseconds{0};
  if (!beside.within) return usual;
  nanoseconds waited{0}, used{0};
  std::uint32_t alike = 0;
  for (std::uint32_t i = 0; known && i < memory.judged_count; ++i) {
    const auto& window = memory.judged[(memory.judged_head + HarmMemory::kJudged - 1 - i) % HarmMemory::kJudged];
    const auto apart = MilliCpu{window.beside_milli} - *beside.within;
    if (std::max(apart, MilliCpu{-apart.value}) > as_much) continue;
    waited += microseconds{window.wait_us};
    used += microseconds{window.cpu_us};
    ++alike;
  }
  if (alike >= kAlike) return cpu * permille(waited, used) / 1000;
  const auto all = *beside.within + beside.over;
  if (all.value <= 0) return usual;
  return std::max(usual, wait / all.value * beside.within->value);
}

void add_to_baseline(HarmMemory& memory, TimePoint now, nanoseconds wait, nanoseconds cpu, MilliCpu beside) {
  const auto newest = (memory.judged_head + HarmMemory::kJudged - 1) % HarmMemory::kJudged;
  if (memory.judged_count >= kEnough && tenths(now) - memory.judged[newest].at < kJudgedSpacing / kTenth) return;
  if (cpu <= nanoseconds{0} && wait > nanoseconds{0}) return;  // waits without running: no ratio
  memory.judged[memory.judged_head] = {tenths(now), whole_us(wait), whole_us(cpu), static_cast<std::int32_t>(beside.value)};
  memory.judged_head = (memory.judged_head + 1) % HarmMemory::kJudged;
  memory.judged_count = std::min<std::uint32_t>(memory.judged_count + 1, HarmMemory::kJudged);
  if (memory.judged_count < kEnough) return;
  nanoseconds waited{0}, used{0};
  for (std::uint32_t i = 0; i < memory.judged_count; ++i) {
    const auto& window = memory.judged[(memory.judged_head + HarmMemory::kJudged - 1 - i) % HarmMemory::kJudged];
    waited += microseconds{window.wait_us};
    used += microseconds{window.cpu_us};
  }
  memory.baseline_permille = permille(waited, used);
}

nanoseconds bucket_length(const ModelParams& params) {
  return std::max<nanoseconds>(milliseconds{1}, nanoseconds{params.contract_window} / HarmMemory::kBuckets);
}

nanoseconds sum_buckets(HarmMemory& memory, std::int64_t bucket) {
  const auto size = static_cast<std::int64_t>(HarmMemory::kBuckets);
  for (auto b = std::max(memory.bucket + 1, bucket - size + 1); b <= bucket; ++b)
    memory.buckets[static_cast<std::size_t>(b % size)] = nanoseconds{0};
  memory.bucket = std::max(memory.bucket, bucket);
  nanoseconds sum{0};
  for (const nanoseconds h : memory.buckets) sum += h;
  return sum;
}

void charge(ModelState::Impl& m, const ModelParams& params, Slot slot, TimePoint now, nanoseconds harm) {
  HarmMemory& memory = *m.harm[slot];
  GroupState& group = m.groups[slot];
  group.harm_100ms = std::max(nanoseconds{0}, harm);
  group.harm_window_end = now;
  if (harm == nanoseconds{0}) return;
  group.harm_total += harm;
  const auto bucket = now.time_since_epoch() / bucket_length(params);
  sum_buckets(memory, bucket);
  memory.buckets[static_cast<std::size_t>(bucket % static_cast<std::int64_t>(HarmMemory::kBuckets))] += harm;
  group.harm_minute = sum_buckets(memory, bucket);
  if (group.harm_minute > nanoseconds{params.contract_window} * params.added_wait_permille / 1000)
    m.minute_breached = true;
  if (memory.listed) return;
  memory.listed = true;
  m.harmed.push_back(slot);
}

/// Wall time during which the group waited. Sums over threads are divided by the mean number of runnable threads,
/// (cpu + wait) / wall, and nothing is longer than the window.
nanoseconds wall_wait(const ModelParams& params, nanoseconds wait, nanoseconds cpu, nanoseconds wall) {
  const bool summed = params.judge == Judge::run_delay || params.judge == Judge::wait_sum;
  if (summed && wait + cpu > wall) wait = cpu_time(rate_of(wait, wait + cpu), wall);
  return std::min(wait, wall);
}

void judge(ModelState::Impl& m, const ModelParams& params, const Catalog& catalog, Slot slot, TimePoint now,
           nanoseconds wait, nanoseconds cpu, nanoseconds wall) {
  HarmMemory& memory = *m.harm[slot];
  forget_old(memory, now);
  const bool leaseless = !m.ever_leased || m.last_lease_at < memory.window_at;
  const bool stopped = throttled(m, slot, cpu, memory.window_at, wall);
  const Beside others = beside(m, rate_of(cpu, wall), over_on(m, catalog, slot));
  if (leaseless && m.over.empty() && !stopped) add_to_baseline(memory, now, wait, cpu, others.within.value_or(MilliCpu{}));
  m.groups[slot].judged_windows = memory.judged_count;
  if (wall > kTooLong) return;
  m.minute_judged = true;
  nanoseconds harm{0};
  // Who waited for what they took is still behind when they have stopped: half of it counts in the window after.
  if (!stopped) memory.taken = std::max(cpu_time(others.over, wall), memory.taken / 2);
  if (!stopped && memory.taken > nanoseconds{0}) {
    const MilliCpu as_much{std::int64_t{m.node.cpus} * kAlikePermille};
    harm = std::clamp(wait - expected_wait(memory, others, as_much, wait, cpu), -memory.taken, memory.taken);
  }
  charge(m, params, slot, now, harm);
}

/// It slept and was not read: what it waited, it waited since then.
void wake_window(const RateMemory& rate, HarmMemory& memory, TimePoint now) {
  const bool slept = rate.still_from <= memory.window_at && memory.window_at < rate.still_until;
  if (slept && now - memory.window_at > kTooLong) memory.window_at = rate.still_until;
}

}  // namespace

void take_wait(ModelState::Impl& m, const ModelParams& params, const Catalog& catalog, const Reading& reading) {
  const Slot slot = reading.slot;
  if (!m.places[slot].protect || !m.places[slot].counted || params.judge == Judge::none) return;
  if (!m.harm[slot]) m.harm[slot] = std::make_unique<HarmMemory>();
  HarmMemory& memory = *m.harm[slot];
  const nanoseconds usage = reading.usage.value_or(m.groups[slot].usage);
  wake_window(m.rates[slot], memory, reading.at);
  const nanoseconds wall = reading.at - memory.window_at;
  const bool begins = !memory.has_window || *reading.wait < memory.wait || usage < memory.usage;
  if (!begins && wall < kWindow) return;
  if (!begins) {
    find_over(m, m.node.at);
    const nanoseconds cpu = usage - memory.usage;
    judge(m, params, catalog, slot, reading.at, wall_wait(params, *reading.wait - memory.wait, cpu, wall), cpu, wall);
  }
  memory.has_window = true;
  memory.window_at = reading.at;
  memory.wait = *reading.wait;
  memory.usage = usage;
}

void pass_minutes(ModelState::Impl& m, const ModelParams& params, TimePoint now) {
  const auto bucket = now.time_since_epoch() / bucket_length(params);
  if (bucket != m.harm_bucket) {
    m.harm_bucket = bucket;
    std::erase_if(m.harmed, [&](Slot slot) {
      if (slot >= m.harm.size() || !m.harm[slot]) return true;
      const nanoseconds sum = sum_buckets(*m.harm[slot], bucket);
      m.groups[slot].harm_minute = sum;
      if (sum != nanoseconds{0}) return false;
      m.harm[slot]->listed = false;
      return true;
    });
  }
  if (!m.minute_known || now - m.minute_began >= params.contract_window) {
    const auto length = static_cast<std::uint64_t>(params.contract_window.count());
    if (m.minute_judged) m.node.contract_seconds += length;
    if (m.minute_breached) m.node.breach_seconds += length;
    m.minute_judged = m.minute_breached = false;
    m.minute_began = now;
    m.minute_known = true;
  }
}

}  // namespace headroom::model
