// CLOCK_MONOTONIC for the impure half: the pure half gets time points as arguments.
#pragma once

#include <ctime>

#include "cgroups/types/units.hpp"

namespace headroom {

inline TimePoint monotonic_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return TimePoint{seconds{t.tv_sec} + nanoseconds{t.tv_nsec}};
}

}  // namespace headroom
