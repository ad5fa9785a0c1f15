// When to ask a source again who is who. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "cgroups/types/units.hpp"

namespace headroom {

/// Every 30 s; sooner for a stranger: 50 ms after it came (so that a pod's containers share an answer), then 0.2 and 0.5 s later,
/// every 0.8 s until it is ten seconds old, and 2 and 5 s after that, until the answer names it. After a failure 0.2 s, doubling to 30. An answer that took long is not asked for
/// often: it may cost a fiftieth of the time, but is at most 0.9 s old.
class AskTimes {
 public:
  explicit AskTimes(TimePoint now) : next_regular_(now) {}

  /// @param key  what the answer will name it by
  void stranger(const std::string& key, TimePoint now);
  enum class Answered { yes, no };
  /// @param knows  whether the answer names a key
  void asked(TimePoint begin, TimePoint end, Answered answered, const std::function<bool(const std::string&)>& knows);
  TimePoint next() const;
  std::size_t strangers() const { return strangers_.size(); }

 private:
  struct Stranger {
    TimePoint due;
    std::size_t tries = 0;
  };
  TimePoint next_regular_, not_before_;
  nanoseconds pause_{0};   ///< after failures
  std::map<std::string, Stranger> strangers_;
};

}  // namespace headroom
