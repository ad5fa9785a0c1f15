// Where the loop's thread and the servers' threads meet: reports one way, commands the other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metrics/model/report.hpp"

namespace headroom {

enum class Command { publish, pause, resume, restore, reload, explain };   ///< reload: the ConfigKeeper was asked, and may have a newer one

class Board {
 public:
  Board();
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // The loop's side.
  int fd() const { return fd_; }                     ///< readable while commands wait
  std::vector<Command> take();
  void publish(std::shared_ptr<const Report> report);
  void answer(Command command, std::string text);    ///< of everything taken so far of that kind
  std::uint64_t to_explain() const;                  ///< Group::id that Command::explain is about
  void lends(MilliCpu lendable) { lendable_.store(lendable.value, std::memory_order_relaxed); }
  void ticked(TimePoint at) { ticked_.store(at.time_since_epoch().count(), std::memory_order_relaxed); }

  // The servers' side. Never waits for a loop that hangs longer than `patience`.
  std::shared_ptr<const Report> latest() const;      ///< nullptr before the first tick
  /// A report made after the call, or the latest where the loop does not answer in time.
  std::shared_ptr<const Report> fresh(milliseconds patience);
  void send(Command command);                        ///< waits for nobody
  /// @return what the loop answered; empty: it did not in time
  std::string ask(Command command, milliseconds patience);
  /// What the loop tells of one group; empty: nothing in time. One question at a time.
  std::string explain(std::uint64_t group_id, milliseconds patience);
  const std::atomic<std::int64_t>& lendable() const { return lendable_; }   ///< milli-CPU, of the last tick
  TimePoint last_tick() const { return TimePoint{nanoseconds{ticked_.load(std::memory_order_relaxed)}}; }

 private:
  void post(Command command);

  int fd_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Command> commands_;
  std::shared_ptr<const Report> report_;
  std::uint64_t published_ = 0;
  struct Answer { std::uint64_t count = 0; std::string text; };
  Answer answers_[6];   ///< by Command
  std::mutex one_question_;
  std::uint64_t to_explain_ = 0;
  std::atomic<std::int64_t> ticked_{0}, lendable_{0};
};

}  // namespace headroom
