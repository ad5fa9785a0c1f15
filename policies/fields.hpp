// The fields of the `headroom` policy's parameters and state, for archive.hpp.
#pragma once

#include "cgroups/types/fields.hpp"
#include "policies/lending.hpp"

namespace headroom {

template <class Archive, Of<HeadroomParams> T>
void fields(Archive& a, T& v) {
  auto& [hold, early_percent, burst_percent, punctuality, harm_window_permille, harm_backoff, start_pause, least,
         weight_eighths] = v;
  a(hold, early_percent, burst_percent, punctuality, harm_window_permille, harm_backoff, start_pause, least,
    weight_eighths);
}
template <class Archive, Of<LendableTerms> T>
void fields(Archive& a, T& v) {
  auto& [target, expected, siblings, claimed, stolen, free, lendable] = v;
  a(target, expected, siblings, claimed, stolen, free, lendable);
}
/// Most containers have never claimed: one byte.
template <class Archive, Of<ShareTerms> T>
void fields(Archive& a, T& v) {
  auto& [at, of, served_before, amount, asked, granted, others_asked, others_granted, claims] = v;
  a(at);
  if (at != TimePoint{}) a(of, served_before, amount, asked, granted, others_asked, others_granted, claims);
}
template <class Archive, Of<Level> T>
void fields(Archive& a, T& v) {
  auto& [slot, neighbour] = v;
  a(slot, neighbour);
}
template <class Archive, Of<Lease> T>
void fields(Archive& a, T& v) {
  auto& [slot, group_id, kind, visibility, since, expires, cores, why] = v;
  a(slot, group_id, kind, visibility, since, expires, cores, why);
}
template <class Archive, Of<Borrower> T>
void fields(Archive& a, T& v) {
  auto& [id, credit, usage, charged_at, considered_at, claimed_at, wanted_at, rested_at, not_before, not_before_why, harmed_until,
         harm_strikes, account, start_tried,
         margin_percent, shrunk_at, wished, wished_lately, wished_at, levels, levels_at, keep_weight_until, parted_until, lease, share] = v;
  a(id, credit, usage, charged_at, considered_at, claimed_at, wanted_at, rested_at, not_before, not_before_why, harmed_until, harm_strikes, account, start_tried,
    margin_percent, shrunk_at, wished, wished_lately, wished_at, levels, levels_at, keep_weight_until, parted_until, lease, share);
}
/// claims and awake are of one tick.
template <class Archive, Of<LendingState> T>
void fields(Archive& a, T& v) {
  auto& [borrowers, leases, starts, restored, accounts, lowered, parted, contended_at, claims, awake] = v;
  a(borrowers, leases, starts, restored, accounts, lowered, parted, contended_at);
  (void)claims;
  (void)awake;
}

}  // namespace headroom
