#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/plan_steps.hpp"

namespace headroom::planning {
namespace {

/// A resize writes pod and containers 3-100 ms apart, and a pod's decrease that our lease made fail is never tried
/// again (KERNEL 19).
constexpr milliseconds kQuiet{200};

/// Sorted by slot, the most careful want of a slot first: the plan does not depend on the order of the wants.
template <class Want, class Key>
std::vector<Want> one_per_slot(std::vector<Want> wants, Key key) {
  std::sort(wants.begin(), wants.end(), [&](const Want& a, const Want& b) {
    return std::make_tuple(a.slot, key(a)) < std::make_tuple(b.slot, key(b));
  });
  wants.erase(std::unique(wants.begin(), wants.end(), [](const Want& a, const Want& b) { return a.slot == b.slot; }),
              wants.end());
  return wants;
}

Reason because_of(Because because) {
  Reason why;
  why.because = because;
  return why;
}

void begin_life(const Context& c, Slot slot) {
  Standing& s = c.standing(slot) = Standing{};
  s.group_id = c.group(slot).id;
  s.root = unit_root(c.catalog(), slot);
  s.root_id = c.group(s.root).id;
}

bool alive(const Context& c, Slot slot) {
  const Group* g = c.catalog().find(slot);
  return g && slot < c.now.groups.size() && c.group(slot).id == g->id;
}

bool file_possible(const Context& c, Slot slot) {
  if (!c.rails.guard_up) return false;
  const Slot pod = unit_root(c.catalog(), slot);
  if (pod == slot) return true;
  const Ownership& own = c.group(pod).own;
  return own.certain && own.base && own.in_force;
}

/// nullopt: it has to wait.
std::optional<Actuator> choose_actuator(const Context& c, const LeaseWant& want, Visibility seen) {
  const Standing& s = c.standing(want.slot);
  const bool file = file_possible(c, want.slot);
  const bool hidden = c.rails.can.rewrite_refills;
  switch (seen) {
    case Visibility::hidden:
      return hidden ? std::optional{Actuator::hidden} : std::nullopt;
    case Visibility::file:
      return file ? std::optional{Actuator::file} : std::nullopt;
    case Visibility::automatic:
      break;
  }
  // Once visible, a lease stays visible: going to and fro would be seen by every reader of the limit.
  const bool visible_already = s.lent_cores.value > 0 && s.actuator == Actuator::file;
  const bool prefer_hidden = want.kind == LeaseKind::start && !visible_already;
  if (hidden && (prefer_hidden || !file)) return Actuator::hidden;
  return file ? std::optional{Actuator::file} : std::nullopt;
}

void end_lease(Standing& s, const Reason& why) {
  if (s.lent_cores.value == 0) return;
  s.lent_cores = {};
  s.actuator = Actuator::file;
  s.kind = LeaseKind::burst;
  s.why = why;
}

void take_lease(const Context& c, const LeaseWant& want) {
  Standing& s = c.standing(want.slot);
  if (want.cores.value <= 0) {
    end_lease(s, want.why);
    s.why = want.why;
    return;
  }
  if (const Because no = lease_refusal(c, want.slot); no != Because::none) return end_lease(s, because_of(no));
  const Visibility seen = effective_visibility(c, want.slot, want.visibility);
  const auto actuator = choose_actuator(c, want, seen);
  if (!actuator) return end_lease(s, because_of(Because::refuse_no_guard));
  const bool begins = s.lent_cores.value == 0;
  if (begins) s.since = c.now.at;
  if (*actuator == Actuator::hidden && (begins || s.actuator == Actuator::file))
    s.usage_at_refill = c.group(want.slot).usage;
  const MilliCpu ceiling = c.catalog().rule_of(*c.catalog().find(want.slot)).borrow->up_to;
  s.lent_cores = std::min({want.cores, ceiling, c.rails.node_cores});
  s.actuator = *actuator;
  s.kind = want.kind;
  s.visibility = seen;
  s.why = want.why;
}

/// What nobody asked about in this tick stays, unless a guardrail has closed in the meantime.
void review_unasked(const Context& c, Slot slot) {
  Standing& s = c.standing(slot);
  if (s.lent_cores.value == 0) return;
  if (s.actuator == Actuator::hidden) return end_lease(s, because_of(Because::end_idle));
  if (const Because no = lease_refusal(c, slot); no != Because::none) return end_lease(s, because_of(no));
  if (!file_possible(c, slot)) end_lease(s, because_of(Because::refuse_no_guard));
}

bool is_closing(const Context& c, const Unit& unit) {
  const auto closes = [&](Slot s) { return std::binary_search(c.rails.closing.begin(), c.rails.closing.end(), c.group(s).id); };
  return closes(unit.root) || std::any_of(unit.members.begin(), unit.members.end(), closes);
}

bool ended_by_rank(const Context& c, const Unit& unit) {
  if (!unit.forced && !c.rails.off && !is_closing(c, unit)) return false;
  const Because why = unit.forced ? Because::end_foreign : Because::end_off;
  if (unit.forced) c.standing(unit.root).quiet_until = c.now.at + kQuiet;
  if (has_pod(unit)) end_everything(c, unit.root, why);
  for (const Slot m : unit.members) end_everything(c, m, why);
  return true;
}

/// Root and slot of what has to be looked at in this tick.
using Pairs = std::vector<std::pair<Slot, Slot>>;

void add(const Context& c, Slot slot, Pairs& pairs, std::vector<Slot>& dropped) {
  if (!alive(c, slot)) return;
  const Slot root = unit_root(c.catalog(), slot);
  if (!alive(c, root)) return;
  for (const Slot s : {root, slot})
    if (c.standing(s).group_id != c.group(s).id) begin_life(c, s);
  pairs.emplace_back(root, slot);
  const Ownership& own = c.group(slot).own;
  if (own.drop || own.overtaken || c.group(root).own.drop) dropped.push_back(root);
}

/// Groups with a kernel burst that nobody changes are no work for every tick: as long as nobody wants or writes anything,
/// time alone can change what they are to hold, and for that a second is soon enough.
bool review_is_due(const Context& c) {
  constexpr seconds kReview{1};
  PlanState& state = c.state;
  const bool open = c.rails.guard_up && c.rails.may_write && !c.rails.off && c.rails.closing.empty();
  const bool known = state.reviewed_generation == c.catalog().generation && c.now.at - state.reviewed_at < kReview;
  if (open && known) return false;
  state.reviewed_at = c.now.at;
  state.reviewed_generation = c.catalog().generation;
  return true;
}

bool at_rest(const Context& c, Slot slot) {
  const Standing& s = c.standing(slot);
  const Ownership& own = c.group(slot).own;
  if (s.lent_cores.value > 0 || s.eighths < 8 || own.drop || own.overtaken || own.put_right) return false;
  if (s.shares_written && own.shares_in_force != own.base_shares) return false;
  if (s.bereaved_at != TimePoint{} && c.now.at - s.bereaved_at < seconds{1}) return false;   // it is still to be lowered
  return s.bandwidth_written && own.in_force == s.bandwidth_written && s.bandwidth_at != c.now.at;
}

/// Somebody wrote or tried to.
bool somebody_came(const Context& c, Slot slot) {
  const Ownership& own = c.group(slot).own;
  return own.drop || own.overtaken || own.put_right || c.now.at < own.no_burst_until;
}

bool has_root(const Pairs& sorted, Slot root) {
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), std::pair<Slot, Slot>(root, 0));
  return found != sorted.end() && found->first == root;
}

