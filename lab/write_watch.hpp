// Sees every write to the bandwidth files of some groups, with its time: how leases are timed from outside.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cgroups/fs/tree.hpp"

namespace headroom::lab {

struct SeenWrite {
  std::int64_t at = 0;        ///< CLOCK_MONOTONIC ns when it was seen: about 0.1 ms after the write
  std::string group;          ///< path below the hierarchy's root
  std::string file;           ///< "cpu.cfs_quota_us", "cpu.cfs_burst_us", "cpu.max", …
  std::string value;          ///< of the file, read right after
};

/// A thread of its own at real-time priority, where that is allowed: what it times must not wait for the load.
class WriteWatch {
 public:
  static Result<std::unique_ptr<WriteWatch>> start(const Hierarchy& where, const std::vector<std::string>& groups);
  ~WriteWatch();
  Result<> add(const std::string& group);
  std::vector<SeenWrite> seen() const;

 private:
  WriteWatch(Watcher watcher, Hierarchy where);
  void run();
  Watcher watcher_;
  Hierarchy where_;
  mutable std::mutex mutex_;        ///< guards watcher_ and seen_
  std::vector<SeenWrite> seen_;
  std::atomic<bool> quit_{false};
  std::thread thread_;
};

}  // namespace headroom::lab
