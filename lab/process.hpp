// Load processes: forked, put into their group, then exec'd; and what they logged.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "cgroups/types/result.hpp"
#include "lab/work.hpp"

namespace headroom::lab {

/// One load process and the page shared with it. Killed and reaped when it goes.
class LoadProcess {
 public:
  /// @param settle  called between fork and exec with the child's pid: attaches it and writes the limits
  static Result<LoadProcess> start(const Load& load, int cpus, std::uint64_t seed, seconds longest,
                                   const std::function<Result<>(pid_t)>& settle);
  LoadProcess(LoadProcess&& other) noexcept;
  LoadProcess& operator=(LoadProcess&& other) noexcept;
  ~LoadProcess();

  pid_t pid() const { return pid_; }
  WorkPage& page() { return *page_; }
  const WorkPage& page() const { return *page_; }
  void kill_now();

 private:
  LoadProcess() = default;
  WorkPage* page_ = nullptr;
  std::size_t bytes_ = 0;
  pid_t pid_ = -1;
};

}  // namespace headroom::lab
