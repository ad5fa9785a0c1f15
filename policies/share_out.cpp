// How what is lendable is shared among the claims of a tick, and what can be told of it afterwards.
#include <algorithm>
#include <limits>

#include "policies/lending.hpp"

namespace headroom {
namespace {

/// The sets of CPUs that claimants may use, the smaller first.
std::vector<CpuSet> sets_of(const Snapshot& snap, const std::vector<Claim>& claims) {
  std::vector<CpuSet> sets;
  for (const Claim& c : claims) {
    const CpuSet& set = snap.catalog.find(c.slot)->cpus;
    if (std::find(sets.begin(), sets.end(), set) == sets.end()) sets.push_back(set);
  }
  std::stable_sort(sets.begin(), sets.end(), [](const CpuSet& a, const CpuSet& b) { return a.count() < b.count(); });
  return sets;
}

/// Shares among the claims of one set; their terms begin as `t`.
void share_set(ShareTerms t, std::span<Claim> claims, std::vector<ShareTerms>& out) {
  share(t.amount, claims);
  MilliCpu asked, granted;
  for (const Claim& c : claims) {
    asked += c.asked;
    granted += c.granted;
  }
  t.claims = static_cast<std::uint32_t>(claims.size());
  for (const Claim& c : claims) {
    t.asked = c.asked;
    t.granted = c.granted;
    t.others_asked = asked - c.asked;
    t.others_granted = granted - c.granted;
    out.push_back(t);
  }
}

/// Beside the claims of this tick, one more that asks for all it may have.
ShareTerms would_get(const Snapshot& snap, const LendingState& s, Slot slot, std::vector<Claim>& claims) {
  const Group& group = *snap.catalog.find(slot);
  claims = s.claims;
  std::erase_if(claims, [&](const Claim& c) { return c.slot == slot; });
  const MilliCpu asked = std::max(MilliCpu{}, ceiling_of(snap, group) - own_limit(snap.groups[slot]));
  // A class of its own would stand at the end of the list.
  const ClassRule& rule = snap.catalog.rule_of(group);
  claims.push_back({slot, asked, 1, rule.borrow ? rule.rank : std::numeric_limits<int>::max(), {}, {}});
  const auto terms = share_out(snap, claims);
  for (std::size_t i = 0; i < claims.size(); ++i)
    if (claims[i].slot == slot) return terms[i];
  return {};
}

TimePoint wait_of(const Snapshot& snap, Slot slot, const Borrower& b, Because because) {
  const Ownership& own = snap.groups[slot].own;
  if (because == Because::refuse_hands_off) return std::max(own.hands_off_until, own.no_lease_until);
  return snap.at < b.not_before && because == b.not_before_why ? b.not_before : TimePoint{};
}

bool has_limit(const GroupState& g) { return g.own.base && g.own.base->quota; }

}  // namespace

std::vector<ShareTerms> share_out(const Snapshot& snap, std::vector<Claim>& claims) {
  // The older first, so that the order of the readings decides nothing.
  std::sort(claims.begin(), claims.end(), [&](const Claim& a, const Claim& b) {
    return snap.catalog.find(a.slot)->id < snap.catalog.find(b.slot)->id;
  });
  std::vector<ShareTerms> out;
  std::vector<std::pair<CpuSet, MilliCpu>> given;
  const MilliCpu everywhere = lendable(snap, ~CpuSet{}, claims);
  MilliCpu had;
  auto from = claims.begin();
  for (const CpuSet& set : sets_of(snap, claims)) {
    const auto to = std::stable_partition(from, claims.end(), [&](const Claim& c) { return snap.catalog.find(c.slot)->cpus == set; });
    ShareTerms t;
    t.at = snap.at;
    t.of = lendable_terms(snap, set, claims);
    t.amount = t.of.lendable;
    for (const auto& [other, cores] : given)
      if ((other & set).any()) t.amount -= cores;
    // Sets that do not overlap live off the same expectations.
    t.amount = std::max(MilliCpu{}, std::min(t.amount, everywhere - had));
    t.served_before = t.of.lendable - t.amount;
    share_set(t, {from, to}, out);
    MilliCpu sum;
    for (; from != to; ++from) sum += from->granted;
    had += sum;
    given.emplace_back(set, sum);
  }
  return out;
}

void serve(const Snapshot& snap, LendingState& s, Desired& out) {
  if (s.claims.empty()) return;
  const auto terms = share_out(snap, s.claims);
  MilliCpu asked, had;
  for (std::size_t i = 0; i < s.claims.size(); ++i) {
    s.borrowers[s.claims[i].slot].share = terms[i];
    out.lendable = std::max(out.lendable, terms[i].of.lendable);
    asked += s.claims[i].asked;
    had += s.claims[i].granted;
  }
  if (asked > had) s.contended_at = snap.at;
}

Because first_rule(const Snapshot& snap, const HeadroomParams& p, const LendingState& s, Slot slot) {
  const Borrower& b = s.borrowers[slot];
  if (b.lease != 0) return Because::none;
  if (const Because bar = barred(snap, slot, b); bar != Because::none) return bar;
  if (closed(snap, p) != Because::none) return Because::refuse_load;
  const Group& group = *snap.catalog.find(slot);
  const GroupState& g = snap.groups[slot];
  if (!wants_more(g, p, own_limit(g)) && !may_start(snap, p, s, group, b)) return Because::refuse_idle;
  if (ceiling_of(snap, group) - own_limit(g) < p.least) return Because::refuse_ceiling;
  std::vector<Claim> claims;
  const ShareTerms share = b.share.at == snap.at ? b.share : would_get(snap, s, slot, claims);
  if (share.granted < p.least) return Because::refuse_no_lendable;
  return snap.node.state == LoadState::cooling ? Because::refuse_load : Because::none;
}

Terms terms_of(const Snapshot& snap, const HeadroomParams& p, const LendingState& s, Slot slot) {
  Terms out;
  out.because = Because::refuse_unread;
  out.least = p.least;
  out.hold = p.hold;
  const Group* group = snap.catalog.find(slot);
  if (group == nullptr || slot >= s.borrowers.size()) return out;
  const Borrower& b = s.borrowers[slot];
  out.because = first_rule(snap, p, s, slot);
  out.lent = b.lease != 0;
  out.ceiling = ceiling_of(snap, *group);
  out.credit_cap = offer_of(snap.catalog.rule_of(*group)).credit;
  out.credit = b.account || out.because != Because::refuse_class ? b.credit : out.credit_cap;   // an account begins full
  out.wait_until = wait_of(snap, slot, b, out.because);
  out.wanted_at = b.wanted_at;
  const GroupState& g = snap.groups[slot];
  if (!has_limit(g)) return out;
  out.limit = own_limit(g);
  out.credit_needed = nanoseconds{*g.own.base->quota};
  const bool of_now = b.share.at == snap.at;
  out.share = out.lent || of_now ? b.share : would_get(snap, s, slot, out.claims);
  if (of_now) out.claims = s.claims;
  out.missing = std::max(MilliCpu{}, out.share.of.expected + out.share.of.siblings + out.share.of.claimed - out.share.of.target) + out.share.served_before;
  for (const Claim& c : out.claims) out.missing += c.asked - c.granted;
  return out;
}

}  // namespace headroom
