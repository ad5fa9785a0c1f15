// `startup` on a simulated node: new steps, made in runc's order (KERNEL 17).
#include <fmt/core.h>

#include <algorithm>

#include "lab/simulated.hpp"
#include "lab/startup.hpp"

namespace headroom::lab {
namespace {

constexpr seconds kLongest{600};                     // of a start; at a limit of 0.1 three seconds take thirty

/// A started step, or one whose start is under way.
struct Started {
  std::string pod, container;
  Slot slot = kNoSlot;
  sim::Loads::Id load = 0;
  TimePoint attached, limited;
  std::optional<TimePoint> leased;
  std::optional<Error> error;
};

struct Place {
  const Scenario& scenario;
  const Arm& arm;
  SimRig& rig;
};

void note(Started& step, const Result<>& result) {
  if (!result && !step.error) step.error = result.error();
}

/// First write that gives CPU: another quota than runc's, or a refill. A kernel burst is a setting of its own and no lease.
bool gives(const Outcome& outcome, const Started& step, const std::optional<microseconds>& quota) {
  if (outcome.slot != step.slot || outcome.error || step.limited == TimePoint{}) return false;
  if (outcome.kind == WriteKind::refill) return true;
  const auto* b = std::get_if<Bandwidth>(&outcome.to);
  return b != nullptr && b->quota != quota;
}

/// The pod now; the container when its turn comes. Runs to the moment of its exec.
Result<> start_step(const Place& at, std::size_t pod, int number, Started& step) {
  auto& rig = at.rig;
  const auto plan = for_arm(plan_pod(at.scenario, pod, number), at.scenario, at.arm);
  const auto& container = plan.back();
  step.pod = plan[0].path;
  step.container = container.path;
  for (const auto* group : {&plan[0], &plan[1]}) {
    if (auto made = rig.make_group(*group); !made) return tl::unexpected(made.error());
    if (auto ok = rig.settle(*group); !ok) return ok;
  }
  rig.after_tick = [&step, &rig, quota = container.quota](const TickResult&) {
    const auto& done = rig.engine().outcomes;
    const auto gave = [&](const Outcome& outcome) { return gives(outcome, step, quota); };
    if (!step.leased && std::any_of(done.begin(), done.end(), gave)) step.leased = rig.node().now();
  };
  step.attached = rig.node().now() + kPodBefore;
  rig.node().at(step.attached, [&, container] {
    const auto made = rig.make_group(container);
    if (!made) return note(step, tl::unexpected(made.error()));
    step.slot = *made;
    step.load = rig.node().loads().add(step.slot, load_of(at.scenario, container), 1);
  });
  rig.node().at(step.attached + kToShares, [&, shares = container.shares] {
    note(step, rig.node().foreign_write({step.slot, sim::File::shares, std::to_string(shares.value)}));
  });
  rig.node().at(step.attached + kToShares + kToQuota, [&, quota = container.quota] {
    const auto text = quota ? std::to_string(quota->count()) : std::string("-1");
    note(step, rig.node().foreign_write({step.slot, sim::File::quota, text}));
    step.limited = rig.node().now();
    rig.node().loads().begin(step.load, sim::ns(step.limited), sim::kNever);
  });
  const auto ok = rig.run_until(step.attached + kToShares + kToQuota, "start");
  if (ok && step.error) return tl::unexpected(*step.error);
  return ok;
}

void remove_step(const Place& at, const Started& step) {
  at.rig.after_tick = {};
  at.rig.node().loads().kill(step.load);
  at.rig.node().remove(at.rig.node().find(step.pod));
}

Result<> complete(const SimBench& bench, const Scenario& scenario, const Arm& arm, int round, StartTimes& times) {
  auto rig = SimRig::build(bench, scenario, arm, round, "idle");
  if (!rig) return tl::unexpected(rig.error());
  (*rig)->begin(kLongest);
  const Place at{scenario, arm, **rig};
  for (const auto pod : step_pods(scenario)) {
    Started step;
    if (auto ok = start_step(at, pod, round, step); !ok) return ok;
    const auto& log = (*rig)->node().log(step.load);
    const TimePoint give_up = step.limited + kLongest;
    while (log.empty() && (*rig)->node().now() < give_up)
      if (auto ok = (*rig)->run_until((*rig)->node().now() + milliseconds{5}, arm.name); !ok) return ok;
    if (log.empty()) return fail(Errc::io, scenario.pods[pod].name, "a start that does not end");
    const auto throttled = (*rig)->node().throttle(step.slot).throttled_time + (*rig)->node().throttle((*rig)->node().find(step.pod)).throttled_time;
    times[{arm.name, scenario.pods[pod].name}].push_back({static_cast<double>(log.front().done - sim::ns(step.limited)) / 1e9,
                                                          static_cast<double>(throttled.count()) / 1e9});
    remove_step(at, step);
  }
  return {};
}

Result<> time_leases(const SimBench& bench, const Scenario& scenario, const Arm& arm, int starts, Series& out) {
  auto rig = SimRig::build(bench, scenario, arm, 0, "saturated");
  if (!rig) return tl::unexpected(rig.error());
  (*rig)->begin(seconds{3600});
  const Place at{scenario, arm, **rig};
  for (int i = 0; i < starts; ++i) {
    Started step;
    if (auto ok = start_step(at, step_pods(scenario).front(), 10'000 + i, step); !ok) return ok;
    const TimePoint from = std::max(step.attached, step.limited);
    if (auto ok = (*rig)->run_until(from + kLookOn, arm.name); !ok) return ok;
    remove_step(at, step);
    const nanoseconds took = step.leased ? *step.leased - from : nanoseconds(kLookOn);
    out.points.emplace_back(i + 1, static_cast<double>(took.count()) / 1e6);
  }
  return {};
}

}  // namespace

Result<Outcomes> simulate_startup(const SimBench& bench, const Scenario& scenario, const RunOptions& options) {
  StartupPlace place;
  place.complete = [&](const Arm& arm, int round, StartTimes& times) { return complete(bench, scenario, arm, round, times); };
  place.time_leases = [&](const Arm& arm, int starts, Series& out) { return time_leases(bench, scenario, arm, starts, out); };
  return judge_startup(scenario, options, place);
}

}  // namespace headroom::lab
