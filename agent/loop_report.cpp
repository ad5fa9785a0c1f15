#include "agent/loop.hpp"
#include "engine/report.hpp"

namespace headroom {

/// What the engine knows, and what the loop alone knows.
void Loop::publish() {
  if (!last_) return;
  auto report = std::make_shared<Report>(build_report(last_->snapshot, *engine_.policy, engine_.plans, engine_.rails,
                                                      accounts_, engine_.desired.lendable));
  report->mode = parts_.mode;
  report->paused = paused_ && parts_.mode != "off" && !stopping_;
  const bool only_paused = report->paused && parts_.mode_reason.empty();
  report->mode_reason = only_paused ? "paused: nothing is lent until resume" : parts_.mode_reason;
  report->cgroup_root = parts_.cgroup_root;
  report->guard_up = parts_.enforcement != nullptr && engine_.rails.guard_up;
  accounting_.fill(*report);
  if (parts_.kernel != nullptr) {
    const SinkCounters& written = parts_.kernel->counters();
    report->writes = written.writes();
    report->write_cost_seconds = written.cost_seconds();
    report->refill_cost_seconds = written.refill_cost_seconds();
  }
  parts_.board.publish(std::move(report));
}

}  // namespace headroom
