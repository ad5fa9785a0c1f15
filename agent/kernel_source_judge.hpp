// The signal that tells how long a group waits: the best of what the node has (KERNEL 16, POLICY rank 1).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "agent/kernel_source_own.hpp"
#include "agent/run_delay.hpp"
#include "metrics/model/snapshot.hpp"

namespace headroom {

/// What there is to judge by; one field for each question that detect_judge asks.
enum class Signal { present, missing };
struct JudgeSignals {
  Signal pressure = Signal::missing;    ///< cpu.pressure of groups whose processes are really in them
  Signal wait_sum = Signal::missing;    ///< v1 cpu.stat, where kernel.sched_schedstats is 1
  Signal run_delay = Signal::missing;   ///< other processes' threads can be seen
};
/// POLICY's order: pressure, wait_sum, run_delay, none.
Judge best_judge(const JudgeSignals& signals);

/// Looks at the live containers. On a hybrid host a mirror group may exist without the processes in it: its pressure
/// would read 0 for ever, so a mirror counts only where the group is populated in it.
JudgeSignals look_for_signals(const Hierarchy& where, const Catalog& catalog);

/// Reads the wait of groups by one judge; keeps what that needs.
class WaitReader {
 public:
  WaitReader(Judge judge, Hierarchy where) : judge_(judge), where_(std::move(where)) {}
  Judge judge() const { return judge_; }
  /// Cumulative: wall time (pressure) or summed over threads. Errors: absent (also with Judge::none), gone, denied, io.
  Result<nanoseconds> read(Slot slot, const Group& group, GroupFiles& files, TimePoint now);
  void forget(Slot slot);

 private:
  struct Kept {
    std::uint64_t id = 0;
    fs::Fd stat;                           ///< wait_sum
    std::unique_ptr<RunDelay> delay;       ///< run_delay
  };
  Kept& kept(Slot slot, const Group& group);
  Result<nanoseconds> wait_sum(Kept& kept, const Group& group);

  Judge judge_;
  Hierarchy where_;
  std::vector<Kept> kept_;
};

}  // namespace headroom
