#include "policies/lending.hpp"

#include <algorithm>

namespace headroom {
namespace {

std::string account_of(const Group& g) { return g.identity.pod_uid.empty() ? g.path : g.identity.pod_uid; }

void open_lease(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Slot slot) {
  Borrower& b = s.borrowers[slot];
  const Group& group = *snap.catalog.find(slot);
  const BorrowRule& rule = *snap.catalog.rule_of(group).borrow;
  Lease lease;
  lease.slot = slot;
  lease.group_id = group.id;
  lease.visibility = rule.visibility;
  lease.since = snap.at;
  if (may_start(snap, p, s, group, b)) {
    lease.kind = LeaseKind::start;
    lease.expires = snap.at + rule.start;
    std::erase_if(s.starts, [&](const auto& start) { return snap.at - start.second >= p.start_pause; });
    s.starts[account_of(group)] = snap.at;
  }
  b.start_tried = true;
  b.wanted_at = snap.at;
  charge_write(b, *snap.groups[slot].own.base);
  s.leases.push_back(lease);
  b.lease = static_cast<std::uint32_t>(s.leases.size());
}

/// Leases are read on the fast clock: one that has not been read for so long rests on nothing that is known.
constexpr seconds kUnread{1};

/// Why an open lease ends now by itself; none: it stays.
Because spent(const Snapshot& snap, const HeadroomParams& p, const LendingState& s, const Lease& lease) {
  const Group* group = snap.catalog.find(lease.slot);
  if (group == nullptr || group->id != lease.group_id) return Because::end_foreign;
  const Borrower& b = s.borrowers[lease.slot];
  const Because bar = barred(snap, lease.slot, b);
  if (bar == Because::refuse_no_credit) return Because::end_expired;
  if (bar != Because::none) return Because::end_foreign;
  if (is_held(snap.node)) return Because::none;
  const GroupState& g = snap.groups[lease.slot];
  if (snap.at - std::max(g.read_at, lease.since) > kUnread) return Because::revoke_blind;
  if (lease.kind == LeaseKind::start) {
    const bool fell = snap.at - lease.since > seconds{2} && g.use_1s.value * 2 < own_limit(g).value;
    return fell ? Because::end_idle : Because::none;
  }
  return snap.at - b.wanted_at > p.hold ? Because::end_idle : Because::none;
}

}  // namespace

MilliCpu ceiling_of(const Snapshot& snap, const Group& g) {
  const auto cpus = g.cpus.any() ? static_cast<std::int64_t>(g.cpus.count()) : snap.catalog.cpus;
  return std::min(offer_of(snap.catalog.rule_of(g)).up_to, MilliCpu{cpus * 1000});
}

bool may_start(const Snapshot& snap, const HeadroomParams& p, const LendingState& s, const Group& group,
               const Borrower& b) {
  const seconds length = snap.catalog.rule_of(group).borrow->start;
  if (b.start_tried || length.count() == 0 || snap.at - group.first_seen > length) return false;
  const auto last = s.starts.find(account_of(group));
  return last == s.starts.end() || snap.at - last->second >= p.start_pause;
}

MilliCpu own_limit(const GroupState& g) { return limit_of(*g.own.base).value_or(MilliCpu{}); }

Because closed(const Snapshot& snap, const HeadroomParams& p) {
  if (snap.node.state == LoadState::overload) return Because::revoke_overload;
  if (snap.node.state == LoadState::unknown) return Because::revoke_blind;
  if (snap.node.worst_lateness_1s > p.punctuality) return Because::revoke_late;
  return Because::none;
}

Because barred(const Snapshot& snap, Slot slot, const Borrower& b) {
  const Group* group = snap.catalog.find(slot);
  if (group == nullptr || group->infrastructure || !snap.catalog.rule_of(*group).borrow) return Because::refuse_class;
  const Ownership& own = snap.groups[slot].own;
  if (!own.certain || !own.base) return Because::refuse_uncertain;
  if (!own.base->quota) return Because::refuse_unlimited;
  if (own.drop || own.overtaken) return Because::end_foreign;
  if (snap.at < own.hands_off_until || snap.at < own.no_lease_until) return Because::refuse_hands_off;
  if (snap.at < b.not_before) return b.not_before_why;
  if (b.id != group->id) return Because::refuse_unread;
  if (b.credit <= nanoseconds{*own.base->quota}) return Because::refuse_no_credit;
  return Because::none;
}

void meet(const Snapshot& snap, LendingState& s, Slot slot) {
  Borrower& b = s.borrowers[slot];
  const Group* group = snap.catalog.find(slot);
  if (group == nullptr) return;
  const auto& rule = snap.catalog.rule_of(*group);
  if (b.id != group->id) {
    if (b.lease != 0) return;  // its old lease ends first
    b = Borrower{};
    b.id = group->id;
    b.rested_at = snap.at;
    std::erase_if(s.accounts, [&](const auto& a) { return a.second == slot; });
  }
  if (rule.borrow && !b.account) {   // perhaps later than it came: when its pod's name is known
    b.account = true;
    const auto found = s.restored.find(account_of(*group));
    b.credit = found == s.restored.end() ? rule.borrow->credit : std::min(found->second, rule.borrow->credit);
    s.accounts.emplace_back(account_of(*group), slot);
  }
  const GroupState& g = snap.groups[slot];
  const bool limited = rule.borrow && g.own.certain && g.own.base && g.own.base->quota;
  if (!limited || g.use_1s.value * 10 < own_limit(g).value * 9) b.rested_at = snap.at;
  if (limited) charge(b, g, own_limit(g), rule.borrow->credit);
}

void end_lease(const Snapshot& snap, LendingState& s, Desired& out, std::size_t index, Because because,
               Slot neighbour) {
  const Lease lease = s.leases[index];
  Reason why = lease.why;
  why.because = because;
  why.neighbour = neighbour;
  const Group* group = snap.catalog.find(lease.slot);
  if (group != nullptr && group->id == lease.group_id) {
    why.rate = snap.groups[lease.slot].rate;
    out.leases.push_back({lease.slot, MilliCpu{}, lease.visibility, lease.kind, why});
  }
  s.borrowers[lease.slot].lease = 0;
  s.leases.erase(s.leases.begin() + static_cast<std::ptrdiff_t>(index));
  for (std::size_t i = index; i < s.leases.size(); ++i)
    s.borrowers[s.leases[i].slot].lease = static_cast<std::uint32_t>(i + 1);
}

void end_all(const Snapshot& snap, LendingState& s, Desired& out, Because because) {
  while (!s.leases.empty()) end_lease(snap, s, out, s.leases.size() - 1, because);
}

void end_spent(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out) {
  for (std::size_t i = s.leases.size(); i-- > 0;) {
    const Because why = spent(snap, p, s, s.leases[i]);
    if (why != Because::none) end_lease(snap, s, out, i, why);
  }
}

namespace {

/// Who answers for waiting, the last the soonest: whose first seconds are over, and of those who never rests.
enum class Whom { anybody, grown, restless };

/// CPUs to be taken back for those who wait.
struct Owed {
  Whom from = Whom::anybody;
  MilliCpu cores;
  Slot worst = kNoSlot;
};

/// Its first seconds (BorrowRule::start) end by themselves, and with them what it costs others.
bool is_young(const Snapshot& snap, Slot slot) {
  const Group* group = snap.catalog.find(slot);
  const auto& borrow = snap.catalog.rule_of(*group).borrow;
  return borrow && snap.at - group->first_seen < borrow->start;
}

/// No burst lasts so long: it takes all that it can get.
bool is_restless(const Snapshot& snap, const Borrower& b) {
  constexpr seconds kLongestBurst{10};
  return snap.at - b.rested_at > kLongestBurst;
}

bool answers(const Snapshot& snap, const LendingState& s, Slot slot, Whom whom) {
  if (whom == Whom::anybody) return true;
  return !is_young(snap, slot) && (whom == Whom::grown || is_restless(snap, s.borrowers[slot]));
}

/// A new step waits for a quarter of the backoff. Who hurts again within a minute of his last one waits for twice as long as
/// then, at most 32 times the backoff; who never rests begins with 8 times.
nanoseconds backoff(const Snapshot& snap, const HeadroomParams& p, Borrower& b, Slot slot) {
  constexpr seconds kMemory{60};
  constexpr int kMostStrikes = 5, kStrikesOfRestless = 3;
  if (is_young(snap, slot)) return p.harm_backoff / 4;
  const bool again = b.harmed_until != TimePoint{} && snap.at - b.harmed_until < kMemory;
  b.harm_strikes = again ? std::min(b.harm_strikes + 1, kMostStrikes) : 0;
  if (is_restless(snap, b)) b.harm_strikes = std::max(b.harm_strikes, kStrikesOfRestless);
  const nanoseconds wait = p.harm_backoff * (1 << b.harm_strikes);
  b.harmed_until = snap.at + wait;
  return wait;
}

/// A window that hurts by itself asks for the CPU that a waiting thread wants. One more asks for what was waited in it, once so
/// many tenths of the contract's minute are used up: one from those who never rest, five from others, nine from new steps.
std::optional<Owed> owed_for(const Snapshot& snap, const HeadroomParams& p, Slot slot) {
  constexpr milliseconds kWindow{100}, kNoise{2};
  const GroupState& g = snap.groups[slot];
  if (g.harm_window_end != g.read_at) return std::nullopt;
  if (g.harm_100ms * 1000 >= kWindow * p.harm_window_permille) return Owed{Whom::anybody, MilliCpu{1000}, slot};
  const nanoseconds budget = snap.node.contract_budget;
  if (budget <= nanoseconds{0} || g.harm_100ms <= kNoise) return std::nullopt;
  const MilliCpu waited = rate_of(g.harm_100ms, kWindow);
  if (g.harm_minute * 10 > budget * 9) return Owed{Whom::anybody, waited, slot};
  if (g.harm_minute * 10 > budget * 5) return Owed{Whom::grown, waited, slot};
  if (g.harm_minute * 10 > budget) return Owed{Whom::restless, waited, slot};
  return std::nullopt;
}

/// Largest and newest first, until so much is back.
void take_back(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out, Owed owed) {
  while (owed.cores.value > 0) {
    auto first = s.leases.end();
    for (auto it = s.leases.begin(); it != s.leases.end(); ++it)
      if (answers(snap, s, it->slot, owed.from) &&
          (first == s.leases.end() || std::pair(first->cores, first->since) < std::pair(it->cores, it->since)))
        first = it;
    if (first == s.leases.end()) return;
    Borrower& b = s.borrowers[first->slot];
    owed.cores -= std::max(MilliCpu{1}, first->cores - own_limit(snap.groups[first->slot]));
    b.not_before = snap.at + backoff(snap, p, b, first->slot);
    b.not_before_why = Because::revoke_harm;
    end_lease(snap, s, out, static_cast<std::size_t>(first - s.leases.begin()), Because::revoke_harm, owed.worst);
  }
}

}  // namespace

void revoke_harmful(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out) {
  Owed owed[] = {{Whom::anybody, {}, kNoSlot}, {Whom::grown, {}, kNoSlot}, {Whom::restless, {}, kNoSlot}};
  nanoseconds longest{0};
  Slot worst = kNoSlot;
  for (const Slot slot : snap.fresh) {
    const auto one = owed_for(snap, p, slot);
    if (!one) continue;
    owed[static_cast<std::size_t>(one->from)].cores += one->cores;
    if (worst != kNoSlot && snap.groups[slot].harm_100ms <= longest) continue;
    worst = slot;
    longest = snap.groups[slot].harm_100ms;
  }
  for (Owed& part : owed) {
    part.worst = worst;
    take_back(snap, p, s, out, part);
  }
}

void consider(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Slot slot) {
  Borrower& b = s.borrowers[slot];
  b.considered_at = snap.at;
  if (barred(snap, slot, b) != Because::none) return;
  const Group& group = *snap.catalog.find(slot);
  const GroupState& g = snap.groups[slot];
  const bool leased = b.lease != 0;
  const bool wants = wants_more(g, p, own_limit(g)) || (leased && g.rate > own_limit(g));
  if (wants) b.wanted_at = snap.at;
  const bool starting = leased ? s.leases[b.lease - 1].kind == LeaseKind::start : may_start(snap, p, s, group, b);
  if (!wants && !starting) return;
  const MilliCpu granted = leased ? s.leases[b.lease - 1].cores : MilliCpu{};
  const MilliCpu asked = steady(b, wish(b, g, granted, ceiling_of(snap, group)), snap.at) - own_limit(g);
  if (asked < p.least) return;
  const MilliCpu lent = leased ? granted - own_limit(g) : MilliCpu{};
  b.claimed_at = snap.at;
  s.claims.push_back({slot, asked, 1, snap.catalog.rule_of(group).rank, {}, lent});
}

void grant(const Snapshot& snap, const HeadroomParams& p, LendingState& s, Desired& out, const Claim& claim) {
  Borrower& b = s.borrowers[claim.slot];
  const bool fresh = b.lease == 0;
  if (claim.granted < (fresh ? p.least : MilliCpu{1})) {
    if (fresh) return;
    return give_way(snap, s, out, b.lease - 1);
  }
  if (fresh && snap.node.state == LoadState::cooling) return;
  if (fresh) open_lease(snap, p, s, claim.slot);
  Lease& lease = s.leases[b.lease - 1];
  if (lease.kind == LeaseKind::start && lease.expires <= snap.at) {
    lease.kind = LeaseKind::burst;
    lease.expires = {};
  }
  const GroupState& g = snap.groups[claim.slot];
  const MilliCpu cores = own_limit(g) + claim.granted;
  if (!fresh && g.throttling && snap.at - b.shrunk_at < milliseconds{200})
    b.margin_percent = std::min(b.margin_percent * 2, 400);  // shrinking stalled it: remember
  if (!fresh && cores < lease.cores) b.shrunk_at = snap.at;
  lease.cores = cores;
  lease.why = Reason{};
  lease.why.because = !fresh                             ? Because::lend_continues
                      : lease.kind == LeaseKind::start ? Because::lend_start
                                                         : Because::lend_predicted;
  lease.why.asked = own_limit(g) + claim.asked;
  lease.why.granted = cores;
  lease.why.lendable = out.lendable;
  lease.why.rate = g.rate;
  lease.why.credit = b.credit;
  lease.why.expires = lease.expires;
}

}  // namespace headroom
