// The label headroom.io/lendable-cpus: what the stock scheduler can compare (NodeAffinity's Gt), as a feature file of
// node-feature-discovery, which puts it on the Node and takes it off again when it expires.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/log.hpp"

namespace headroom {

/// Which value the label has. Pure.
class NodeLabel {
 public:
  /// Once a second. @return whole CPUs that were lendable for all but the worst tenth of the last minute, where they are other
  /// by at least 2 than what was told before, at most once a minute; nullopt: no change
  std::optional<int> sample(TimePoint now, MilliCpu lendable);

 private:
  static constexpr std::size_t kSamples = 60;
  std::array<std::int64_t, kSamples> milli_{};
  std::size_t count_ = 0;
  std::optional<int> told_;
  TimePoint changed_;
};

/// What node-feature-discovery reads. @param expires  seconds since the epoch
std::string feature_file(int cpus, std::time_t expires);

constexpr const char* kFeatureDir = "/etc/kubernetes/node-feature-discovery/features.d";

/// Writes it, on a thread of its own: the directory may be on a disk.
class LabelKeeper {
 public:
  /// @param lendable  milli-CPU, kept by the loop; outlives it
  LabelKeeper(const std::atomic<std::int64_t>& lendable, Log& log) : lendable_(lendable), log_(log) {}
  ~LabelKeeper() { stop(); }
  LabelKeeper(const LabelKeeper&) = delete;
  LabelKeeper& operator=(const LabelKeeper&) = delete;

  /// @param dir  empty: the file goes, and nothing is written any more
  void take(const std::string& dir);

 private:
  void stop();
  void work();
  void write(int cpus);

  const std::atomic<std::int64_t>& lendable_;
  Log& log_;
  std::string dir_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace headroom
