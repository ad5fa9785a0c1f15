#include "engine/would_have.hpp"

#include <algorithm>

namespace headroom {
namespace {

/// In cores, above its owner's limit; 0: no more than that.
MilliCpu surplus(const Snapshot& now, const PlanState& plans, Slot slot) {
  const Ownership& own = now.groups[slot].own;
  if (!own.base || !own.base->quota) return {};
  const MilliCpu limit = *limit_of(*own.base);
  if (has_lease(plans, slot)) return std::max(MilliCpu{}, plans.standing[slot].lent_cores - limit);
  if (slot >= plans.standing.size() || !plans.standing[slot].set_quota) return {};
  const Bandwidth set{plans.standing[slot].set_quota, own.base->period, microseconds{0}};
  return std::max(MilliCpu{}, *limit_of(set) - limit);
}

bool is_container(const Snapshot& now, Slot slot) {
  const Group* g = now.catalog.find(slot);
  return g != nullptr && now.groups[slot].id == g->id && now.groups[slot].counted && !g->infrastructure;
}

}  // namespace

Result<Counterfactual> Counterfactual::of(const std::string& policy) {
  Faults faults;
  if (!make_policy(policy, {}, faults)) return tl::unexpected(faults.front());
  Counterfactual out;
  out.policy_ = policy;
  return out;
}

Result<> Counterfactual::begin(std::string_view checkpoint) {
  auto restored = restore_checkpoint(checkpoint);
  if (!restored) return tl::unexpected(restored.error());
  engine_.emplace(std::move(restored->engine));
  Faults none;
  engine_->policy = make_policy(policy_, {}, none);
  engine_->plans = PlanState{};
  engine_->outcomes.clear();
  forget_what_is_ours(engine_->model);
  last_ = restored->at;
  own_.clear();
  looks_.clear();
  return {};
}

/// What the recorded policy had written is taken out of the reading, and what this one has written put in.
Reading Counterfactual::as_it_would_read(const Reading& reading, const Replay::Tick& recorded) const {
  Reading out = reading;
  if (reading.slot >= recorded.snapshot.groups.size()) return out;
  const Ownership& truth = recorded.snapshot.groups[reading.slot].own;
  const Ownership* mine = reading.slot < own_.size() ? &own_[reading.slot] : nullptr;
  if (reading.bandwidth && truth.base)
    out.bandwidth = mine != nullptr && mine->base == truth.base && mine->in_force ? mine->in_force : truth.base;
  if (reading.shares && truth.base_shares)
    out.shares = mine != nullptr && mine->base_shares == truth.base_shares && mine->shares_in_force ? mine->shares_in_force : truth.base_shares;
  return out;
}

Sample Counterfactual::inputs(const Replay::Tick& recorded) {
  const Sample& was = recorded.recorded.sample;
  Sample out = was;
  for (Reading& reading : out.readings) reading = as_it_would_read(reading, recorded);
  out.outcomes = std::move(engine_->outcomes);
  for (Outcome& outcome : out.outcomes) outcome.at = was.at;
  return out;
}

void Counterfactual::tick(const Replay::Tick& recorded) {
  if (!engine_) return;
  const Sample sample = inputs(recorded);
  engine_->rails = recorded.recorded.rails;
  engine_->rails.guard_up = engine_->rails.may_write = true;   // as in enforce
  engine_->rails.off = false;
  const Snapshot now = advance(engine_->model, sample, recorded.recorded.catalog);
  engine_->desired.clear();
  engine_->policy->decide(now, engine_->desired);
  const Plan plan = make_plan(now, engine_->desired, engine_->rails, engine_->plans);
  engine_->outcomes = sink_.apply(plan, now.catalog);
  ++sums_.ticks;
  sums_.settings += plan.writes.size();
  sums_.refills += plan.refills.size();
  count(now, now.at - last_);
  last_ = now.at;
  own_.resize(now.groups.size());
  for (std::size_t i = 0; i < own_.size(); ++i) own_[i] = now.groups[i].own;
}

void Counterfactual::count(const Snapshot& now, nanoseconds passed) {
  looks_.resize(now.groups.size());
  MilliCpu extra;
  for (Slot slot = 0; slot < now.groups.size(); ++slot)
    if (is_container(now, slot)) count_container(now, slot, passed, extra);
  const MilliCpu idle = std::max(MilliCpu{}, MilliCpu{1000LL * now.node.cpus} - now.node.use_now);
  sums_.from_neighbours += cpu_time(std::max(MilliCpu{}, extra - idle), passed);
}

/// @param extra  grows by what it could use beyond its limit just now, as it stands still for want of it
void Counterfactual::count_container(const Snapshot& now, Slot slot, nanoseconds passed, MilliCpu& extra) {
  const GroupState& g = now.groups[slot];
  Look& look = looks_[slot];
  if (look.id != g.id) {
    look = Look{};
    look.id = g.id;
    look.throttled = g.throttle.throttled_time;
  }
  look.passed += passed;
  if (look.is_raised) look.raised += passed, sums_.raised_for += passed;
  const MilliCpu more = surplus(now, engine_->plans, slot);
  if (more.value > 0 && g.throttling) extra += more;
  if (more.value > 0 && !look.is_raised) ++sums_.raised;
  look.is_raised = more.value > 0;
  const nanoseconds stood = g.throttle.throttled_time - look.throttled;
  if (stood.count() == 0) return;
  if (stood.count() > 0 && look.passed.count() > 0) {
    sums_.throttled += stood;
    sums_.avoided += nanoseconds{static_cast<std::int64_t>(static_cast<double>(stood.count()) * static_cast<double>(look.raised.count()) /
                                                           static_cast<double>(look.passed.count()))};
  }
  look.throttled = g.throttle.throttled_time;
  look.raised = look.passed = nanoseconds{0};
}

}  // namespace headroom
