#include <fmt/format.h>

#include "agent/loop.hpp"
#include "agent/names.hpp"
#include "engine/json_text.hpp"
#include "engine/report.hpp"
#include "engine/what_if.hpp"

namespace headroom {

/// What the engine knows, and what the loop alone knows.
void Loop::publish() {
  if (!last_) return;
  auto report = std::make_shared<Report>(build_report(last_->snapshot, *engine_.policy, engine_.plans, engine_.rails,
                                                      accounts_, engine_.desired.lendable));
  Hands& hands = parts_.hands;
  report->mode = word(hands.mode());
  report->paused = paused_ && hands.mode() != Mode::off && !stopping_;
  const bool only_paused = report->paused && hands.reason().empty();
  report->mode_reason = only_paused ? "paused: nothing is lent until resume" : hands.reason();
  if (off_file_) report->mode_reason = hands.off_file() + " is there: nothing is lent until it is gone";
  report->cgroup_root = parts_.source.where().cpu;
  report->sources.push_back({"cgroup", last_->snapshot.node.failed_ticks == 0, 0, {}});   // files: no connection to lose
  for (SourceView& source : parts_.names.sources())
    report->sources.push_back({std::move(source.name), source.up, source.reconnects, std::move(source.trouble)});
  report->config = parts_.configs.report();
  report->guard_up = hands.enforcement() != nullptr && engine_.rails.guard_up;
  accounting_.fill(*report);
  const SinkCounters& written = hands.counters();
  report->writes = written.writes();
  report->write_cost_seconds = written.cost_seconds();
  report->refill_cost_seconds = written.refill_cost_seconds();
  parts_.board.publish(std::move(report));
}

/// For `systemctl status`, one line.
std::string Loop::status_line() const {
  const auto mode = parts_.hands.mode();
  std::string out = word(mode);
  if (mode == Mode::off || off_file_ || paused_) {
    out += off_file_ ? ": " + parts_.hands.off_file() + " is there" : paused_ && mode != Mode::off ? ": paused" : "";
  } else {
    const LentTotal lent = total_lent(last_->snapshot, engine_.plans);
    out += fmt::format(", load {}: {:.2f} of {} CPUs {}lent to {}", word(last_->snapshot.node.state), static_cast<double>(lent.cores.value) / 1000,
                       last_->snapshot.node.cpus, mode == Mode::observe ? "would be " : "", lent.leases);
  }
  if (mode == Mode::observe && !parts_.hands.reason().empty()) out += "; " + parts_.hands.reason();
  if (const auto faults = parts_.configs.report().faults; !faults.empty())
    out += fmt::format("; configuration refused, the last good one stays: {}{}", faults.front(),
                       faults.size() == 1 ? "" : fmt::format(" (and {} more)", faults.size() - 1));
  return out;
}

void Loop::tell_manager(TimePoint now) {
  if (!parts_.manager.listens()) return;
  parts_.manager.lives(now);
  if (now - manager_told_ < seconds{1}) return;
  manager_told_ = now;
  parts_.manager.status(status_line());
}

/// {"explanation": {…}, "text": "…"} of the last tick.
std::string Loop::explained(std::uint64_t group_id) const {
  if (!last_) return {};
  const Snapshot& now = last_->snapshot;
  for (Slot slot = 0; slot < now.groups.size(); ++slot) {
    const Group* group = now.catalog.find(slot);
    if (group == nullptr || group->id != group_id || now.groups[slot].id != group_id) continue;
    const Explanation e = explain_fully(now, *engine_.policy, engine_.plans, engine_.rails, tick_, slot);
    JsonText text;
    text.text(explain_text(e, now.catalog));
    return "{\"explanation\":" + explain_json(e, now.catalog) + ",\"text\":" + text.str() + "}";
  }
  return "{\"explanation\":null,\"text\":\"the group is gone\"}";
}

}  // namespace headroom
