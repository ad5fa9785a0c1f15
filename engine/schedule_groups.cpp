#include <algorithm>

#include "engine/schedule_state.hpp"

namespace headroom::scheduling {
namespace {

/// Groups that came one after the other lie beside each other in every table: their turns come together.
constexpr std::uint64_t kNeighbours = 16;

/// Spreads lives over an interval in steps of the fast clock. Pods are half of it later: what a pod tells of those in it
/// counts from after their own reading.
TimePoint phase(const Context& c, const Group& g, nanoseconds interval) {
  const nanoseconds step = c.params.fast;
  const auto steps = static_cast<std::uint64_t>(std::max<std::int64_t>(1, interval / step));
  const std::uint64_t turn = g.id / kNeighbours + (g.identity.kind == GroupKind::pod ? steps / 2 : 0);
  return c.now.at + step * static_cast<std::int64_t>(turn % steps) + step;
}

void end_life(const Context& c, Slot slot) {
  Watch& w = c.watch(slot);
  if (w.eligible) --c.state.eligible;
  stop_time(c, slot);
  const bool listed = w.in_fast;  // its entry in the list of fast slots goes at the next look
  w = Watch{};
  w.in_fast = listed;
}

void begin_life(const Context& c, Slot slot, const Group& g) {
  end_life(c, slot);
  Watch& w = c.watch(slot);
  w.id = g.id;
  w.born = c.now.at;
  w.pod = pod_of(c.now.catalog, slot);
  w.hurry = may_borrow(c.now.catalog, g);
  arm(c, slot, Task::slow, phase(c, g, c.params.slow));
  arm(c, slot, Task::settings, phase(c, g, c.params.settings));
  // Many groups at a start: those that may borrow at once, the others over a quarter of a second.
  arm(c, slot, Task::young, w.hurry ? c.now.at : phase(c, g, milliseconds{250}));
}

/// A pod's base is wanted as soon as its first borrower's is.
void hurry_pod(const Context& c, Slot borrower) {
  const Slot pod = c.watch(borrower).pod;
  if (pod == kNoSlot || c.watch(pod).hurry) return;
  c.watch(pod).hurry = true;
  c.watch(pod).born = c.now.at;
  arm(c, pod, Task::young, c.now.at);
}

/// Sums of others (slices, pods) are no neighbours: they would be judged by their borrowers' waiting.
bool is_neighbour(const Context& c, Slot slot, const Group& g) {
  return c.group(slot).counted && !g.infrastructure && is_protected(c.now.catalog.rule_of(g).qos);
}

}  // namespace

/// A watch has its group's id as long as the catalog has the group (take_catalog).
bool alive(const Context& c, Slot slot) {
  const std::uint64_t id = slot < c.state.watches.size() ? c.watch(slot).id : 0;
  return id != 0 && slot < c.now.groups.size() && c.group(slot).id == id;
}

bool may_borrow(const Catalog& catalog, const Group& g) {
  if (g.infrastructure || !catalog.rule_of(g).borrow) return false;
  const GroupKind k = g.identity.kind;
  return k == GroupKind::container || k == GroupKind::scope || k == GroupKind::slice || k == GroupKind::other;
}

bool eligible(const Context& c, Slot slot) {
  const Ownership& own = c.group(slot).own;
  return own.certain && own.base && own.base->quota && may_borrow(c.now.catalog, *c.now.catalog.find(slot));
}

Slot pod_of(const Catalog& catalog, Slot slot) {
  for (const Group* g = catalog.find(slot); g; g = catalog.find(g->parent)) {
    const Group* up = catalog.find(g->parent);
    if (up && (up->identity.kind == GroupKind::pod ||
               (up->identity.kind == GroupKind::slice && up->identity.runtime == Runtime::podman)))
      return g->parent;
  }
  return kNoSlot;
}

void ask(const Context& c, Slot slot, std::uint8_t bits) {
  Watch& w = c.watch(slot);
  if ((bits & (kReadBandwidth | kReadShares)) && !w.asked_settings) {
    w.asked_settings = true;
    c.state.asked.push_back(slot);
  }
  if (w.mark == c.state.tick) {
    c.out.groups[w.index].bits |= bits;
    return;
  }
  w.mark = c.state.tick;
  w.index = static_cast<std::uint32_t>(c.out.groups.size());
  c.out.groups.push_back({slot, bits});
}

void arm(const Context& c, Slot slot, Task task, TimePoint due) {
  Watch& w = c.watch(slot);
  if (task == Task::settle) ++w.settle_timers;
  // What is waited for in milliseconds wakes the loop; the rest is picked up on the way.
  const bool soon = due - c.now.at < c.params.slow;
  const bool wakes = task == Task::settle || (task == Task::young && soon);
  const Timer timer{due, slot, w.id, task};
  if (wakes) c.state.settle.push(timer);
  else c.state.wheel.push(timer);
}

void take_catalog(const Context& c) {
  const Catalog& catalog = c.now.catalog;
  if (c.state.started && c.state.generation == catalog.generation) return;
  c.state.started = true;
  c.state.generation = catalog.generation;
  if (c.state.watches.size() < catalog.groups.size()) c.state.watches.resize(catalog.groups.size());
  c.state.neighbours.clear();
  for (Slot s = 0; s < catalog.groups.size(); ++s) {
    const Group* g = catalog.find(s);
    if (!g && c.watch(s).id != 0) end_life(c, s);
    if (g && c.watch(s).id != g->id) begin_life(c, s, *g);
    if (g && is_neighbour(c, s, *g)) c.state.neighbours.push_back(s);
  }
  for (Slot s = 0; s < catalog.groups.size(); ++s)
    if (c.watch(s).id != 0 && c.watch(s).hurry) hurry_pod(c, s);
}

}  // namespace headroom::scheduling
