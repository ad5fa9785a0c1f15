// What every live test needs to know of the machine it runs on. Uses no program but itself: it also runs as the only
// process of a guest.
#pragma once

#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>

#include "cgroups/fs/tree.hpp"

namespace headroom::live {

/// The machine's hierarchies; below $HEADROOM_TEST_ROOT where that is set (as --cgroup-root).
inline const Hierarchy& host() {
  static const Hierarchy found = [] {
    const char* root = std::getenv("HEADROOM_TEST_ROOT");
    auto detected = detect_hierarchy(std::string(root ? root : ""));
    if (!detected) throw std::runtime_error(detected.error().where + ": " + detected.error().detail);
    return *detected;
  }();
  return found;
}

inline bool on_v2() { return host().v2; }

inline void rest(nanoseconds time) {
  timespec left{time.count() / 1'000'000'000, time.count() % 1'000'000'000};
  while (::nanosleep(&left, &left) != 0) {
  }
}

/// For deadlines and as the measure of wall time in ratios; never compared with a constant.
inline nanoseconds now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return seconds{t.tv_sec} + nanoseconds{t.tv_nsec};
}

/// Asks until it is so; false after `patience`, which is there for slow guests only.
template <class Condition>
bool eventually(Condition holds, milliseconds patience = milliseconds{5000}) {
  const nanoseconds end = now() + patience;
  while (!holds()) {
    if (now() > end) return false;
    rest(milliseconds{2});
  }
  return true;
}

/// The value of a Result, or a failed test that says why.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().where + ": " + result.error().detail);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace headroom::live
