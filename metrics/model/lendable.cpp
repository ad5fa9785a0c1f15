// What may be lent, and how it is shared out. POLICY.md: "The lendable amount is computed".
#include "metrics/model/lendable.hpp"

#include <algorithm>

#include "metrics/model/state.hpp"

namespace headroom {
namespace model {

/// The owner's limit; before it is certain, what the file says.
static std::optional<MilliCpu> own_limit(const GroupState& group) {
  if (group.own.base) return limit_of(*group.own.base);
  return group.own.in_force ? limit_of(*group.own.in_force) : std::nullopt;
}

/// Not yet levelled off: its window began before it woke, so that the rate tells a part of what it wants.
static bool is_waking(const GroupState& group) {
  return has_woken(group) && group.rate.value * 10 > group.use_100ms.value * 13;
}

MilliCpu expected_use(const GroupState& group, const ClassRule& rule, const Group& identity) {
  const bool borrows = rule.borrow.has_value() && !identity.infrastructure;
  if (rule.qos == QosClass::be && !borrows) return {};
  MilliCpu want = group.use_100ms;
  const auto limit = own_limit(group);
  if (is_protected(rule.qos) && !identity.infrastructure) {
    want = std::max({want, group.p90_10s, group.rate});
    if (is_waking(group)) want = limit.value_or(MilliCpu{want.value * 2});
  }
  return limit ? std::min(want, *limit) : want;
}

void update_expected(ModelState::Impl& m, const Catalog& catalog, Slot slot) {
  GroupState& group = m.groups[slot];
  const Group* identity = catalog.find(slot);
  if (!group.counted || !identity) return;
  const MilliCpu now = expected_use(group, catalog.rule_of(*identity), *identity);
  *m.node.expected += now - group.expected;
  group.expected = now;
}

}  // namespace model

namespace {

using model::own_limit;

/// Where nothing has been added up (a snapshot made by hand), it is done here.
MilliCpu sum_expected(const Snapshot& snapshot) {
  const std::vector<char> counted = model::counted_groups(snapshot.catalog);
  MilliCpu sum;
  for (Slot s = 0; s < counted.size() && s < snapshot.groups.size(); ++s)
    if (counted[s]) {
      const Group& group = *snapshot.catalog.groups[s];
      sum += model::expected_use(snapshot.groups[s], snapshot.catalog.rule_of(group), group);
    }
  return sum;
}

MilliCpu use_of(const Snapshot& snapshot, Slot slot) {
  return slot < snapshot.groups.size() ? snapshot.groups[slot].use_100ms : MilliCpu{};
}

/// What the claimants use of their leases is lent already, so it is not somebody else's. Without a lease a use above the
/// limit is two quotas in one window, or kernel burst: that CPU is not to be had again.
MilliCpu lent_use(const Snapshot& snapshot, const Claim& claim) {
  if (claim.slot >= snapshot.groups.size()) return {};
  const auto limit = own_limit(snapshot.groups[claim.slot]);
  if (!limit) return {};
  return std::min(claim.lent, std::max(MilliCpu{}, use_of(snapshot, claim.slot) - *limit));
}

/// What the named CPUs have free below the target; a set nobody could read: what every CPU has free.
MilliCpu free_of(const Snapshot& snapshot, const CpuSet& cpus, std::span<const Claim> claims) {
  const NodeView& node = snapshot.node;
  const MilliCpu share{node.cpus > 0 ? node.target.value / node.cpus : 0};
  if (node.cpu_busy.empty()) return {};
  MilliCpu sum, least = share;
  for (std::size_t i = 0; i < node.cpu_busy.size() && i < kMaxCpus; ++i) {
    const MilliCpu spare = std::max(MilliCpu{}, share - node.cpu_busy[i]);
    least = std::min(least, spare);
    if (cpus.test(i)) sum += spare;
  }
  MilliCpu free = cpus.none() ? least : sum;
  MilliCpu ceiling{cpus.none() ? share.value : share.value * static_cast<std::int64_t>(cpus.count())};
  for (const Claim& claim : claims) {
    const Group* group = snapshot.catalog.find(claim.slot);
    if (group && (group->cpus & ~cpus).none() && group->cpus.none() == cpus.none()) free += lent_use(snapshot, claim);
  }
  return std::min(free, ceiling);
}

}  // namespace

/// With SMT a CPU whose sibling is busy counts 0.4 (POLICY.md). Work spreads over the cores before it doubles up, so
/// the others' demand makes the siblings of as many CPUs slow, as far as there are free ones.
static MilliCpu lost_to_siblings(const Snapshot& snapshot, MilliCpu expected) {
  const std::int64_t cpus = snapshot.node.cpus, cores = snapshot.catalog.cores;
  if (cores <= 0 || cores >= cpus) return {};
  const std::int64_t siblings = expected.value * (cpus - cores) / cores, unused = std::max<std::int64_t>(0, cpus * 1000 - expected.value);
  return {std::min(siblings, unused) * 6 / 10};
}

MilliCpu claim_surplus(const Snapshot& snapshot, const Claim& claim) {
  const Group* group = snapshot.catalog.find(claim.slot);
  if (!group || claim.slot >= snapshot.groups.size()) return {};
  const GroupState& state = snapshot.groups[claim.slot];
  const auto limit = own_limit(state);
  if (!limit) return {};
  return *limit - std::min(*limit, model::expected_use(state, snapshot.catalog.rule_of(*group), *group));
}

LendableTerms lendable_terms(const Snapshot& snapshot, const CpuSet& cpus, std::span<const Claim> claims) {
  const NodeView& node = snapshot.node;
  LendableTerms out;
  out.target = node.target;
  out.stolen = node.stolen;
  out.expected = node.expected ? *node.expected : sum_expected(snapshot);
  out.siblings = lost_to_siblings(snapshot, out.expected);
  for (const Claim& claim : claims) out.claimed += claim_surplus(snapshot, claim);
  if (out.stolen) return out;
  out.lendable = std::max(MilliCpu{}, out.target - out.expected - out.siblings - out.claimed);
  const bool everywhere = cpus.count() >= static_cast<std::size_t>(node.cpus);
  if (everywhere) return out;
  out.free = free_of(snapshot, cpus, claims);
  out.lendable = std::min(out.lendable, *out.free);
  return out;
}

MilliCpu lendable(const Snapshot& snapshot, const CpuSet& cpus, std::span<const Claim> claims) {
  return lendable_terms(snapshot, cpus, claims).lendable;
}

/// Above what is kept free for it.
static MilliCpu rise_of(const GroupState& group) { return group.rate - group.p90_10s; }

bool has_woken(const GroupState& group) {
  constexpr MilliCpu kRise{100};
  return rise_of(group) > kRise;
}

Slot most_awake(const Snapshot& snapshot) {
  const std::vector<char> counted = model::counted_groups(snapshot.catalog);
  Slot most = kNoSlot;
  MilliCpu rise;
  for (Slot s = 0; s < counted.size() && s < snapshot.groups.size(); ++s) {
    if (!counted[s]) continue;
    const Group& group = *snapshot.catalog.groups[s];
    if (group.infrastructure || !is_protected(snapshot.catalog.rule_of(group).qos)) continue;
    if (rise_of(snapshot.groups[s]) <= rise) continue;
    rise = rise_of(snapshot.groups[s]);
    most = s;
  }
  return most;
}

namespace {

constexpr std::int64_t kOpen = -1;  // not yet satisfied in this round of filling

/// One class: raise the level until the amount is used up; who asked for less than the level gets what he asked for.
MilliCpu fill(MilliCpu amount, std::span<Claim> claims, int order) {
  for (;;) {
    std::int64_t weights = 0;
    for (const Claim& c : claims)
      if (c.order == order && c.granted.value == kOpen) weights += std::max(1, c.weight);
    if (weights == 0) return amount;
    const std::int64_t left = amount.value;
    bool satisfied = false;
    for (Claim& c : claims) {
      if (c.order != order || c.granted.value != kOpen || c.asked.value * weights > left * std::max(1, c.weight))
        continue;
      c.granted = c.asked;
      amount -= c.asked;
      satisfied = true;
    }
    if (satisfied) continue;
    for (Claim& c : claims) {
      if (c.order != order || c.granted.value != kOpen) continue;
      c.granted = MilliCpu{left * std::max(1, c.weight) / weights};
      amount -= c.granted;
    }
    return amount;
  }
}

}  // namespace

void share(MilliCpu amount, std::span<Claim> claims) {
  amount = std::max(amount, MilliCpu{});
  for (Claim& c : claims) {
    c.asked = std::max(c.asked, MilliCpu{});
    c.granted = MilliCpu{kOpen};
  }
  for (;;) {
    std::optional<int> next;
    for (const Claim& c : claims)
      if (c.granted.value == kOpen && (!next || c.order < *next)) next = c.order;
    if (!next) return;
    amount = fill(amount, claims, *next);
  }
}

}  // namespace headroom
