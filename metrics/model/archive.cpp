// The model's state as bytes and back. Rings are told from their newest entry, so that what is the same to the model is
// the same to the byte, wherever in its ring it lies.
#include <algorithm>
#include <utility>

#include "metrics/model/fields.hpp"
#include "metrics/model/state.hpp"

namespace headroom {

template <class Archive, Of<ModelState::Impl::Over> T>
void fields(Archive& a, T& v) {
  auto& [slot, use] = v;
  a(slot, use);
}

}  // namespace headroom

namespace headroom::model {

template <class Archive, Of<Ring::Point> T>
void fields(Archive& a, T& v) {
  auto& [at, usage] = v;
  a(at, usage);
}
template <class Archive, Of<Phase> T>
void fields(Archive& a, T& v) {
  auto& [known, low, high, period] = v;
  a(known, low, high, period);
}
template <class Archive, Of<RateMemory> T>
void fields(Archive& a, T& v) {
  auto& [last, has_last, has_before, ring, means, window, window_before, still_from, still_until, throttle_read_at, has_throttle, phase,
         period_begin, usage_at_begin, used_last_period] = v;
  a(last, has_last, has_before, ring, means, window, window_before, still_from, still_until, throttle_read_at, has_throttle, phase, period_begin,
    usage_at_begin, used_last_period);
}
template <class Archive, Of<OwnMemory> T>
void fields(Archive& a, T& v) {
  auto& [candidate_at, shares_candidate_at, shares_candidate, agreed, changed, said_quota, said_burst, said_shares, reload, strike_at, struck,
         refused_at, refused, leased_at, leased, refilled_at, spec_agreed, wrote_at, unanswered_at] = v;
  a(candidate_at, shares_candidate_at, shares_candidate, agreed, changed, said_quota, said_burst, said_shares, reload, strike_at, struck,
    refused_at, refused, leased_at, leased, refilled_at, spec_agreed, wrote_at, unanswered_at);
}
template <class Archive, Of<HarmMemory::Judged> T>
void fields(Archive& a, T& v) {
  auto& [at, wait_us, cpu_us, beside_milli] = v;
  a(at, wait_us, cpu_us, beside_milli);
}
template <class Archive, Of<NodeMemory::Steal> T>
void fields(Archive& a, T& v) {
  auto& [at, total] = v;
  a(at, total);
}
void fields(ByteWriter& a, const Ring& ring) {
  a.number(ring.count);
  Ring::Point last{a.base, nanoseconds{0}};
  for (std::size_t i = 0; i < ring.count; ++i) {
    const Ring::Point& p = ring.back(i);
    a.difference((last.at - p.at).count());
    a.difference((last.usage - p.usage).count());
    last = p;
  }
}
void fields(ByteReader& a, Ring& ring) {
  ring = Ring{};
  ring.count = static_cast<std::uint8_t>(std::min<std::size_t>(a.count(), Ring::kSize));
  ring.head = static_cast<std::uint8_t>(ring.count % Ring::kSize);
  Ring::Point last{a.base, nanoseconds{0}};
  for (std::size_t i = ring.count; i-- > 0;) {
    last.at -= nanoseconds{a.difference()};
    last.usage -= nanoseconds{a.difference()};
    ring.points[i] = last;
  }
}

/// Newest first, equal ones together: an idle group's hundred means are two numbers.
void fields(ByteWriter& a, const Means& means) {
  a.number(means.count);
  for (std::size_t i = 0; i < means.count;) {
    const auto code = [&](std::size_t n) { return means.codes[(means.head + 2 * Means::kSize - 1 - n) % Means::kSize]; };
    std::size_t run = 1;
    while (i + run < means.count && code(i + run) == code(i)) ++run;
    a.number(code(i));
    a.number(run);
    i += run;
  }
}
void fields(ByteReader& a, Means& means) {
  means = Means{};
  const auto count = std::min<std::uint64_t>(a.number(), Means::kSize);
  means.count = static_cast<std::uint8_t>(count);
  means.head = static_cast<std::uint8_t>(count % Means::kSize);
  for (std::size_t left = count; left > 0 && a.good();) {
    const auto code = static_cast<std::uint16_t>(a.number());
    for (auto run = std::clamp<std::uint64_t>(a.number(), 1, left); run > 0; --run) means.codes[--left] = code;
  }
}

void fields(ByteWriter& a, const HarmMemory& v) {
  a(v.has_window, v.window_at, v.wait, v.usage, v.baseline_permille, v.taken, v.buckets, v.bucket, v.listed);
  a.number(v.judged_count);
  for (std::size_t i = 0; i < v.judged_count; ++i)
    a(v.judged[(v.judged_head + 2 * HarmMemory::kJudged - 1 - i) % HarmMemory::kJudged]);
}
void fields(ByteReader& a, HarmMemory& v) {
  a(v.has_window, v.window_at, v.wait, v.usage, v.baseline_permille, v.taken, v.buckets, v.bucket, v.listed);
  const auto count = std::min<std::uint64_t>(a.number(), HarmMemory::kJudged);
  v.judged_count = static_cast<std::uint32_t>(count);
  v.judged_head = static_cast<std::uint32_t>(count % HarmMemory::kJudged);
  for (std::size_t i = count; i-- > 0;) a(v.judged[i]);
}

template <class Archive, Of<NodeMemory> T>
void fields(Archive& a, T& v) {
  auto& [usage, window, window_before, has_window, has_before, read, use_100ms, cpus, cpus_at, steal, steal_count,
         sums_at, summed, decided, above, below, calm, awake, cooling, lateness, lateness_bucket] = v;
  a(usage, window, window_before, has_window, has_before, read, use_100ms, cpus, cpus_at, steal, steal_count, sums_at,
    summed, decided, above, below, calm, awake, cooling, lateness, lateness_bucket);
}

/// fresh and touched are of one tick; places, counted, borrowers and generation follow from the catalog.
template <class Archive, Of<ModelState::Impl> T>
void fields(Archive& a, T& m) {
  auto& [groups, rates, own, harm, places, counted, borrowers, generation, indexed, node, memory, fresh, touched, flagged,
         throttling, leased, harmed, unanswered, touched_mark, tick, last_lease_at, ever_leased, over, over_at, over_known,
         harm_bucket, minute_began, minute_known, minute_judged, minute_breached] = m;
  a(groups, rates, own, harm, node, memory, flagged, throttling, leased, harmed, unanswered, last_lease_at, ever_leased, over,
    over_at, over_known, harm_bucket, minute_began, minute_known, minute_judged, minute_breached);
  (void)places, (void)counted, (void)borrowers, (void)generation, (void)indexed, (void)fresh, (void)touched;
  (void)touched_mark, (void)tick;
}

}  // namespace headroom::model

namespace headroom {

void save_model(const ModelState& state, ByteWriter& out) {
  out(state.params);
  model::fields(out, std::as_const(*state.impl));
}

bool load_model(ModelState& state, const Catalog& catalog, ByteReader& in) {
  ModelParams params;
  in(params);
  state = ModelState(params);
  ModelState::Impl& m = *state.impl;
  model::index_catalog(m, catalog);
  const std::size_t n = m.groups.size();
  model::fields(in, m);
  return in.good() && m.groups.size() == n && m.rates.size() == n && m.own.size() == n && m.harm.size() == n;
}

}  // namespace headroom
