// Time passes: timers, ticks, ends of work; who runs is decided at these moments only.
#include <algorithm>
#include <utility>

#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {
namespace {

/// For std::push_heap, which keeps the greatest in front.
bool later(const Timer& a, const Timer& b) { return a.at != b.at ? a.at > b.at : a.number > b.number; }

}  // namespace

void Kernel::advance(Ns to) {
  for (;;) {
    Ns soonest = timers_.empty() ? kNever : timers_.front().at;
    int which = -1;
    for (int i = 0; i < static_cast<int>(cpus_.size()); ++i) {
      if (cpu(i).next >= soonest) continue;
      soonest = cpu(i).next;
      which = i;
    }
    if (soonest > to) break;
    now_ = std::max(now_, soonest);
    if (which < 0) fire();
    else cpu_event(which);
  }
  now_ = std::max(now_, to);
}

void Kernel::set_timer(Timer::Kind kind, std::uint32_t id, Ns at, std::uint32_t alarm) {
  timers_.push_back({at, ++numbers_, kind, id, alarm});
  std::push_heap(timers_.begin(), timers_.end(), later);
}

void Kernel::fire() {
  std::pop_heap(timers_.begin(), timers_.end(), later);
  const Timer timer = timers_.back();
  timers_.pop_back();
  switch (timer.kind) {
    case Timer::Kind::wake: return wake_from_timer(timer);
    case Timer::Kind::period: end_period(timer.id); break;
    case Timer::Kind::slack: slack(timer.id); break;
  }
  for (int i = 0; i < static_cast<int>(cpus_.size()); ++i) {
    if (!cpu(i).resched) continue;
    reschedule(i);
    arm(i);
  }
}

void Kernel::wake_from_timer(const Timer& timer) {
  const Thread& t = threads_[timer.id];
  if (t.alarm != timer.alarm || t.where != Thread::Where::asleep) return;
  const Step step = programs_.next(timer.id, now_);
  switch (step.kind) {
    case Step::Kind::work: return wake(timer.id, step.value);
    case Step::Kind::sleep: return wake_at(timer.id, step.value);
    case Step::Kind::wait: return;
  }
}

void Kernel::cpu_event(int index) {
  Cpu& c = cpu(index);
  account(index);
  if (c.current >= 0 && threads_[static_cast<std::size_t>(c.current)].left <= 0) ask(static_cast<ThreadId>(c.current));
  if (now_ >= c.tick_at) tick(index);
  if (c.resched) reschedule(index);
  arm(index);
}

/// Its work is done. The program may wake others, which may push it off its CPU.
void Kernel::ask(ThreadId thread) {
  const int on = threads_[thread].cpu;
  Step step = programs_.next(thread, now_);
  while (step.kind == Step::Kind::sleep && step.value <= now_) step = programs_.next(thread, now_);
  Thread& t = threads_[thread];
  if (step.kind == Step::Kind::work) {
    t.left = std::max<Ns>(step.value, 1);
    return;
  }
  if (step.kind == Step::Kind::sleep) wake_at(thread, step.value);
  t.left = 0;
  if (t.where == Thread::Where::limbo) return leave_limbo(thread);
  const bool ran = cpu(on).current == static_cast<std::int64_t>(thread);
  fall_asleep(thread);
  if (ran) cpu(on).resched = true;
}

/// [update_curr] at every level; use is counted with the thread's own.
void Kernel::account(int index) {
  Cpu& c = cpu(index);
  const Ns delta = now_ - c.since;
  c.since = now_;
  if (c.current < 0) return;
  Thread& t = threads_[static_cast<std::size_t>(c.current)];
  c.busy += delta;
  t.left -= delta;
  for (Queue* q = &queue(t.group, index); q != nullptr; q = above(*q)) {
    groups_[q->group].usage += delta;
    charge(*q);
  }
}

