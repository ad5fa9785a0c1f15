// Which CPU a thread runs on. A sketch of the kernel's load balancing: idle CPUs take what waits, and weights are evened
// out now and then.
#include <algorithm>

#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {
namespace {

constexpr Ns kHot = 500'000;                         // too fresh in its caches to be moved [sysctl_sched_migration_cost]
constexpr Ns kBusyInterval = 16'000'000;             // times the CPUs [busy_factor x sd->balance_interval]
constexpr double kTolerated = 1.17;                  // [imbalance_pct]

}  // namespace

/// The waker's CPU where that has less to do, else where it was [wake_affine_weight].
int Kernel::affine(const Thread& t, int wakers_cpu) {
  if (wakers_cpu == t.cpu) return t.cpu;
  const double task = load_share(t);
  const double here = queue(kRoot, wakers_cpu).average + task, there = queue(kRoot, t.cpu).average - task;
  return here < there * (1 + (kTolerated - 1) / 2) ? wakers_cpu : t.cpu;
}

/// [select_task_rq_fair, select_idle_sibling] Where it was if that is idle, any idle one, else where less is to be done.
int Kernel::select_cpu(const Thread& t, int wakers_cpu) {
  if (t.pinned >= 0) return t.pinned;
  const int count = static_cast<int>(cpus_.size());
  int ordinary = -1;
  for (int i = 0; i < count; ++i) {
    const int on = (t.cpu + i) % count;
    const Cpu& c = cpu(on);
    if (c.current < 0 && c.threads.empty()) return on;
    if (t.self.urgent == 0 || ordinary >= 0 || c.current < 0) continue;
    if (threads_[static_cast<std::size_t>(c.current)].self.urgent == 0) ordinary = on;
  }
  return ordinary >= 0 ? ordinary : affine(t, wakers_cpu);
}

void Kernel::migrate(ThreadId thread, int to) {
  dequeue(thread, Leaving::to_another_cpu);
  enqueue(thread, to);
}

/// [sched_balance_newidle] Takes the one that has not run for longest from the longest queue.
/// @return whether there was one
bool Kernel::pull(int to) {
  std::size_t longest = 1;
  int from = -1;
  for (int i = 0; i < static_cast<int>(cpus_.size()); ++i) {
    if (i == to || cpu(i).threads.size() <= longest) continue;
    longest = cpu(i).threads.size();
    from = i;
  }
  if (from < 0) return false;
  std::int64_t best = -1;
  for (const ThreadId id : cpu(from).threads) {
    const Thread& t = threads_[id];
    if (cpu(from).current == static_cast<std::int64_t>(id) || t.pinned >= 0 || now_ - t.ran_at < kHot) continue;
    if (best < 0 || t.ran_at < threads_[static_cast<std::size_t>(best)].ran_at) best = id;
  }
  if (best < 0) return false;
  migrate(static_cast<ThreadId>(best), to);
  return true;
}

/// [nohz_balancer_kick] A CPU with more than one thread wakes one that sleeps.
void Kernel::kick_idle(int from) {
  for (int i = 0; i < static_cast<int>(cpus_.size()); ++i) {
    if (i == from || cpu(i).current >= 0 || !cpu(i).threads.empty()) continue;
    reschedule(i);
    arm(i);
    return;
  }
}

/// What it weighs at the root [task_h_load].
double Kernel::load_share(const Thread& t) {
  double share = t.self.weight;
  for (Queue* q = &queue(t.group, t.cpu); above(*q) != nullptr; q = above(*q))
    share *= q->self.weight / std::max(q->load, share);
  return share;
}

double Kernel::load_of(int index) { return queue(kRoot, index).load; }

int Kernel::busiest_but(int index) {
  int busiest = -1;
  for (int i = 0; i < static_cast<int>(cpus_.size()); ++i)
    if (i != index && cpu(i).threads.size() > 1 && (busiest < 0 || load_of(i) > load_of(busiest))) busiest = i;
  return busiest;
}

/// [sched_balance_rq] Evens out weights with the busiest CPU; what is too heavy is moved after a few failures.
void Kernel::balance(int to) {
  Cpu& c = cpu(to);
  c.balance_at = now_ + kBusyInterval * static_cast<Ns>(cpus_.size());
  for (Queue& q : queues_)
    if (q.queued.empty() && q.average > 0) update_average(q);   // [sched_balance_update_blocked_averages]
  const int from = busiest_but(to);
  if (from < 0 || load_of(from) <= load_of(to) * kTolerated) return;
  double imbalance = (load_of(from) - load_of(to)) / 2;
  bool moved = false;
  for (std::size_t i = cpu(from).threads.size(); i-- > 0 && imbalance > 0;) {
    const ThreadId id = cpu(from).threads[i];
    const Thread& t = threads_[id];
    const bool hot = now_ - t.ran_at < kHot && c.failed_balances <= 1;   // [cache_nice_tries]
    if (cpu(from).current == static_cast<std::int64_t>(id) || t.pinned >= 0 || hot) continue;
    const double load = load_share(t);
    if (load / (1 << std::min(c.failed_balances, 8)) > imbalance) continue;
    imbalance -= load;
    migrate(id, to);
    moved = true;
    if (cpu(from).threads.size() < 2) break;
  }
  c.failed_balances = moved ? 0 : c.failed_balances + 1;
  c.resched = c.resched || moved;
}

}  // namespace headroom::lab::sim
