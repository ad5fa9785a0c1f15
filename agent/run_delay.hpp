// How long the threads of a group have waited for a CPU, from /proc/<tid>/schedstat (KERNEL 16).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cgroups/fs/syscalls.hpp"
#include "cgroups/types/units.hpp"

namespace headroom {

/// Run delay of one group, summed over its threads and those of the groups below it. Keeps one fd per thread.
/// Needs the host's PID namespace: from another one v1 `tasks` reads empty.
class RunDelay {
 public:
  /// @param dir   absolute directory of the group
  /// @param list  "tasks" (v1) or "cgroup.threads" (v2)
  RunDelay(std::string dir, std::string list) : dir_(std::move(dir)), list_(std::move(list)) {}

  /// Cumulative since the first call, which is 0; never falls, also when threads end. What a thread that was born and
  /// ended between two calls waited is not seen. Threads and groups that come are looked for every kRefresh.
  /// Errors: absent (no schedstat in this kernel), denied, io. A thread that is gone is none.
  Result<nanoseconds> total(TimePoint now);
  std::size_t threads() const { return threads_.size(); }

  static constexpr nanoseconds kRefresh = milliseconds{250};

 private:
  struct Thread {
    fs::Fd file;
    nanoseconds seen{0};
    bool listed = false;
  };
  Result<> refresh();
  Result<> open_thread(int tid);

  std::string dir_, list_;
  std::map<int, Thread> threads_;
  nanoseconds sum_{0};
  TimePoint refreshed_;
  bool started_ = false;
};

/// The second number of a schedstat: time spent runnable and not running, ns. Errors: malformed.
Result<nanoseconds> parse_run_delay(std::string_view text, std::string_view where);

}  // namespace headroom
