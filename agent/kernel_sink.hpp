// The live edge on the writing side: Plan -> cgroup files, with ledger, fence and undo.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/kernel_sink_counters.hpp"
#include "agent/kernel_sink_ledger.hpp"
#include "engine/tick.hpp"

namespace headroom {

/// Where a test may stop or kill the daemon.
enum class SinkStage {
  before_intend,    ///< nothing has happened
  after_intend,     ///< the ledger has it, the fence has not been looked at
  after_fence,      ///< the fence was down, the value was as expected: the pwrite comes next
  after_write,      ///< the pwrite returned
  between_writes    ///< between two writes of one plan
};
using SinkHook = void (*)(SinkStage stage);
void set_sink_hook(SinkHook hook);   ///< tests only; nullptr: none. An atomic pointer.

/// Every pwrite that the sink is about to make: what for, `dir/file` and the text. Tests only.
using WriteHook = void (*)(WriteKind kind, const char* dir, const char* file, const char* text);
void set_write_hook(WriteHook hook);

enum class FenceState { down, raised };

/// Whether the write was left out or taken back only because another one of its unit failed.
bool failed_with_its_unit(const Error& error);
/// Error::where of a write that the guard's fence stopped.
constexpr const char* kFence = "fence";

/// One thread, the source's. A settings write is in the ledger before it happens; it happens only while the fence is down
/// and the file still holds what the plan says; writes of a unit that cannot all be made are taken back, except those
/// that gave a file its owner's value. A refill changes no value and needs no ledger.
class KernelSink final : public Sink {
 public:
  /// @param book  nullptr: refills only, every settings write fails with Errc::io
  KernelSink(GroupAccess& access, ledger::Ledger* book, OwnWrites& own, const Hierarchy& where, TimePoint (*clock)());

  /// One outcome per write, then one per refill, in the plan's order. Outcome::error of a settings write:
  /// rejected "foreign value …" (not written), rejected (EINVAL, or undone with its unit), gone, denied (also: fence),
  /// io (also: ledger). After a raised fence nothing is touched any more until the fence is lowered.
  std::vector<Outcome> apply(const Plan& plan, const Catalog& catalog) override;

  /// Heartbeat, at every tick: beats only while the ledger has rows.
  void beat(TimePoint now);
  /// The guard's fence stopped the last apply().
  FenceState fence() const { return fence_; }
  /// After a restore by somebody else: nothing in the files is ours.
  void reset();

  const SinkCounters& counters() const { return counters_; }
  /// Of a sink before this one: a counter never goes back.
  void count_on_from(const SinkCounters& counters) { counters_ = counters.carried_on(); }

 private:
  struct Done {
    std::size_t outcome = 0;
    std::uint32_t unit = 0;
    SinkTarget target;
    std::vector<FileStep> steps;
    bool homeward = false;
  };
  struct Run;   // of one apply()

  void settle_ledger(const Catalog& catalog);
  bool put_home(const OwnValues::Orphan& orphan);
  Outcome write(const Write& write, std::size_t index, Run& run);
  Result<> take_steps(const SinkTarget& target, const std::vector<FileStep>& steps, Whose whose);
  Result<> check(const SinkTarget& target, const FileStep& step, WriteKind kind);
  Result<> put(const SinkTarget& target, const FileStep& step, WriteKind kind, Whose whose);
  bool take_back(const SinkTarget& target, const std::vector<FileStep>& steps);
  void undo_unit(std::uint32_t unit, const Error& why, Run& run, std::vector<Outcome>& outcomes);
  Outcome refill(const Refill& refill, const Catalog& catalog);
  Result<> refill_level(const SinkTarget& target);
  Result<SinkTarget> target_of(Slot slot, const Catalog& catalog);
  bool fenced();
  void tell(WriteKind kind, const std::string& dir, CpuFile file, const std::string& text) const;

  GroupAccess& access_;
  ledger::Ledger* book_;
  OwnWrites& own_;
  Hierarchy where_;
  std::string root_;
  bool v2_;
  TimePoint (*clock_)();
  OwnValues ours_;
  SinkCounters counters_;
  FenceState fence_ = FenceState::down;
};

}  // namespace headroom
