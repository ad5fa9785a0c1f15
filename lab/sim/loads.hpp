// The loads of a scenario as programs of simulated threads: what lab/worker.cpp does, step by step and with the same draws.
#pragma once

#include <vector>

#include "lab/random.hpp"
#include "lab/scenario.hpp"
#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {

/// One burst, request or job. due: when it was to start (open loop) or did (closed loop).
struct Worked {
  Ns due = 0, done = 0;
};

class Loads final : public Programs {
 public:
  using Id = std::uint32_t;   ///< of one load, dense

  /// Before anything else: the kernel that calls next().
  void attach(Kernel& kernel) { kernel_ = &kernel; }

  /// Threads that sleep until begin(). @param cpu  the only one they may run on; -1: any
  Id add(GroupId group, const Load& load, std::uint64_t seed, Urgency urgency = Urgency::ordinary, int cpu = -1);
  /// A thread that only works when somebody else wakes it.
  ThreadId add_idle(GroupId group) { return workers_[add(group, Load{}, 0)].threads.front(); }
  /// @param end  nothing is due from here on; kNever: open
  void begin(Id load, Ns at, Ns end);
  /// Its threads are no more. What it logged stays.
  void kill(Id load);
  void pause(Id load);
  void resume(Id load);
  bool done(Id load) const { return workers_[load].phase == Phase::over; }
  const std::vector<Worked>& log(Id load) const { return workers_[load].log; }
  std::size_t size() const { return workers_.size(); }

  Step next(ThreadId thread, Ns now) override;

 private:
  /// Of the first thread, which leads the others.
  enum class Phase { before, pausing, due, burning, joining, over };
  struct Worker {
    Load load;
    Random random{0};
    Phase phase = Phase::before;
    Ns begin = 0, end = kNever;
    Ns due = 0;                          ///< of what is under way
    Ns share = 0;                        ///< CPU time of each thread at a time
    int helping = 0;                     ///< helpers at work
    std::vector<ThreadId> threads;
    std::vector<Worked> log;
  };
  Step lead(Worker& w, Ns now);
  Step first_step(Worker& w, Ns now);
  Step after_work(Worker& w, Ns now);
  Step pause_before_burst(Worker& w, Ns now);
  Step work_together(Worker& w, Ns now);
  Step next_request(Worker& w, Ns now);
  Step help(Worker& w, ThreadId helper);

  Kernel* kernel_ = nullptr;
  std::vector<Worker> workers_;
  std::vector<std::uint32_t> owner_;     ///< by thread
};

}  // namespace headroom::lab::sim
