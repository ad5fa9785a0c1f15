// Who is the fairest in one queue: EEVDF, Linux 6.6 and later. A queue holds few entities, so it is a list and not a tree.
#include <algorithm>
#include <cmath>

#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {
namespace {

constexpr double kHalfLife = 32e6;                   // ns: of the averages [PELT]
constexpr double kForgotten = 0.01;
constexpr double kRounding = 1;                      // ns: who is placed at the average is eligible
constexpr double kLeastWeight = 2.0 / 1024;          // of a group on one CPU [MIN_SHARES], in v1 shares

/// The average counts whole weights, and nobody below 2 [scale_load_down].
double counted(const Entity& e) { return std::max(2.0, std::floor(e.weight)); }

}  // namespace

/// Formula: sum(w v) / sum(w) over everything queued [avg_vruntime].
double Kernel::average(const Queue& q) {
  if (q.queued.empty()) return q.base;
  const double zero = entity(q.queued.front()).vruntime;
  if (q.queued.size() == 1) return zero;
  double sum = 0, weights = 0;
  for (const EntityId id : q.queued) {
    const Entity& e = entity(id);
    const double weight = counted(e);
    sum += weight * (e.vruntime - zero);
    weights += weight;
  }
  return zero + sum / weights;
}

/// The earliest deadline among those that have had no more than their share; the present one first, until its slice is
/// used up, as long as it is one of them [__pick_eevdf, RUN_TO_PARITY, PICK_BUDDY]. May be delayed.
EntityId Kernel::choose(Queue& q) {
  if (q.queued.size() == 1) return q.queued.front();
  const double fair = average(q) + kRounding;
  const auto eligible = [&](const Entity& e) { return e.vruntime <= fair && (q.urgent == 0 || (e.urgent > 0 && !e.delayed)); };
  if (q.buddy != kNobody && eligible(entity(q.buddy))) return q.buddy;
  if (q.current != kNobody) {
    const Entity& now = entity(q.current);
    if (!now.delayed && now.protect > now.vruntime && eligible(now)) return q.current;
  }
  EntityId best = kNobody, least = kNobody;
  double deadline = 0, vruntime = 0;
  for (const EntityId id : q.queued) {
    const Entity& e = entity(id);
    if (q.urgent > 0 && (e.urgent == 0 || e.delayed)) continue;
    if (least == kNobody || e.vruntime < vruntime) {
      least = id;
      vruntime = e.vruntime;
    }
    if (e.vruntime > fair || (best != kNobody && e.deadline >= deadline)) continue;
    best = id;
    deadline = e.deadline;
  }
  return best != kNobody ? best : least;   // only urgent ones that have had more
}

/// [place_entity] The lag that it had when it left is given back, so that nobody gains by a nap.
void Kernel::place(Queue& q, Entity& e) {
  const double fair = average(q);
  double there = 0;
  for (const EntityId id : q.queued) there += counted(entity(id));
  const double lag = q.queued.empty() ? 0 : e.lag * (there + counted(e)) / there;   // its own coming moves the average
  e.lag = 0;
  e.vruntime = fair - lag;
  e.deadline = e.vruntime + virtual_slice(base_slice_, e);
  e.protect = 0;
}

void Kernel::enter_queue(Queue& q, EntityId id) {
  update_average(q);
  Entity& e = entity(id);
  e.queue = id_of(q);
  place(q, e);
  e.place = static_cast<std::int32_t>(q.queued.size());
  q.queued.push_back(id);
  q.load += e.weight;
  if (e.urgent > 0) ++q.urgent;
}

/// Woken before its debt was paid, or just after [requeue_delayed_entity, DELAY_ZERO].
void Kernel::enter_again(Queue& q, EntityId id) {
  Entity& e = entity(id);
  e.delayed = false;
  if (e.urgent > 0) ++q.urgent;
  const double fair = average(q);
  if (fair <= e.vruntime) return;
  e.vruntime = fair;
  e.deadline = fair + virtual_slice(base_slice_, e);
}

/// [dequeue_entity] Who has had too much stays, asleep, until the others have caught up.
Kernel::Left Kernel::leave_queue(Queue& q, EntityId id, Leaving why) {
  update_average(q);
  Entity& e = entity(id);
  const double fair = average(q), most = virtual_slice(std::max(2 * base_slice_, tick_), e);
  e.lag = std::clamp(fair - e.vruntime, -most, most);
  if (e.urgent > 0) --q.urgent;
  if (q.buddy == id) q.buddy = kNobody;
  if (why == Leaving::to_sleep && e.vruntime > fair + kRounding) {
    e.delayed = true;
    return Left::delayed;
  }
  take_out(q, id);
  if (q.queued.empty()) q.base = fair;
  return Left::gone;
}

void Kernel::take_out(Queue& q, EntityId id) {
  Entity& e = entity(id);
  if (q.current == id) q.current = kNobody;
  const auto place = static_cast<std::size_t>(e.place);
  q.queued[place] = q.queued.back();
  entity(q.queued[place]).place = e.place;
  q.queued.pop_back();
  e.place = -1;
  q.load = q.queued.empty() ? 0 : q.load - e.weight;
}

void Kernel::update_average(Queue& q) {
  const Ns passed = now_ - q.average_at;
  if (passed <= 0) return;
  q.average_at = now_;
  if (q.average == q.load) return;
  if (q.throttles > 0 && q.queued.empty()) return;   // its clock stands still
  const double before = q.average;
  q.average = q.load + (q.average - q.load) * std::exp2(-static_cast<double>(passed) / kHalfLife);
  if (q.load == 0 && q.average < kForgotten) q.average = 0;
  groups_[q.group].load_sum += q.average - before;
}

/// The group's weight on this CPU: its shares by this CPU's part of its load [calc_group_shares].
void Kernel::reweigh(Queue& q) {
  if (q.load <= 0) return;
  const TaskGroup& g = groups_[q.group];
  const double load = std::max(q.load, q.average);
  const double sum = std::max(g.load_sum - q.average, 0.0) + load;
  double weight = g.weight;
  if (cpus_.size() > 1 && sum > 0) weight = std::clamp(g.weight * load / sum, kLeastWeight, g.weight);
  Entity& e = q.self;
  if (weight == e.weight) return;
  if (e.place >= 0) {   // its lag in real time stays [reweight_entity]
    Queue& up = queues_[e.queue];
    const double fair = average(up), by = e.weight / weight;
    const double deadline = (e.deadline - e.vruntime) * by, protect = (e.protect - e.vruntime) * by;
    e.vruntime = fair - (fair - e.vruntime) * by;
    e.deadline = e.vruntime + deadline;
    e.protect = e.vruntime + protect;
    update_average(up);
    up.load += weight - e.weight;
  }
  e.weight = weight;
}

}  // namespace headroom::lab::sim
