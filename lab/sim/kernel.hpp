// A plain, deterministic model of the Linux scheduler as far as groups, weights and limits are concerned: EEVDF per group
// and CPU, CFS bandwidth control with its slices, timers and counters, wake-up placement and a little load balancing.
// No syscalls, no clock, no globals: time passes in advance() only.
#pragma once

#include <optional>
#include <span>

#include "cgroups/types/result.hpp"
#include "lab/sim/state.hpp"

namespace headroom::lab::sim {

/// What one file write of a group's limit says; each field nullopt: left as it is.
struct LimitWrite {
  std::optional<std::optional<microseconds>> quota;   ///< inner nullopt: unlimited
  std::optional<microseconds> period, burst;
};

enum class Urgency { ordinary, urgent };   ///< urgent: strict priority over the others (`oracle`)

class Kernel {
 public:
  /// @param programs  outlives the kernel
  Kernel(const Machine& machine, Programs& programs);

  Ns now() const { return now_; }
  const Machine& machine() const { return machine_; }
  /// Runs until `to`. Use is accounted at ticks and switches only, as the kernel's is: a counter that is read in between
  /// is up to one tick old (KERNEL 11).
  void advance(Ns to);

  // Groups. An id that is gone gives Errc::gone.
  GroupId make(GroupId parent);
  /// With all that is below it and runs in it.
  void remove(GroupId group);
  bool alive(GroupId group) const { return group < groups_.size() && groups_[group].alive; }
  /// As one write of a file does: checks (KERNEL 3-6), then refills and unthrottles, also where nothing changes (KERNEL 1).
  /// Errors: rejected, gone.
  Result<> write_limit(GroupId group, const LimitWrite& write);
  /// Errors: rejected (v2, outside 1..10000), gone. v1 clamps to 2..262144 (KERNEL 7).
  Result<> write_shares(GroupId group, Shares shares);
  Bandwidth bandwidth(GroupId group) const;
  Shares shares(GroupId group) const { return groups_[group].shares; }
  ThrottleCounters throttle(GroupId group) const { return groups_[group].counters; }
  nanoseconds usage(GroupId group) const { return nanoseconds{groups_[group].usage}; }
  /// Wall time in which a thread of it waited, its own quota included (KERNEL 16). Fresh.
  nanoseconds waited(GroupId group) const;
  bool populated(GroupId group) const { return groups_[group].threads > 0; }
  GroupId parent(GroupId group) const { return groups_[group].parent; }
  std::span<const GroupId> children(GroupId group) const { return groups_[group].children; }

  // Threads.
  /// Asleep until it is woken. @param cpu  the only one it may run on; -1: any
  ThreadId spawn(GroupId group, int cpu = -1, Urgency urgency = Urgency::ordinary);
  /// Nice value as a weight: 1024 is nice 0. Of a thread that has not run yet.
  void set_weight(ThreadId thread, double weight) { threads_[thread].self.weight = weight; }
  void kill(ThreadId thread);
  /// From now on `work` ns of CPU time; what it had left is kept. Nothing where it is gone.
  /// @param waker  thread that does it, whose CPU it may be drawn to
  void wake(ThreadId thread, Ns work, std::optional<ThreadId> waker = {});
  /// Asks the program at that time; a sleep before is forgotten.
  void wake_at(ThreadId thread, Ns at);
  void pause(ThreadId thread);             ///< SIGSTOP
  void resume(ThreadId thread);            ///< SIGCONT

  /// Time that the CPU was busy, accounted as usage is.
  nanoseconds busy(int cpu) const { return nanoseconds{cpus_[static_cast<std::size_t>(cpu)].busy}; }

 private:
  Cpu& cpu(int index) { return cpus_[static_cast<std::size_t>(index)]; }
  Queue& queue(GroupId group, int on) { return queues_[group * cpus_.size() + static_cast<std::size_t>(on)]; }
  QueueId id_of(const Queue& q) const { return static_cast<QueueId>(&q - queues_.data()); }
  Entity& entity(EntityId id);
  /// nullptr above the root.
  Queue* above(const Queue& q);

  // kernel_run.cpp
  void set_timer(Timer::Kind kind, std::uint32_t id, Ns at, std::uint32_t alarm);
  void fire();
  void wake_from_timer(const Timer& timer);
  void cpu_event(int index);
  void account(int index);
  void charge(Queue& q);
  void tick(int index);
  void reschedule(int index);
  std::int64_t pick(int index);
  void switch_to(int index, std::int64_t next);
  Queue* first_queue(std::int64_t thread, int on);
  void arm(int index);
  void ask(ThreadId thread);

  // kernel_threads.cpp
  void start(ThreadId thread, int wakers_cpu);
  void fall_asleep(ThreadId thread);
  enum class Waits { no, yes };
  void set_waiting(ThreadId thread, Waits waits);
  void settle_waiting(ThreadId thread, std::int64_t running);

  // kernel_fair.cpp
  static double virtual_slice(Ns slice, const Entity& e) { return static_cast<double>(slice) * kNiceZero / e.weight; }
  double average(const Queue& q);
  EntityId choose(Queue& q);
  void place(Queue& q, Entity& e);
  enum class Leaving { to_sleep, to_limbo, to_another_cpu };
  void enter_queue(Queue& q, EntityId id);
  void enter_again(Queue& q, EntityId id);
  enum class Left { gone, delayed };
  Left leave_queue(Queue& q, EntityId id, Leaving why);
  void take_out(Queue& q, EntityId id);
  void update_average(Queue& q);
  void reweigh(Queue& q);

  // kernel_queue.cpp
  void enqueue(ThreadId thread, int on);
  void dequeue(ThreadId thread, Leaving why);
  void drop_delayed(EntityId id);
  void prefer(Queue* q);
  void to_limbo(ThreadId thread);
  void leave_limbo(ThreadId thread);
  void preempt_if_due(ThreadId woken);

  // kernel_balance.cpp
  int select_cpu(const Thread& t, int wakers_cpu);
  int affine(const Thread& t, int wakers_cpu);
  bool pull(int to);
  void kick_idle(int from);
  void balance(int to);
  void migrate(ThreadId thread, int to);
  double load_share(const Thread& t);
  double load_of(int index);
  int busiest_but(int index);

  // kernel_pools.cpp
  bool assign(Queue& q, Ns target);
  void charge_limit(Queue& q, Ns delta);
  bool ran_dry(Queue& q);
  bool throttle(Queue& q);
  void unthrottle(Queue& q);
  void change_throttles(GroupId group, int on, int by);
  void return_slack(Queue& q);
  void check_on_entry(Queue& q);
  void start_period(GroupId group);
  void end_period(GroupId group);
  void slack(GroupId group);
  bool distribute(GroupId group);
  void refill(TaskGroup& g);

  // kernel_settings.cpp
  bool fits_tree(GroupId group, Ns quota, Ns period) const;
  bool fits_below(GroupId group, std::uint64_t allowed) const;

  Machine machine_;
  Programs& programs_;
  Ns now_, tick_, slice_, base_slice_;
  std::uint64_t numbers_ = 0;
  std::vector<Cpu> cpus_;
  std::vector<TaskGroup> groups_;
  std::vector<Queue> queues_;
  std::vector<Thread> threads_;
  std::vector<Timer> timers_;              ///< a heap, the soonest first
};

}  // namespace headroom::lab::sim
