// One slow tick of the real engine on real groups, beside the bare reads of the same schedule.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/kernel_source.hpp"
#include "lab/cost_node.hpp"

namespace headroom::bench {

enum class Activity { idle, active };

/// A thread with descriptors of its own: those of 2000 groups and those of the bare reads are more than one table may hold.
class OwnFiles {
 public:
  OwnFiles();
  ~OwnFiles();
  OwnFiles(const OwnFiles&) = delete;
  OwnFiles& operator=(const OwnFiles&) = delete;
  void run(std::function<void()> work);   ///< there, to its end

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> work_;
  bool stop_ = false;
  std::thread thread_;
};

/// A scratch tree of pods and containers, a kernel source and an engine whose slow clock is as long as its grid, so that
/// every tick reads every group. Time is the rig's own: each tick happens when it is due.
class TickRig {
 public:
  /// @param groups  pods and containers together, two pods to five containers; 10 or more
  /// Active: up to 60 of the containers use 1 % of a CPU each. Errors: as of CostNode and KernelSource.
  static Result<std::unique_ptr<TickRig>> build(int groups, Activity activity);
  ~TickRig();

  /// Each returns the CPU time of the calling thread, and makes one step of the same cycle.
  nanoseconds tick();
  nanoseconds bare();              ///< `pread` by kept fds of what the tick of this step reads
  nanoseconds open_read_close();   ///< the same files, each opened anew
  void step() { ++step_; }

  std::size_t groups_read() const { return groups_read_; }
  std::size_t preads() const { return preads_[0].size(); }

 private:
  explicit TickRig(lab::CostNode node) : node_(std::move(node)) {}
  Result<> start();
  void once();
  Result<> record();   ///< errors: io, a file could not be opened

  /// Node files are read once a second, so at every fourth tick.
  static constexpr std::size_t kCycle = 4;

  lab::CostNode node_;
  std::unique_ptr<KernelSource> source_;
  Engine engine_{ModelState(ModelParams{}), {}, {}, {}, {}, {}, {}, {}, {}};
  NullSink sink_;
  std::vector<ReadRequest> everything_;   ///< who is read in every tick that is measured: also who would sleep
  std::vector<std::string> files_;
  std::vector<int> fds_;   ///< in the table of beside_
  std::vector<std::uint32_t> preads_[kCycle];   ///< indices into files_
  std::size_t step_ = 0, ticks_ = 0, groups_read_ = 0;
  OwnFiles beside_;
};

/// What a 1 Hz loop finds in the caches: nothing of its own.
void evict_caches();

}  // namespace headroom::bench
