// One daemon a node: the lock in the run directory, and the guard that waits for it to fall free.
#pragma once

#include <sys/types.h>

#include <string>

#include "cgroups/types/result.hpp"

namespace headroom {

/// <run_dir>/lock, held by flock for the life of the process; its text says who holds it. Move-only.
class RunLock {
 public:
  /// Waits up to 2 s for a guard that is just restoring.
  /// Errors: rejected (held; the detail says by whom), denied (directory not writable), io.
  static Result<RunLock> acquire(const std::string& run_dir);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();

 private:
  explicit RunLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// Starts `headroom-guard --run-dir run_dir --once` in a session of its own, with no fd of ours but stderr: Ctrl-C
/// spares it, and it ends when we have ended and nothing is left to put back.
/// @return its pid. Errors: absent (no such program), io.
Result<pid_t> start_guard(const std::string& guard_binary, const std::string& run_dir);

}  // namespace headroom
