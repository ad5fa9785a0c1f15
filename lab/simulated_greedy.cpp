// `greedy` on a simulated node.
#include <fmt/core.h>

#include <algorithm>

#include "lab/greedy.hpp"
#include "lab/simulated.hpp"

namespace headroom::lab {
namespace {

Result<Curve> watch_use(SimRig& rig, const Scenario& scenario, TimePoint to, const std::string& what) {
  const auto* step = first_step(rig.plan(), scenario);
  if (step == nullptr) return fail(Errc::malformed, scenario.name, "has no step");
  const Slot slot = rig.node().find(step->path);
  Curve out;
  for (TimePoint now = rig.node().now(); now < to; now = rig.node().now()) {
    out.emplace_back(sim::ns(now), rig.node().kernel().usage(slot).count());
    if (auto ok = rig.run_until(std::min(to, now + kCurveEvery), what); !ok) return tl::unexpected(ok.error());
  }
  return out;
}

Result<Curve> idle_node(const SimBench& bench, const Scenario& scenario, const Arm& arm, seconds length) {
  auto rig = SimRig::build(bench, scenario, arm, 0, "idle");
  if (!rig) return tl::unexpected(rig.error());
  const TimePoint from = (*rig)->begin(length + scenario.warmup);
  return watch_use(**rig, scenario, from + length, "idle node, " + arm.name);
}

}  // namespace

Result<Outcomes> simulate_greedy(const SimBench& bench, const Scenario& scenario, const RunOptions& options) {
  GreedyPlace place;
  place.rotations = [&](const GreedyPlace::Seen& seen) {
    const auto look = [&](SimRig& rig, const Arm& arm, int rotation, TimePoint to) -> Result<> {
      const auto curve = watch_use(rig, scenario, to, fmt::format("busy node, {}", arm.name));
      if (!curve) return tl::unexpected(curve.error());
      seen(arm, rotation, *curve);
      return {};
    };
    return rotate_simulated(bench, scenario, options, "busy", look);
  };
  place.idle = [&](const Arm& arm, seconds length) { return idle_node(bench, scenario, arm, length); };
  return judge_greedy(scenario, options, place);
}

}  // namespace headroom::lab
