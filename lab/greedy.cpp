// `greedy` on this machine.
#include "lab/greedy.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace headroom::lab {
namespace {

Result<Curve> watch_use(Rig& rig, std::int64_t to, const std::string& what) {
  const auto* step = first_step(rig.plan(), rig.scenario());
  if (step == nullptr) return fail(Errc::malformed, rig.scenario().name, "has no step");
  auto files = rig.tree().open(step->path);
  if (!files) return tl::unexpected(files.error());
  Curve out;
  for (auto now = monotonic_ns(); now < to; now = monotonic_ns()) {
    const auto usage = files->usage();
    if (!usage) return tl::unexpected(usage.error());
    out.emplace_back(monotonic_ns(), usage->count());
    if (auto ok = rig.wait_until(std::min(to, now + kCurveEvery.count()), what); !ok) return tl::unexpected(ok.error());
  }
  return out;
}

Result<Curve> idle_node(const Bench& bench, const Scenario& scenario, const Arm& arm, seconds length) {
  auto rig = Rig::build(bench, scenario, arm, 0, "idle", length + scenario.warmup);
  if (!rig) return tl::unexpected(rig.error());
  const auto from = rig->begin(nanoseconds(length + scenario.warmup));
  return watch_use(*rig, from + nanoseconds(length).count(), "idle node, " + arm.name);
}

}  // namespace

Result<Outcomes> run_greedy(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  GreedyPlace place;
  place.rotations = [&](const GreedyPlace::Seen& seen) {
    const auto look = [&](Rig& rig, const Arm& arm, int rotation, std::int64_t, std::int64_t to) -> Result<> {
      const auto curve = watch_use(rig, to, fmt::format("busy node, {}", arm.name));
      if (!curve) return tl::unexpected(curve.error());
      seen(arm, rotation, *curve);
      return {};
    };
    return run_rotations(bench, scenario, options, "busy", look);
  };
  place.idle = [&](const Arm& arm, seconds length) { return idle_node(bench, scenario, arm, length); };
  return judge_greedy(scenario, options, place);
}

}  // namespace headroom::lab
