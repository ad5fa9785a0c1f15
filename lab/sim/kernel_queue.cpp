// A thread's way through the tree: onto the queues of one CPU and off them again.
#include <algorithm>

#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {

void Kernel::enqueue(ThreadId thread, int on) {
  Thread& t = threads_[thread];
  t.cpu = on;
  t.where = Thread::Where::queued;
  auto& list = cpu(on).threads;
  t.place = static_cast<std::int32_t>(list.size());
  list.push_back(thread);
  auto id = static_cast<EntityId>(thread);
  for (Queue* q = &queue(t.group, on); q != nullptr; q = above(*q)) {
    charge(*q);   // the levels only at which it meets the one that runs
    if (entity(id).place < 0) {
      const bool first = q->queued.empty();
      enter_queue(*q, id);
      if (first) check_on_entry(*q);
    } else if (entity(id).delayed) {
      enter_again(*q, id);
    }
    reweigh(*q);
    const bool competes = q->self.place >= 0 && !q->self.delayed;
    if (t.self.urgent > 0 && q->group != kRoot && ++q->self.urgent == 1 && competes) ++above(*q)->urgent;
    id = ~static_cast<EntityId>(id_of(*q));
  }
}

void Kernel::dequeue(ThreadId thread, Leaving why) {
  Thread& t = threads_[thread];
  auto& list = cpu(t.cpu).threads;
  list[static_cast<std::size_t>(t.place)] = list.back();
  threads_[list.back()].place = t.place;
  list.pop_back();
  t.place = -1;
  auto id = static_cast<EntityId>(thread);
  bool leaves = true;   // a group stays as long as it has somebody
  for (Queue* q = &queue(t.group, t.cpu); q != nullptr; q = above(*q)) {
    charge(*q);
    if (leaves) {
      leaves = leave_queue(*q, id, why) == Left::gone && q->queued.empty();
      if (leaves) return_slack(*q);
      else if (why == Leaving::to_sleep) prefer(q);
    }
    if (why == Leaving::to_limbo && q->throttled && q->throttled_at == kClosed) q->throttled_at = now_;
    if (!leaves) reweigh(*q);
    const bool competes = q->self.place >= 0 && !q->self.delayed;
    if (t.self.urgent > 0 && q->group != kRoot && --q->self.urgent == 0 && competes) --above(*q)->urgent;
    if (why == Leaving::to_another_cpu) why = Leaving::to_sleep;   // of the groups above
    id = ~static_cast<EntityId>(id_of(*q));
  }
}

/// Its debt is paid, or it is no more: now it leaves.
void Kernel::drop_delayed(EntityId id) {
  Queue* q = &queues_[entity(id).queue];
  entity(id).delayed = false;
  update_average(*q);
  const double fair = average(*q);
  entity(id).lag = std::min(0.0, fair - entity(id).vruntime);   // [DELAY_ZERO]
  take_out(*q, id);
  while (q->queued.empty()) {
    q->base = fair;
    return_slack(*q);
    Queue* up = above(*q);
    if (up == nullptr) return;
    const auto self = ~static_cast<EntityId>(id_of(*q));
    if (leave_queue(*up, self, Leaving::to_sleep) == Left::delayed) break;
    q = up;
  }
  for (; q != nullptr; q = above(*q)) reweigh(*q);
}

/// The group of one that has fallen asleep within its slice goes on, if it may [set_next_buddy].
void Kernel::prefer(Queue* q) {
  if (q->throttles > 0) return;
  for (; q->group != kRoot; q = above(*q)) above(*q)->buddy = ~static_cast<EntityId>(id_of(*q));
}

/// It was picked under a limit that has run out: off all queues until that is over [throttle_cfs_rq_work].
void Kernel::to_limbo(ThreadId thread) {
  Thread& t = threads_[thread];
  dequeue(thread, Leaving::to_limbo);
  t.where = Thread::Where::limbo;
  queue(t.group, t.cpu).limbo.push_back(thread);
  set_waiting(thread, Waits::yes);
}

/// Stopped or killed meanwhile.
void Kernel::leave_limbo(ThreadId thread) {
  Thread& t = threads_[thread];
  std::erase(queue(t.group, t.cpu).limbo, thread);
  t.where = Thread::Where::asleep;
  set_waiting(thread, Waits::no);
}

/// Compares at the lowest level at which the two meet [check_preempt_wakeup].
void Kernel::preempt_if_due(ThreadId woken) {
  const Thread& t = threads_[woken];
  Cpu& c = cpu(t.cpu);
  if (c.current < 0) c.resched = true;
  auto id = static_cast<EntityId>(woken);
  for (Queue* q = &queue(t.group, t.cpu); q != nullptr && !c.resched; q = above(*q)) {
    if (q->throttles > 0) return;
    if (q->current != kNobody) {
      c.resched = choose(*q) == id;
      break;
    }
    id = ~static_cast<EntityId>(id_of(*q));
  }
  if (c.resched) reschedule(t.cpu);
}

}  // namespace headroom::lab::sim
