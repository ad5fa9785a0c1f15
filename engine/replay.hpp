// Decides again what a journal says was decided. Pure.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/journal.hpp"

namespace headroom {

/// What a replay has come across so far.
struct ReplayCount {
  std::uint64_t ticks = 0, agreeing = 0;              ///< replayed, and with the plan that is recorded
  std::uint64_t checkpoints = 0;
  std::uint64_t states = 0, states_agreeing = 0;      ///< checkpoints that replay had reached by itself; to the byte
  std::uint64_t begun = 0;                            ///< checkpoints that it had not reached by itself
  std::uint64_t first_disagreement = 0;               ///< tick; 0: none
  bool torn = false;                                  ///< a segment's last frame is not whole
};

/// Decides a tick again. `engine` is as after the tick before; the snapshot refers to `input`. The sample stays empty.
TickResult replay_tick(Engine& engine, const JournalTick& input);

class Replay {
 public:
  /// @param segments  in order; their bytes outlive the replay
  explicit Replay(std::vector<std::string_view> segments) : segments_(std::move(segments)) {}

  struct Tick {
    std::uint64_t number;
    Snapshot snapshot;       ///< of the replay; valid until the next tick
    const JournalTick& recorded;
    Plan plan;               ///< of the replay
    bool agrees;             ///< with the recorded plan, byte for byte
  };
  /// Changes inputs before they are replayed.
  using Edit = std::function<void(JournalTick&)>;

  /// @return nullptr: the end, or error()
  const Tick* next(const Edit& edit = {});
  /// After a tick: what was carried to it. nullptr before the first checkpoint.
  const Engine* engine() const { return engine_ ? &*engine_ : nullptr; }
  /// The state as it is now, for restore_checkpoint(); empty before the first checkpoint.
  std::string state() const { return engine_ ? checkpoint_bytes(number_, when_, *engine_, input_.catalog) : std::string{}; }
  const ReplayCount& count() const { return count_; }
  /// The payload of the last checkpoint that replay had not reached by itself: something else can begin there, too.
  std::string_view begun_at() const { return begun_at_; }
  /// malformed: bytes that are no journal of this version.
  const std::optional<Error>& error() const { return error_; }

 private:
  bool take_checkpoint();
  const Tick* replay(const Edit& edit);

  std::vector<std::string_view> segments_;
  std::size_t at_ = 0;                     ///< index of the segment after the present one
  std::optional<JournalDecoder> decoder_;
  std::string begun_at_;
  std::optional<Engine> engine_;
  std::uint64_t number_ = 0;               ///< of the last tick replayed or restored
  TimePoint when_;
  JournalTick input_;
  std::optional<Tick> tick_;
  ReplayCount count_;
  std::optional<Error> error_;
};

/// A segment with the inputs of its ticks changed; recorded plans and checkpoints stay as they are. Errors: malformed.
Result<std::string> edited_segment(std::string_view segment, const Replay::Edit& edit);

}  // namespace headroom
