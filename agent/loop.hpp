// The daemon's only busy thread: waits, ticks, accounts, answers commands. All of the engine's state lives here.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/accounting.hpp"
#include "agent/board.hpp"
#include "agent/config_keeper.hpp"
#include "agent/credit_keeper.hpp"
#include "agent/hands.hpp"
#include "agent/log.hpp"
#include "agent/recorder.hpp"
#include "agent/sources/name_service.hpp"
#include "engine/accounts.hpp"
#include "engine/tick.hpp"
#include "systemd/manager.hpp"

namespace headroom {

/// What the loop is built on; all of it outlives the loop.
struct LoopParts {
  ConfigKeeper& configs;
  KernelSource& source;
  Hands& hands;
  Board& board;
  Log& log;
  CreditKeeper& credits;
  Recorder& recorder;   ///< of the journal
  NameBoard& names;
  NameService& sources;
  systemd::Manager& manager;
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
  void behind_fence(TimePoint now);
  void begin_again(TimePoint now);
  void take_commands();
  void take_names();
  void tell_of_annotations(const Pod& pod);
  void ask_about(std::vector<Identity> who);
  void ask_who_wrote();
  void take_unit_answers(std::vector<UnitAnswer> answers);
  void meet(std::string rival);
  void resume();
  void update_off();
  void look_for_off_file(TimePoint now);
  std::shared_ptr<const Loaded> newest_config();
  void begin_change(std::shared_ptr<const Loaded> next);
  void change_if_ready(TimePoint now);
  void take_mode(Mode wanted);
  void take_policy(const Config& next);
  bool settled() const;
  bool closed() const;
  bool hurrying() const;
  void answer_pending(TimePoint now);
  void publish();
  void tell_manager(TimePoint now);
  std::string status_line() const;
  std::string explained(std::uint64_t group_id) const;

  LoopParts parts_;
  Engine engine_;
  Accounting accounting_;
  Accounts accounts_;
  NoticingSource source_;
  std::optional<TickResult> last_;
  TimePoint ticked_, guard_seen_, fence_tried_, off_looked_, trimmed_, manager_told_;
  std::uint64_t tick_ = 0;               ///< number of the last tick
  std::optional<Command> pending_;       ///< pause or restore that waits until everything is at base
  TimePoint pending_until_;
  std::shared_ptr<const Loaded> config_; ///< in force
  std::shared_ptr<const Loaded> next_;   ///< waits until everything is at base, where it has to
  TimePoint next_until_;
  std::vector<Policy::Credit> carried_;  ///< of the last policy that had accounts
  bool paused_ = false, stopping_ = false, giving_back_ = false, off_file_ = false;
  std::optional<Error> denied_;          ///< the write that showed that none may be made; until the next tick
  std::map<std::string, std::vector<std::string>> annotations_told_;   ///< by pod UID
  std::string rival_;                    ///< another agent that moves limits on this node: nothing is written while it is there
  int signals_ = -1;
};

/// What the engine has to know of the mode in force.
void arm(Engine& engine, const Hands& hands);

/// log.level and log.format.
void set_log(Log& log, const Config& config);

/// The parameters of the model that a reload may change at any time.
void set_bounds(ModelParams& params, const Config& config);

/// A read plan that reads everything: of the first tick, and after a fence.
ReadPlan first_reads(TimePoint now);

}  // namespace headroom