/// A unit is worked out as a whole: who rests in one of `pairs` (sorted) is in it, too.
void wake_with_their_units(const Context& c, const std::vector<Resting>& lain_down, Pairs& pairs, std::vector<Slot>& dropped) {
  std::vector<Resting>& resting = c.state.resting;
  const Pairs awake = pairs;
  for (const Resting& r : lain_down) {
    if (has_root(awake, r.root)) add(c, r.slot, pairs, dropped);
    else resting.insert(std::lower_bound(resting.begin(), resting.end(), r), r);
  }
  for (std::size_t i = 0; i < awake.size(); ++i) {
    const Slot root = awake[i].first;
    if (i > 0 && awake[i - 1].first == root) continue;
    const auto from = std::lower_bound(resting.begin(), resting.end(), Resting{root, 0});
    auto to = from;
    for (; to != resting.end() && to->root == root; ++to) add(c, to->slot, pairs, dropped);
    resting.erase(from, to);
  }
}

/// The wants of one tick, one per slot.
struct Wants {
  std::vector<LeaseWant> leases;
  std::vector<BurstWant> bursts;
  std::vector<WeightWant> weights;
  std::vector<QuotaWant> quotas;
};

void settle(const Context& c, const Wants& wants, Slot slot) {
  const auto find = [slot](const auto& list) {
    const auto it = std::lower_bound(list.begin(), list.end(), slot, [](const auto& w, Slot s) { return w.slot < s; });
    return it != list.end() && it->slot == slot ? &*it : nullptr;
  };
  Standing& s = c.standing(slot);
  const auto* lease = find(wants.leases);
  if (lease)
    take_lease(c, *lease);
  else
    review_unasked(c, slot);
  if (const auto* want = find(wants.bursts)) {
    s.burst = std::max(want->burst, microseconds{0});
    if (s.lent_cores.value == 0 && !lease) s.why = want->why;   // why a lease ended is worth more
  }
  if (const auto* want = find(wants.quotas)) {
    s.set_quota = want->quota;
    s.set_burst = want->burst;
    s.why = want->why;
  }
  if (const auto* want = find(wants.weights)) {
    s.eighths = std::clamp(want->eighths, 1, 8);
    s.why_weight = want->why;
  }
  if (s.eighths < 8 && !(c.rails.guard_up && weight_allowed(c, slot))) s.eighths = 8;
}

}  // namespace