/// One level [update_curr, update_deadline]. A used-up slice gives the others a look.
void Kernel::charge(Queue& q) {
  if (q.current == kNobody) return;
  Entity& e = entity(q.current);
  const Ns delta = now_ - e.since;
  if (delta <= 0) return;
  e.since = now_;
  e.vruntime += static_cast<double>(delta) * kNiceZero / e.weight;
  if (e.vruntime >= e.deadline) e.deadline = e.vruntime + virtual_slice(base_slice_, e);
  charge_limit(q, delta);
  if (e.protect > e.vruntime || q.queued.size() < 2) return;
  cpu(q.cpu).resched = true;
  if (q.buddy == q.current) q.buddy = kNobody;
}

void Kernel::tick(int index) {
  Cpu& c = cpu(index);
  c.tick_at = (now_ / tick_ + 1) * tick_;
  if (c.current < 0) return;
  for (Queue* q = first_queue(c.current, index); q != nullptr; q = above(*q)) {
    update_average(*q);
    if (q->group != kRoot) reweigh(*q);
  }
  if (now_ >= c.balance_at) balance(index);
  if (c.threads.size() > 1) kick_idle(index);
}

/// [pick_next_task_fair]
void Kernel::reschedule(int index) {
  Cpu& c = cpu(index);
  account(index);
  c.resched = false;
  for (Queue* q = first_queue(c.current, index); q != nullptr; q = above(*q)) ran_dry(*q);
  const std::int64_t next = pick(index);
  if (next != c.current || next != c.shown) switch_to(index, next);
}

/// From the root down. What is found under a limit that has run out is taken off, and the next one looked for.
std::int64_t Kernel::pick(int index) {
  for (;;) {
    Queue* q = &queue(kRoot, index);
    if (q->queued.empty() && !pull(index)) return -1;
    bool dry = false;
    EntityId id = kNobody;
    for (;;) {
      dry = ran_dry(*q) || dry;
      id = choose(*q);
      if (id >= 0 || entity(id).delayed) break;
      q = &queues_[static_cast<std::size_t>(~id)];
    }
    if (entity(id).delayed) {
      drop_delayed(id);
      continue;
    }
    if (!dry && q->throttles == 0) return id;
    to_limbo(static_cast<ThreadId>(id));
  }
}

void Kernel::switch_to(int index, std::int64_t next) {
  Cpu& c = cpu(index);
  const std::int64_t before = c.shown;
  if (before >= 0) {
    threads_[static_cast<std::size_t>(before)].ran_at = now_;
    for (Queue* q = first_queue(before, index); q != nullptr; q = above(*q)) q->previous = std::exchange(q->current, kNobody);
  }
  if (c.current >= 0 && c.current != next) settle_waiting(static_cast<ThreadId>(c.current), next);
  if (c.current < 0 && next >= 0) c.tick_at = (now_ / tick_ + 1) * tick_;
  c.current = c.shown = next;
  c.since = now_;
  auto id = static_cast<EntityId>(next);
  for (Queue* q = first_queue(next, index); q != nullptr; q = above(*q)) {
    Entity& e = entity(id);
    if (q->previous != id) {
      e.protect = e.deadline;   // [set_protect_slice]
      e.since = now_;
    }
    q->current = id;
    if (q->buddy == id) q->buddy = kNobody;
    id = ~static_cast<EntityId>(id_of(*q));
  }
  for (Queue* q = first_queue(before, index); q != nullptr; q = above(*q)) q->previous = kNobody;
  if (next >= 0) set_waiting(static_cast<ThreadId>(next), Waits::no);
}

/// Of a thread on a CPU; nullptr: nobody.
Queue* Kernel::first_queue(std::int64_t thread, int on) {
  return thread < 0 ? nullptr : &queue(threads_[static_cast<std::size_t>(thread)].group, on);
}

void Kernel::arm(int index) {
  Cpu& c = cpu(index);
  c.next = kNever;
  if (c.current < 0) return;
  const Ns done = c.since + std::max<Ns>(threads_[static_cast<std::size_t>(c.current)].left, 0);
  c.next = std::min(done, c.tick_at);
}

}  // namespace headroom::lab::sim
