// `wakeup` on a simulated node: what was written comes from the outcomes of the engine's plans.
#include <fmt/core.h>

#include <algorithm>

#include "cgroups/types/text.hpp"
#include "lab/simulated.hpp"
#include "lab/wakeup.hpp"

namespace headroom::lab {
namespace {

/// Of the first load that wakes in cycles. ns.
std::vector<std::int64_t> wakes(SimRig& rig, const Scenario& scenario, TimePoint begin, TimePoint from, TimePoint to) {
  for (const auto& group : rig.plan()) {
    if (group.level != Level::container) continue;
    const Load load = load_of(scenario, group);
    if (load.every.count() == 0) continue;
    return wakes_of(sim::ns(begin + load.after), load.every.count(), load.active.count(), sim::ns(from), sim::ns(to));
  }
  return {};
}

/// As a watch on the files sees it, and what the daemon would tell of it.
void note(const Outcome& outcome, SimRig& rig, History& history, std::vector<std::string>& told) {
  const auto* bandwidth = std::get_if<Bandwidth>(&outcome.to);
  const Catalog& catalog = rig.node().catalog();
  const Group* group = catalog.find(outcome.slot);
  if (bandwidth == nullptr || group == nullptr || outcome.error) return;
  const std::int64_t at = sim::ns(outcome.at);
  if (outcome.kind == WriteKind::refill) {
    for (; group != nullptr && !group->path.empty(); group = catalog.find(group->parent))
      if (history.base.count(group->path) > 0) history.writes.push_back({at, group->path, "cpu.cfs_burst_us", "0"});
    return;
  }
  history.writes.push_back({at, group->path, "cpu.cfs_quota_us", format_quota(bandwidth->quota)});
  const Group* neighbour = catalog.find(outcome.why.neighbour);
  if (neighbour != nullptr) told.push_back("group=/" + group->path + " neighbour=/" + neighbour->path);
}

Result<std::vector<Wake>> look(SimRig& rig, const Scenario& scenario, seconds length, TimePoint to, const std::string& what) {
  auto history = planned_history(rig.plan(), scenario, [](const std::string& path) { return path; });
  std::vector<std::string> told;
  rig.after_tick = [&](const TickResult&) {
    for (const auto& outcome : rig.engine().outcomes) note(outcome, rig, history, told);
  };
  const TimePoint from = to - length;
  const auto all = wakes(rig, scenario, from - scenario.warmup, from, to);
  Result<> ok;
  for (const auto at : all) {
    if (ok = rig.run_until(sim::point(at), what); !ok) break;
    told.clear();
    if (ok = rig.run_until(sim::point(at) + kWakeSettles, what); !ok) break;
    history.told[at] = told;
  }
  if (ok) ok = rig.run_until(to, what);
  rig.after_tick = {};
  if (!ok) return tl::unexpected(ok.error());
  std::vector<Wake> out;
  for (const auto at : all) out.push_back(judge_wake(history, at));
  return out;
}

}  // namespace

Result<Outcomes> simulate_wakeup(const SimBench& bench, const Scenario& scenario, const RunOptions& options) {
  std::map<std::string, std::vector<Wake>> seen;
  const auto length = length_of(scenario, options).each;
  const auto look_on = [&](SimRig& rig, const Arm& arm, int rotation, TimePoint to) -> Result<> {
    if (arm.kind != ArmKind::daemon) return {};
    const auto got = look(rig, scenario, length, to, fmt::format("rotation {} {}", rotation % kRotationsPerRun + 1, arm.name));
    if (!got) return tl::unexpected(got.error());
    seen[arm.name].insert(seen[arm.name].end(), got->begin(), got->end());
    return {};
  };
  auto out = rotate_simulated(bench, scenario, options, "", look_on);
  if (!out) return out;
  for (const auto& arm : options.arms)
    if (seen.contains(arm.name)) report_wakes(arm, seen[arm.name], judging_of(options), *out);
  return out;
}

}  // namespace headroom::lab
