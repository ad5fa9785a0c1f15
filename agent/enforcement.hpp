// Everything that has to stand before the first write: lock, ledger, guard, capabilities. Gone again on leave().
#pragma once

#include <memory>
#include <string>

#include "agent/lock.hpp"
#include "agent/log.hpp"
#include "agent/options.hpp"
#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/ledger/ledger.hpp"
#include "engine/planner.hpp"

namespace headroom {

class Enforcement {
 public:
  /// Makes the run directory, takes the lock, opens the ledger, puts back what an earlier run of this boot left, starts
  /// the guard and waits until it shows itself, probes the kernel.
  /// Errors: rejected with where == kLockHeld (another daemon; the caller must not run at all); all others say why
  /// nothing may be written.
  static Result<std::unique_ptr<Enforcement>> enter(const Options& options, const Hierarchy& where, Log& log);
  ~Enforcement();
  Enforcement(const Enforcement&) = delete;
  Enforcement& operator=(const Enforcement&) = delete;

  static constexpr const char* kLockHeld = "lock";

  ledger::Ledger& ledger() { return ledger_; }
  const Capabilities& can() const { return can_; }
  void beat(TimePoint now) { ledger_.beat(now.time_since_epoch().count()); }
  /// Also starts a guard that died again, at most every 5 s. Call it a few times a second.
  bool guard_up(TimePoint now);
  bool fenced() const { return ledger_.fenced(); }
  /// Puts back every file that the ledger knows, and drops the rows of those that are back.
  ledger::RestoreResult restore();
  void lower_fence() { ledger_.lower_fence(); }
  /// The end: nothing of ours is left, the guard is not needed any more.
  ledger::RestoreResult leave();

 private:
  Enforcement(const Options& options, Log& log, RunLock lock) : options_(options), log_(log), lock_(std::move(lock)) {}
  Result<> open_ledger(bool v2);
  Result<> raise_guard();
  Result<> probe_kernel(const Hierarchy& where);

  const Options& options_;
  Log& log_;
  RunLock lock_;
  ledger::Ledger ledger_;
  Capabilities can_;
  pid_t guard_ = -1;
  TimePoint guard_started_;
};

/// What is assumed where nothing may be written.
Capabilities assumed_capabilities(const Hierarchy& where);

}  // namespace headroom
