// How threads wake, fall asleep and count as waiting.
#include <algorithm>

#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {

void Kernel::wake(ThreadId thread, Ns work, std::optional<ThreadId> waker) {
  Thread& t = threads_[thread];
  if (t.where == Thread::Where::gone) return;
  t.left = std::max<Ns>(t.left, 0) + work;
  ++t.alarm;
  if (t.where == Thread::Where::asleep && !t.stopped) start(thread, waker ? threads_[*waker].cpu : t.cpu);
}

void Kernel::wake_at(ThreadId thread, Ns at) {
  Thread& t = threads_[thread];
  set_timer(Timer::Kind::wake, thread, std::max(at, now_), ++t.alarm);
}

/// @param wakers_cpu  a timer's is the one where the thread was
void Kernel::start(ThreadId thread, int wakers_cpu) {
  Thread& t = threads_[thread];
  const int on = t.self.delayed ? t.cpu : select_cpu(t, wakers_cpu);   // it has not left its queue yet
  t.left += machine_.wake.count() + (cpu(on).current < 0 ? machine_.idle_exit.count() : 0);
  enqueue(thread, on);
  preempt_if_due(thread);
  settle_waiting(thread, cpu(on).current);
  arm(on);
}

/// Who runs next is for the caller to find out.
void Kernel::fall_asleep(ThreadId thread) {
  Thread& t = threads_[thread];
  dequeue(thread, Leaving::to_sleep);
  t.where = Thread::Where::asleep;
  set_waiting(thread, Waits::no);
  Cpu& c = cpu(t.cpu);
  if (c.current == static_cast<std::int64_t>(thread)) c.current = -1;
}

/// @param running  who has its CPU
void Kernel::settle_waiting(ThreadId thread, std::int64_t running) {
  const Thread& t = threads_[thread];
  const bool ready = t.where == Thread::Where::queued && running != static_cast<std::int64_t>(thread);
  set_waiting(thread, ready || t.where == Thread::Where::limbo ? Waits::yes : Waits::no);
}

void Kernel::set_waiting(ThreadId thread, Waits waits) {
  Thread& t = threads_[thread];
  const bool now = waits == Waits::yes;
  if (t.waiting == now) return;
  t.waiting = now;
  for (GroupId id = t.group; id != kNoGroup; id = groups_[id].parent) {
    TaskGroup& g = groups_[id];
    if (now && g.waiting++ == 0) g.waiting_since = now_;
    if (!now && --g.waiting == 0) g.waited += now_ - g.waiting_since;
  }
}

}  // namespace headroom::lab::sim
