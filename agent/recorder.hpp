// Writes the journal beside the loop: the loop encodes into memory, a thread of its own writes. A slow disk loses ticks of
// the journal and never makes one of the loop late.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/log.hpp"
#include "engine/journal.hpp"

namespace headroom {

/// One stream of ticks into memory; what is full goes to the thread that writes. Loop's side.
class Tape {
 public:
  /// @param segment_bytes  after so many a new segment begins; 0: never
  explicit Tape(std::size_t segment_bytes) : segment_bytes_(segment_bytes) {}

  struct Piece {
    std::string bytes;
    bool begins = false;         ///< with a new segment
  };
  /// The tick is over: `engine` is as after it, `result` is its inputs and plan.
  void tick(std::uint64_t number, const TickResult& result, const Engine& engine);
  /// What came before is not continued: bytes were lost, or the state was replaced.
  void break_off() { begun_ = false; }
  /// What has gathered since; empty where it is less than `least`.
  Piece take(std::size_t least);
  /// A copy of a large state is worth a longer segment: no more than a third of one, up to four times the length.
  bool full() const {
    return segment_bytes_ > 0 && segment_ >= std::clamp(3 * beginning_, segment_bytes_, 4 * segment_bytes_);
  }
  void segments_of(std::size_t bytes) { segment_bytes_ = bytes; }
  /// The state alone is more than a segment may be.
  bool too_large() const { return segment_bytes_ > 0 && beginning_ > 4 * segment_bytes_; }
  /// With the state after tick `number`. What was not taken is lost.
  void begin_segment(std::uint64_t number, const TickResult& result, const Engine& engine);

 private:
  JournalEncoder encoder_;
  std::size_t segment_bytes_, segment_ = 0, beginning_ = 0;
  Piece piece_;
  bool begun_ = false;
  std::uint64_t last_ = 0;
  const Policy* policy_ = nullptr;   ///< another one: the state was replaced
  ModelParams params_;               ///< the same
};

class Recorder {
 public:
  /// @param state_dir  segments lie in its folder journal/; empty: none are kept
  /// @param most       bytes of all segments together; the oldest are dropped
  Recorder(const std::string& state_dir, std::size_t most, Log& log);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Another bound for the segments; in the loop's thread. What is over it goes with the next piece.
  void keep(std::size_t most);
  /// After every tick, in the loop's thread.
  void ticked(std::uint64_t number, const TickResult& result, const Engine& engine);

  /// A longer one, into a file of its own that must not exist yet; any thread. One at a time.
  /// Errors: rejected (one is running, the path is not absolute, or something is there), denied, io.
  Result<> record(const std::string& file, seconds length);

 private:
  struct Long;   ///< a recording of record()

  void hand_over(Tape& tape, std::size_t least, Long* into);
  void tick_long(std::uint64_t number, const TickResult& result, const Engine& engine);
  void work();
  void write_segment(const Tape::Piece& piece);
  void write_long(Long& into, const Tape::Piece& piece);
  void drop_old(std::size_t coming);
  enum class Keeping { yes, failed, too_large };
  /// Also begins anew where it failed and is to be tried again. Loop's thread.
  bool keeps(TimePoint now);
  void give_up(Keeping why, const std::string& what);
  void close_segment();

  struct Job {
    Tape::Piece piece;
    std::shared_ptr<Long> into;     ///< nullptr: the journal
  };
  struct Segment {
    std::filesystem::path file;
    std::size_t bytes = 0;
  };

  std::filesystem::path dir_;
  std::atomic<std::size_t> most_;
  Log& log_;
  // The loop's.
  Tape tape_;
  TimePoint handed_;
  std::shared_ptr<Long> long_;
  std::atomic<bool> asked_{false};
  TimePoint try_again_;             ///< where it has failed
  // The thread's.
  std::deque<Segment> segments_;
  std::uint64_t next_segment_ = 1;
  int fd_ = -1;
  // Shared.
  std::atomic<Keeping> keeping_{Keeping::yes};
  std::atomic<bool> told_{false};   ///< that none is kept
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::size_t waiting_ = 0;         ///< bytes in jobs_
  std::shared_ptr<Long> next_long_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace headroom
