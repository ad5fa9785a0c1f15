// Groups and threads: how they come and go.
#include <algorithm>

#include "lab/random.hpp"
#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {
namespace {

/// Formula: sysctl_sched_base_slice 0.7 ms x (1 + log2(min(CPUs, 8))). Source: kernel/sched/fair.c, update_sysctl().
Ns base_slice(int cpus) {
  int factor = 1;
  for (int n = std::min(cpus, 8); n > 1; n /= 2) ++factor;
  return 700'000L * factor;
}

}  // namespace

Kernel::Kernel(const Machine& machine, Programs& programs)
    : machine_(machine), programs_(programs), now_(ns(machine.start)), tick_(machine.tick.count()),
      slice_(machine.slice.count()), base_slice_(base_slice(machine.cpus)) {
  cpus_.resize(static_cast<std::size_t>(std::clamp(machine.cpus, 1, 1024)));
  for (auto& c : cpus_) c.since = now_;
  make(kNoGroup);
}

Entity& Kernel::entity(EntityId id) {
  return id >= 0 ? threads_[static_cast<std::size_t>(id)].self : queues_[static_cast<std::size_t>(~id)].self;
}

Queue* Kernel::above(const Queue& q) { return q.group == kRoot ? nullptr : &queues_[q.self.queue]; }

GroupId Kernel::make(GroupId parent) {
  const auto id = static_cast<GroupId>(groups_.size());
  TaskGroup& g = groups_.emplace_back();
  g.parent = parent;
  if (machine_.version == Version::v2) g.shares = Shares{100};
  // A random offset, so that timers interleave [init_cfs_bandwidth].
  g.expires = static_cast<Ns>(Random(load_seed(machine_.seed, static_cast<int>(id), "period")).next() % 100'000'000);
  if (parent != kNoGroup) groups_[parent].children.push_back(id);
  for (int on = 0; on < static_cast<int>(cpus_.size()); ++on) {
    Queue& q = queues_.emplace_back();
    q.group = id;
    q.cpu = on;
    q.average_at = now_;
    if (parent == kNoGroup) continue;
    q.self.queue = static_cast<QueueId>(parent * cpus_.size() + static_cast<std::size_t>(on));
    q.throttles = queues_[q.self.queue].throttles;
  }
  return id;
}

void Kernel::remove(GroupId group) {
  if (!alive(group) || group == kRoot) return;
  const auto below = groups_[group].children;
  for (const GroupId child : below) remove(child);
  for (ThreadId t = 0; t < threads_.size(); ++t)
    if (threads_[t].group == group) kill(t);
  for (int on = 0; on < static_cast<int>(cpus_.size()); ++on) {
    Queue& q = queue(group, on);
    if (q.throttled) unthrottle(q);
    if (q.self.delayed) drop_delayed(~static_cast<EntityId>(id_of(q)));
  }
  TaskGroup& g = groups_[group];
  g.alive = false;
  g.quota = kUnlimited;
  std::erase(groups_[g.parent].children, group);
}

nanoseconds Kernel::waited(GroupId group) const {
  const TaskGroup& g = groups_[group];
  return nanoseconds{g.waited + (g.waiting > 0 ? now_ - g.waiting_since : 0)};
}

ThreadId Kernel::spawn(GroupId group, int on, Urgency urgency) {
  const auto id = static_cast<ThreadId>(threads_.size());
  Thread& t = threads_.emplace_back();
  t.group = group;
  t.pinned = on;
  t.cpu = on >= 0 ? on : static_cast<int>(id % cpus_.size());
  t.self.urgent = urgency == Urgency::urgent ? 1 : 0;
  for (GroupId g = group; g != kNoGroup; g = groups_[g].parent) ++groups_[g].threads;
  return id;
}

void Kernel::kill(ThreadId thread) {
  if (thread >= threads_.size() || threads_[thread].where == Thread::Where::gone) return;
  pause(thread);
  Thread& t = threads_[thread];
  if (t.self.delayed) drop_delayed(static_cast<EntityId>(thread));
  t.where = Thread::Where::gone;
  ++t.alarm;
  for (GroupId g = t.group; g != kNoGroup; g = groups_[g].parent) --groups_[g].threads;
}

/// A throttled thread stops at once, too; the kernel's stops when it may run again, which shows in no counter.
void Kernel::pause(ThreadId thread) {
  Thread& t = threads_[thread];
  if (t.where == Thread::Where::gone || t.stopped) return;
  t.stopped = true;
  const int on = t.cpu;
  if (t.where == Thread::Where::limbo) leave_limbo(thread);
  if (t.where != Thread::Where::queued) return;
  account(on);
  const bool ran = cpu(on).current == static_cast<std::int64_t>(thread);
  fall_asleep(thread);
  if (ran) reschedule(on);
  arm(on);
}

void Kernel::resume(ThreadId thread) {
  Thread& t = threads_[thread];
  if (t.where == Thread::Where::gone || !t.stopped) return;
  t.stopped = false;
  if (t.where == Thread::Where::asleep && t.left > 0) start(thread, t.cpu);
}

}  // namespace headroom::lab::sim