std::vector<Unit> collect_units(const Context& c) {
  Pairs pairs;
  std::vector<Slot> dropped;
  std::vector<Resting> lain_down;
  const bool review = review_is_due(c);
  if (review)
    for (const Resting& r : std::exchange(c.state.resting, {})) add(c, r.slot, pairs, dropped);
  for (const Slot s : c.state.active) {
    if (!review && at_rest(c, s)) lain_down.push_back({unit_root(c.catalog(), s), s});
    else add(c, s, pairs, dropped);
  }
  for (const auto& w : c.desired.leases) add(c, w.slot, pairs, dropped);
  for (const auto& w : c.desired.bursts) add(c, w.slot, pairs, dropped);
  for (const auto& w : c.desired.weights) add(c, w.slot, pairs, dropped);
  for (const auto& w : c.desired.quotas) add(c, w.slot, pairs, dropped);
  for (const Slot s : c.now.touched)
    if (alive(c, s) && somebody_came(c, s)) add(c, s, pairs, dropped);
  std::sort(pairs.begin(), pairs.end());
  wake_with_their_units(c, lain_down, pairs, dropped);
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  std::vector<Unit> units;
  for (const auto& [root, slot] : pairs) {
    if (units.empty() || units.back().root != root) units.push_back(Unit{root, {}, false});
    Unit& unit = units.back();
    if (!is_pod(*c.catalog().find(slot))) unit.members.push_back(slot);
    unit.forced = unit.forced || std::find(dropped.begin(), dropped.end(), root) != dropped.end();
  }
  return units;
}

void end_everything(const Context& c, Slot slot, Because why) {
  Standing& s = c.standing(slot);
  s.lent_cores = {};
  s.burst = microseconds{0};
  s.set_quota = s.set_burst = std::nullopt;
  s.eighths = 8;
  s.actuator = Actuator::file;
  s.kind = LeaseKind::burst;
  s.why = s.why_weight = because_of(why);
}

void take_wants(const Context& c, std::span<const Unit> units) {
  const Wants wants{
      one_per_slot(c.desired.leases, [](const LeaseWant& w) { return std::make_tuple(w.cores, w.visibility, w.kind); }),
      one_per_slot(c.desired.bursts, [](const BurstWant& w) { return w.burst; }),
      one_per_slot(c.desired.weights, [](const WeightWant& w) { return -w.eighths; }),
      one_per_slot(c.desired.quotas, [](const QuotaWant& w) { return std::make_tuple(w.quota, w.burst); })};
  const Wants of_pods{{}, {}, wants.weights, {}};
  for (const Unit& unit : units) {
    if (ended_by_rank(c, unit)) continue;
    if (has_pod(unit)) settle(c, of_pods, unit.root);
    for (const Slot m : unit.members) settle(c, wants, m);
  }
}

}  // namespace headroom::planning
