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

/// Every 20 ms: quota, usage and throttled time of the first four steps and of their pods, by kept fds, for at most
/// 30 s. Nothing is opened for writing. A group that cannot be read ends its own timeline there.
class TimelineSampler {
 public:
  /// Opens the groups in the caller's thread and looks on from `from` to `to` (CLOCK_MONOTONIC ns).
  static std::unique_ptr<TimelineSampler> start(Rig& rig, const std::string& arm, std::int64_t from, std::int64_t to);
  ~TimelineSampler();
  /// Ends the looking on. Groups of which fewer than two looks succeeded are left out.
  std::vector<Timeline> finish();

 private:
  struct Watched {
    std::string name;
    GroupFiles files;
    std::optional<double> base_cores;
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
