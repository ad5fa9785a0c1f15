// `wakeup` on this machine.
#include "lab/wakeup.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace headroom::lab {
namespace {

std::vector<std::int64_t> wakes(Rig& rig, std::int64_t from, std::int64_t to) {
  for (const auto& m : rig.members()) {
    const auto& page = m.process.page();
    if (page.every_ns != 0) return wakes_of(page.begin.load(), page.every_ns, page.active_ns, from, to);
  }
  return {};
}

/// What the daemon's list of events has gained since `known`, which is brought up to date. The list is bounded.
std::vector<std::string> news(std::vector<std::string> now, std::vector<std::string>& known) {
  std::size_t gone = 0;
  const auto goes_on = [&] {
    const auto kept = known.size() - gone;
    return kept <= now.size() && std::equal(known.begin() + static_cast<std::ptrdiff_t>(gone), known.end(), now.begin());
  };
  while (gone < known.size() && !goes_on()) ++gone;
  std::vector<std::string> out(now.begin() + static_cast<std::ptrdiff_t>(known.size() - gone), now.end());
  known = std::move(now);
  return out;
}

Result<std::vector<Wake>> look(Rig& rig, const Bench& bench, const std::string& what, std::int64_t from,
                               std::int64_t to) {
  auto history = planned_history(rig.plan(), rig.scenario(), [&](const std::string& path) { return rig.tree().full(path); });
  std::vector<std::string> groups;
  for (const auto& [path, quota] : history.base) groups.push_back(path);
  auto watch = WriteWatch::start(bench.where, groups);
  if (!watch) return tl::unexpected(watch.error());
  const auto all = wakes(rig, from, to);
  auto known = rig.daemon()->events();
  for (const auto at : all) {
    if (auto ok = rig.wait_until(at, what); !ok) return tl::unexpected(ok.error());
    (void)news(rig.daemon()->events(), known);
    if (auto ok = rig.wait_until(at + kWakeSettles.count(), what); !ok) return tl::unexpected(ok.error());
    history.told[at] = news(rig.daemon()->events(), known);
  }
  if (auto ok = rig.wait_until(to, what); !ok) return tl::unexpected(ok.error());
  history.writes = (*watch)->seen();
  std::vector<Wake> out;
  for (const auto at : all) out.push_back(judge_wake(history, at));
  return out;
}

}  // namespace

Result<Outcomes> run_wakeup(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  std::map<std::string, std::vector<Wake>> seen;
  std::vector<std::string> named;
  const auto look_on = [&](Rig& rig, const Arm& arm, int rotation, std::int64_t from, std::int64_t to) -> Result<> {
    if (arm.kind != ArmKind::daemon) return {};
    auto got = look(rig, bench, fmt::format("rotation {} {}", rotation % kRotationsPerRun + 1, arm.name), from, to);
    if (!got) return tl::unexpected(got.error());
    seen[arm.name].insert(seen[arm.name].end(), got->begin(), got->end());
    if (const auto body = rig.daemon()->metrics()) {
      named.push_back(fmt::format("{}, rotation {}: leases revoked by the daemon's own count: {:.0f}", arm.name,
                                  rotation % kRotationsPerRun + 1, metric_sum(*body, "headroom_leases_revoked_total", "")));
    }
    return {};
  };
  auto out = run_rotations(bench, scenario, options, "", look_on);
  if (!out) return out;
  add_added_wait(*out, options.arms);
  for (const auto& arm : options.arms)
    if (seen.contains(arm.name)) report_wakes(arm, seen[arm.name], judging_of(options), *out);
  out->notes.insert(out->notes.end(), named.begin(), named.end());
  return out;
}

}  // namespace headroom::lab
