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
    if (entity(id).place < 0) {
      const bool first = q->queued.empty();
      enter_queue(*q, id);
      if (first) check_on_entry(*q);
    }
    reweigh(*q);
    if (t.self.urgent > 0 && q->group != kRoot && ++q->self.urgent == 1 && q->self.place >= 0) ++above(*q)->urgent;
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
    if (leaves) {
      leave_queue(*q, id, why);
      leaves = q->queued.empty();
      if (leaves) return_slack(*q);
    }
    if (why == Leaving::to_limbo && q->throttled && q->throttled_at == kClosed) q->throttled_at = now_;
    if (!leaves) reweigh(*q);
    if (t.self.urgent > 0 && q->group != kRoot && --q->self.urgent == 0 && q->self.place >= 0) --above(*q)->urgent;
    id = ~static_cast<EntityId>(id_of(*q));
  }
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
