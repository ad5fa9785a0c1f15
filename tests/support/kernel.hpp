// A kernel to be held to the contract: the machine's (tests/live) or the simulator's (tests/contract). One suite, so that
// the simulator cannot drift away from what it stands for.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "cgroups/types/bandwidth.hpp"
#include "cgroups/types/result.hpp"
#include "cgroups/types/text.hpp"

namespace headroom::contract {

/// v2: quota is cpu.max, which carries the period; there is no period file.
enum class File { quota, period, burst, shares };

struct Threads {
  int count = 1;
  int cpu = -1;          ///< the only CPU they may run on; -1: any
  nanoseconds work{0};   ///< CPU time of each, after which it ends; 0: until it is stopped
};

class Kernel {
 public:
  using Group = int;
  using Running = int;
  static constexpr Group kTop = -1;

  virtual ~Kernel() = default;
  virtual bool v2() const = 0;
  virtual int cpus() const = 0;
  virtual int some_cpu() const = 0;                     ///< one that may be used

  virtual Group make(Group parent) = 0;                 ///< with the kernel's defaults; throws where that is refused
  virtual Result<> write(Group group, File file, const std::string& text) = 0;
  virtual Result<std::string> read(Group group, File file) = 0;
  virtual Result<Bandwidth> bandwidth(Group group) = 0;
  virtual Result<Shares> shares(Group group) = 0;
  virtual Result<ThrottleCounters> throttle(Group group) = 0;
  virtual Result<nanoseconds> usage(Group group) = 0;
  virtual Result<bool> populated(Group group) = 0;
  virtual Result<nanoseconds> pressure(Group group) = 0;   ///< absent: PSI is off, or not for groups
  virtual Result<nanoseconds> node_usage() = 0;

  virtual Running start(Group group, const Threads& threads) = 0;
  virtual void stop(Running running) = 0;
  virtual void wait(Running running) = 0;               ///< until their work is done
  virtual void pause(Running running) = 0;              ///< SIGSTOP
  virtual void resume(Running running) = 0;

  virtual void rest(nanoseconds time) = 0;
  virtual nanoseconds now() = 0;                        ///< for deadlines and ratios
};

/// Names of the kernels that this program can test; with none there is nothing to be run.
std::vector<std::string> kernel_names();
std::unique_ptr<Kernel> make_kernel(const std::string& name);

/// The value of a Result, or a failed test that says why.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().where + ": " + result.error().detail);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Errc::io where there is no error, which none of the contracts expects.
template <class T>
Errc code(const Result<T>& result) {
  return result ? Errc::io : result.error().code;
}

/// Asks until it is so; false after `patience`, which is there for slow guests only.
template <class Condition>
bool eventually(Kernel& kernel, Condition holds, milliseconds patience = milliseconds{5000}) {
  const nanoseconds end = kernel.now() + patience;
  while (!holds()) {
    if (kernel.now() > end) return false;
    kernel.rest(milliseconds{2});
  }
  return true;
}

/// Quota and period of a group; the burst stays.
inline Result<> set_limit(Kernel& kernel, Kernel::Group group, std::optional<microseconds> quota, microseconds period) {
  if (kernel.v2()) return kernel.write(group, File::quota, format_cpu_max({quota, period, microseconds{0}}));
  if (auto set = kernel.write(group, File::period, format_microseconds(period)); !set) return set;
  return kernel.write(group, File::quota, format_quota(quota));
}

inline Result<> set_burst(Kernel& kernel, Kernel::Group group, microseconds burst) {
  return kernel.write(group, File::burst, format_microseconds(burst));
}

/// The largest weight there is, so that other work on the machine does not decide a test.
inline Result<> set_heavy(Kernel& kernel, Kernel::Group group) {
  return kernel.write(group, File::shares, kernel.v2() ? "10000" : "262144");
}

}  // namespace headroom::contract
