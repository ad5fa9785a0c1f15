// What `greedy` measures and how it is judged, apart from where: on this machine (greedy.cpp) or a simulated one.
#pragma once

#include "lab/experiment.hpp"

namespace headroom::lab {

/// (ns, cumulative CPU ns) of the first step, read ten times a second.
using Curve = std::vector<std::pair<std::int64_t, std::int64_t>>;
constexpr nanoseconds kCurveEvery{100'000'000};

/// The container that is watched; nullptr: the scenario has no step.
const PlannedGroup* first_step(const std::vector<PlannedGroup>& plan, const Scenario& scenario);

struct GreedyPlace {
  /// Rotations beside the protected spinners; each measured stretch's curve is handed over.
  using Seen = std::function<void(const Arm& arm, int rotation, const Curve& curve)>;
  std::function<Result<Outcomes>(const Seen& seen)> rotations;
  /// The step alone on an idle node for so long.
  std::function<Result<Curve>(const Arm& arm, seconds length)> idle;
};
Result<Outcomes> judge_greedy(const Scenario& scenario, const RunOptions& options, const GreedyPlace& place);

}  // namespace headroom::lab
