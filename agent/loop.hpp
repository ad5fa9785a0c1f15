// The daemon's only busy thread: waits, ticks, accounts, answers commands. All of the engine's state lives here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/accounting.hpp"
#include "agent/board.hpp"
#include "agent/credit_keeper.hpp"
#include "agent/enforcement.hpp"
#include "agent/kernel_sink.hpp"
#include "agent/log.hpp"
#include "config/config.hpp"
#include "engine/accounts.hpp"
#include "engine/tick.hpp"

namespace headroom {

/// What the loop is built on; all of it outlives the loop.
struct LoopParts {
  const Config& config;
  Source& source;
  Sink& sink;
  int event_fd = -1;                     ///< readable when somebody touched a watched file or made a group; -1: none
  std::function<bool()> heard_of_others; ///< after a tick that wrote: takes our own events; true: somebody else's too
  Board& board;
  Log& log;
  CreditKeeper& credits;
  Enforcement* enforcement = nullptr;    ///< nullptr: nothing may be written
  KernelSink* kernel = nullptr;          ///< the sink, where it is the real one
  std::string mode, mode_reason;         ///< in force, and why it is not the one asked for
  std::string cgroup_root;
  Hierarchy where;                       ///< what is written; for saying what forbids it
};

class Loop {
 public:
  Loop(const LoopParts& parts, Engine engine);
  /// Until SIGTERM or SIGINT, which the caller has blocked in every thread; then until everything is at base, at most
  /// 2 s. @return whether it is.
  bool run();

 private:
  enum class Woken { due, stopped };
  Woken wait();
  nanoseconds until_next(TimePoint now) const;
  void once();
  void watch_guard(TimePoint now);
  void note_denials(TimePoint now);
  void go_on_in_observe(TimePoint now);
  Sink& sink();
  void behind_fence(TimePoint now);
  void begin_again(TimePoint now);
  void take_commands();
  void all_off();
  bool settled() const;
  void answer_pending(TimePoint now);
  void publish();

  LoopParts parts_;
  Engine engine_;
  Accounting accounting_;
  Accounts accounts_;
  NoticingSource source_;
  std::optional<TickResult> last_;
  TimePoint ticked_, guard_seen_, fence_tried_;
  std::optional<Command> pending_;       ///< pause or restore that waits until everything is at base
  TimePoint pending_until_;
  bool paused_ = false, stopping_ = false;
  std::optional<Error> denied_;          ///< the write that showed that none may be made
  bool observing_ = false;               ///< since then
  NullSink nothing_;                     ///< and its sink
  int signals_ = -1;
};

/// A read plan that reads everything: of the first tick, and after a fence.
ReadPlan first_reads(TimePoint now);

}  // namespace headroom
