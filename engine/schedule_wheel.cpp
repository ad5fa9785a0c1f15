#include "engine/schedule_wheel.hpp"

#include <algorithm>

namespace headroom::scheduling {
namespace {

std::int64_t step_of(TimePoint at) { return at.time_since_epoch() / milliseconds{10}; }

}  // namespace

void Wheel::push(const Timer& timer) {
  const std::int64_t step = std::max(step_of(timer.due), next_);
  steps_[static_cast<std::size_t>(step % kSteps)].push_back(timer);
}

void Wheel::take_due(TimePoint until, std::vector<Timer>& out) {
  const std::int64_t last = step_of(until);
  for (std::int64_t step = std::max(next_, last - kSteps + 1); step <= last; ++step) {
    std::vector<Timer>& timers = steps_[static_cast<std::size_t>(step % kSteps)];
    std::size_t kept = 0;
    for (const Timer& timer : timers) {
      if (timer.due > until) timers[kept++] = timer;
      else out.push_back(timer);
    }
    timers.resize(kept);
  }
  next_ = std::max(next_, last);   // the last step may hold what is due later in it
}

}  // namespace headroom::scheduling
