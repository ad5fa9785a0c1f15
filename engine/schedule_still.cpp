// Whose pod stands still is not read: the pod's one counter tells of everybody in it, and wakes them when it moves.
#include <algorithm>

#include "engine/schedule_state.hpp"

namespace headroom::scheduling {
namespace {

constexpr seconds kLookUp{1};

/// The pod had this value before the group was last read, and has been read since.
bool told_by(const GroupState& pod, const GroupState& g) {
  return g.read_at != TimePoint{} && pod.still_since <= g.read_at && g.read_at <= pod.read_at;
}

bool listed_borrower(const Context& c, Slot slot) {
  return alive(c, slot) && c.watch(slot).asleep && c.watch(slot).eligible;
}

/// From now on, and for a few turns until somebody sleeps by it.
void watch_pod(const Context& c, Slot pod) {
  Watch& w = c.watch(pod);
  w.watch_until = c.out.wake + 4 * c.params.eligible;
  if (!w.watched) arm(c, pod, Task::watch, c.out.wake + c.params.eligible);
  w.watched = true;
}

void rouse(const Context& c, Slot slot) {
  Watch& w = c.watch(slot);
  w.asleep = false;
  ask(c, slot, kReadUsage | kReadThrottle);
  if (!w.eligible) return;
  c.state.woken = true;
  time_eligible(c, slot, c.now.at + c.params.eligible);
}

}  // namespace

bool stands_still(const GroupState& g) { return g.still_since < g.read_at; }

bool sleeps(const Context& c, Slot slot) {
  Watch& w = c.watch(slot);
  const GroupState& g = c.group(slot);
  const Slot pod = w.pod;
  if (pod == kNoSlot || !alive(c, pod) || c.now.catalog.find(pod)->identity.kind != GroupKind::pod) return false;
  const GroupState& above = c.group(pod);
  if (!at_rest(g) || !stands_still(above)) return false;
  Watch& watch = c.watch(pod);
  if (w.eligible) watch_pod(c, pod);
  if (w.eligible && above.read_at + 2 * c.params.eligible < c.now.at) return false;   // until it is read as often
  if (!told_by(above, g)) return false;
  if (!w.asleep) watch.sleepers.push_back(slot);
  return w.asleep = true;
}

void run_watch(const Context& c, Slot pod, TimePoint next) {
  Watch& w = c.watch(pod);
  if (c.out.wake > w.watch_until) {   // who sleeps in it is looked up now and then: their states lie far apart
    w.watch_until = c.out.wake + kLookUp;
    w.watched = std::any_of(w.sleepers.begin(), w.sleepers.end(), [&](Slot s) { return listed_borrower(c, s); });
    if (!w.watched) return;
  }
  ask(c, pod, kReadUsage);
  arm(c, pod, Task::watch, next);
}

void wake_sleepers(const Context& c) {
  c.state.woken = false;
  for (const Slot pod : c.now.fresh) {
    if (!alive(c, pod) || c.watch(pod).sleepers.empty() || stands_still(c.group(pod))) continue;
    ask(c, pod, kReadUsage | kReadThrottle);
    for (const Slot slot : c.watch(pod).sleepers)
      if (alive(c, slot) && c.watch(slot).asleep) rouse(c, slot);
    c.watch(pod).sleepers.clear();
    c.watch(pod).watch_until = c.now.at;
  }
}

}  // namespace headroom::scheduling
