// The page that the lab and one load process share: what to do, when, and what came of it.
#pragma once

#include <atomic>
#include <cstdint>

#include "lab/scenario.hpp"

namespace headroom::lab {

/// One burst, request or job. CLOCK_MONOTONIC ns. due: when it was to start (open loop) or did (closed loop).
struct WorkEvent {
  std::int64_t due = 0, done = 0;
};

/// Plain data in a memfd, mapped by both; the log follows it. The worker owns `count` and the log.
struct WorkPage {
  LoadKind kind = LoadKind::sleep;
  std::int32_t threads = 1;
  std::int64_t cpu_ns = 0, pause_ns = 0, active_ns = 0, every_ns = 0;
  double rate = 0;
  std::uint64_t seed = 0;
  std::uint64_t capacity = 0;             ///< events that fit in the log
  std::atomic<std::int64_t> begin{0};     ///< when the load starts; 0: not said yet
  std::atomic<std::int64_t> end{0};       ///< nothing due from here on; 0: open
  std::atomic<std::uint32_t> ready{0};    ///< the process is up and waits for begin
  std::atomic<std::uint64_t> count{0};    ///< events logged
  char become[256] = {};                  ///< a job: path of the program that it becomes at its end; empty: none

  WorkEvent* log() { return reinterpret_cast<WorkEvent*>(this + 1); }
  const WorkEvent* log() const { return reinterpret_cast<const WorkEvent*>(this + 1); }
};

/// Body of a load process (`headroom-lab worker`): maps the page from fd 3 and works until its end.
/// @return exit status
int run_worker();

/// Real CPU work for so much thread CPU time; ends within one chunk (about 5 us) after it.
void burn(nanoseconds cpu);

std::int64_t monotonic_ns();

}  // namespace headroom::lab
