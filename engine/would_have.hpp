// What another policy would have done with the inputs of a journal, and what that would have cost. Pure.
//
// Open loop: use and throttling are those that were recorded, under the policy that was in force then. A journal recorded
// in observe therefore tells most.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/replay.hpp"

namespace headroom {

/// Sums over all ticks. Times of threads or CPUs, so that they may exceed wall time.
struct WouldHave {
  std::uint64_t ticks = 0;
  std::uint64_t settings = 0, refills = 0;   ///< writes; a settings write changes a value
  std::uint64_t raised = 0;                  ///< times that a container began to have more than its limit
  nanoseconds raised_for{0};                 ///< summed over containers
  nanoseconds throttled{0};                  ///< recorded, of containers with a limit; as the kernel counts, over CPUs
  nanoseconds avoided{0};                    ///< of that, what fell into time in which it had more: the most that it avoids
  nanoseconds from_neighbours{0};            ///< CPU that the raised could have used beyond their limits, and that was not idle
};

class Counterfactual {
 public:
  /// Errors: what is wrong with the name.
  static Result<Counterfactual> of(const std::string& policy);

  /// The first checkpoint, or one after a gap. Errors: malformed.
  Result<> begin(std::string_view checkpoint);
  /// @param recorded  the tick as its own policy decided it: whose values the files' owners gave
  void tick(const Replay::Tick& recorded);
  const WouldHave& sums() const { return sums_; }

 private:
  struct Look {                     ///< between two readings of a container's throttling
    std::uint64_t id = 0;
    nanoseconds throttled{0};
    nanoseconds raised{0}, passed{0};
    bool is_raised = false;
  };

  Sample inputs(const Replay::Tick& recorded);
  Reading as_it_would_read(const Reading& reading, const Replay::Tick& recorded) const;
  void count(const Snapshot& now, nanoseconds passed);
  void count_container(const Snapshot& now, Slot slot, nanoseconds passed, MilliCpu& extra);

  std::string policy_;
  std::optional<Engine> engine_;
  NullSink sink_;
  TimePoint last_;
  std::vector<Ownership> own_;      ///< of the tick before: what the files would hold
  std::vector<Look> looks_;
  WouldHave sums_;
};

}  // namespace headroom
