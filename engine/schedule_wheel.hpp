// Timers that nobody sleeps for: a wheel of hundredths of a second. Only engine/schedule*.cpp include this.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "cgroups/types/catalog.hpp"

namespace headroom::scheduling {

enum class Task : std::uint8_t {
  eligible,  ///< usage of a container that may borrow
  watch,     ///< usage of a pod in which such containers sleep
  slow,      ///< usage and throttling
  settings,  ///< round-robin
  young,     ///< settings of a group until its base is certain
  settle     ///< settings of a group that somebody touched
};

struct Timer {
  TimePoint due;
  Slot slot = kNoSlot;
  std::uint64_t id = 0;  ///< of the life it was made for: a reused slot does not inherit it
  Task task = Task::slow;
  friend bool operator>(const Timer& a, const Timer& b) { return a.due > b.due; }
};

/// Every group has several timers, and each turn of one would sift a heap of all of them; here it costs the same always.
class Wheel {
 public:
  void push(const Timer& timer);
  /// Takes out what is due at `until` and appends it to `out`, by steps of the wheel. `until` never goes back.
  void take_due(TimePoint until, std::vector<Timer>& out);

 private:
  static constexpr std::int64_t kSteps = 1024;   // a lap of 10.24 s: what is due later stays in for another one
  std::array<std::vector<Timer>, kSteps> steps_;
  std::int64_t next_ = 0;                        // first step that is not entirely past
};

}  // namespace headroom::scheduling
