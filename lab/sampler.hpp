// A light thread of the lab that looks at the steps' groups while the first rotation is measured.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lab/rig.hpp"
#include "lab/timeline.hpp"

namespace headroom::lab {

/// A group to be looked at.
struct SampleTarget {
  std::string name;                      ///< Timeline::group
  GroupFiles files;
  std::optional<double> base_cores;      ///< limit as the owner set it
};

/// The first four steps and their pods: what it costs is the same on a node of 64 CPUs with 128 steps.
std::vector<SampleTarget> first_steps(Rig& rig);

/// Every 20 ms: quota, usage and throttled time of some groups, by kept fds, for at most 30 s. Nothing is opened for
/// writing. A group that cannot be read ends its own timeline there.
class TimelineSampler {
 public:
  /// Looks on from `from` to `to` (CLOCK_MONOTONIC ns).
  static std::unique_ptr<TimelineSampler> start(std::vector<SampleTarget> targets, const std::string& arm, std::int64_t from,
                                                std::int64_t to);
  ~TimelineSampler();
  /// Ends the looking on. Groups of which fewer than two looks succeeded are left out.
  std::vector<Timeline> finish();

 private:
  struct Watched {
    SampleTarget target;
    std::string quota_text{};
    std::optional<double> quota_cores{};
    std::vector<Seen> looks{};
    bool readable = true;
  };
  TimelineSampler(std::string arm, std::int64_t from, std::int64_t to) : arm_(std::move(arm)), from_(from), to_(to) {}
  void run();
  static bool look(Watched& group, std::size_t number);

  std::string arm_;
  std::int64_t from_, to_;
  std::vector<Watched> groups_;      ///< the thread's alone until it has been joined
  double cpu_seconds_ = 0;
  std::atomic<bool> quit_{false};
  std::thread thread_;
};

}  // namespace headroom::lab
