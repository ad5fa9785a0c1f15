// The fields of what the model shows, for archive.hpp.
#pragma once

#include "cgroups/types/fields.hpp"
#include "metrics/model/advance.hpp"

namespace headroom {

template <class Archive, Of<Ownership> T>
void fields(Archive& a, T& v) {
  auto& [base, base_shares, in_force, shares_in_force, certain, certain_since, hands_off_until, no_lease_until,
         no_burst_until, put_right, least, drop, overtaken, foreign_writes] = v;
  a(base, base_shares, in_force, shares_in_force, certain, certain_since, hands_off_until, no_lease_until,
    no_burst_until, put_right, least, drop, overtaken, foreign_writes);
}
template <class Archive, Of<GroupState> T>
void fields(Archive& a, T& v) {
  auto& [id, read_at, rate, use_100ms, use_1s, p90_10s, throttling, counted, usage, still_since, used_in_period,
         period_left, throttle, throttled_at, throttled_since, throttle_before, populated, first_use, own, harm_100ms,
         harm_window_end, harm_minute, harm_total, judged_windows, expected] = v;
  a(id, read_at, rate, use_100ms, use_1s, p90_10s, throttling, counted, usage, still_since, used_in_period, period_left,
    throttle, throttled_at, throttled_since, throttle_before, populated, first_use, own, harm_100ms, harm_window_end,
    harm_minute, harm_total, judged_windows, expected);
}
template <class Archive, Of<NodeView> T>
void fields(Archive& a, T& v) {
  auto& [cpus, at, usage, use_now, protected_use, class_use, cpu_busy, steal, stolen, pressure, state, target, judge,
         worst_lateness_1s, failed_ticks, blind, hold_when_blind, contract_budget, contract_window,
         contract_seconds, breach_seconds, expected] = v;
  a(cpus, at, usage, use_now, protected_use, class_use, cpu_busy, steal, stolen, pressure, state, target, judge, worst_lateness_1s,
    failed_ticks, blind, hold_when_blind, contract_budget, contract_window, contract_seconds, breach_seconds, expected);
}
template <class Archive, Of<ModelParams> T>
void fields(Archive& a, T& v) {
  auto& [scheduler_tick, judge, target_percent, steal_permille, added_wait_permille, contract_window, hold_when_blind, observe] = v;
  a(scheduler_tick, judge, target_percent, steal_permille, added_wait_permille, contract_window, hold_when_blind, observe);
}

/// The whole state, for the journal. What follows from the catalog alone is left out.
void save_model(const ModelState& state, ByteWriter& out);
/// @param catalog  as of the tick after which it was saved
/// @return false: the bytes are not such a state; `state` is then good for nothing
bool load_model(ModelState& state, const Catalog& catalog, ByteReader& in);

}  // namespace headroom
