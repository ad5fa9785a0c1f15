// Workflows on a simulated node.
#include <fmt/core.h>

#include "lab/simulated.hpp"
#include "lab/workflow.hpp"

namespace headroom::lab {
namespace {

constexpr milliseconds kLook{1};

struct SimWorld {
  SimRig& rig;

  struct Place {
    Slot pod = kNoSlot, slot = kNoSlot;
    sim::Loads::Id load = 0;
  };

  std::int64_t now() const { return sim::ns(rig.node().now()); }
  Result<> pass(const std::string& what) { return rig.run_until(rig.node().now() + kLook, what); }

  Result<> make_pod(Place& place, const std::vector<PlannedGroup>& plan) {
    for (const auto* group : {&plan[0], &plan[1]}) {
      const auto made = rig.make_group(*group);
      if (!made) return tl::unexpected(made.error());
      if (group == &plan[0]) place.pod = *made;
      if (auto ok = rig.settle(*group); !ok) return ok;
    }
    return {};
  }
  Result<> attach(Place& place, const std::vector<PlannedGroup>& plan, const Load& load) {
    const auto made = rig.make_group(plan.back());
    if (!made) return tl::unexpected(made.error());
    place.slot = *made;
    place.load = rig.node().loads().add(place.slot, load, 1);
    return {};
  }
  Result<> weigh(Place& place, const std::vector<PlannedGroup>& plan) {
    return rig.node().foreign_write({place.slot, sim::File::shares, std::to_string(plan.back().shares.value)});
  }
  Result<> limit(Place& place, const std::vector<PlannedGroup>& plan) {
    const auto& quota = plan.back().quota;
    auto ok = rig.node().foreign_write({place.slot, sim::File::quota, quota ? std::to_string(quota->count()) : std::string("-1")});
    rig.node().loads().begin(place.load, now(), sim::kNever);
    return ok;
  }
  std::optional<std::int64_t> ended(const Place& place) const {
    const auto& log = rig.node().log(place.load);
    return log.empty() ? std::nullopt : std::optional<std::int64_t>{log.front().done};
  }
  void remove(const Place& place, const std::vector<PlannedGroup>&, Throttled& add) {
    add.container += static_cast<double>(rig.node().throttle(place.slot).throttled_time.count()) / 1e9;
    add.pod += static_cast<double>(rig.node().throttle(place.pod).throttled_time.count()) / 1e9;
    rig.node().loads().kill(place.load);
    rig.node().remove(place.pod);
  }
};

Result<ArmRun> measure(const SimBench& bench, const Scenario& scenario, const RunOptions& options, const Arm& arm, int run,
                       int rotation, std::vector<std::string>& notes) {
  auto built = SimRig::build(bench, scenario, arm, rotation, "");
  if (!built) return tl::unexpected(built.error());
  SimRig& rig = **built;
  const auto what = fmt::format("run {} rotation {} {}", run + 1, rotation % kRotationsPerRun + 1, arm.name);
  const TimePoint begin = rig.begin(nanoseconds{Workflow<SimWorld>::kLongest});
  if (auto ok = warm_up(rig, scenario, begin, what); !ok) return tl::unexpected(ok.error());
  const auto counted = rig.node().counters();
  const Waits waits{rig.neighbours_waited(), rig.harm()};
  auto todo = workflow_steps(scenario, bench.cpus, load_seed(bench.seed, rotation, "steps"));
  if (options.depth == RunOptions::Depth::smoke && todo.size() > 10) todo.resize(10);
  SimWorld world{rig};
  auto done = Workflow<SimWorld>(world, scenario, arm).run(todo, what);
  if (!done) return tl::unexpected(done.error());
  const auto counted_then = rig.node().counters();
  ArmRun out;
  put_waits(waits, {rig.neighbours_waited(), rig.harm()}, out);
  out.neighbours = rig.neighbours();
  out.arm = arm.name;
  out.run = run;
  out.rotation = rotation;
  const TimePoint from{nanoseconds{done->from}}, to{nanoseconds{done->to}};
  out.burstable = rig.latencies(PodClass::ls, KubeQos::burstable, from, to);
  out.guaranteed = rig.latencies(PodClass::ls, KubeQos::guaranteed, from, to);
  out.refilling_writes = static_cast<double>(counted_then.refilling_writes - counted.refilling_writes);
  out.all_writes = static_cast<double>(counted_then.all_writes - counted.all_writes);
  out.daemon_cpu_seconds = static_cast<double>((counted_then.cost - counted.cost).count()) / 1e9;
  put_workflow(out, std::move(*done));
  if (auto ok = give_back(rig, what); !ok) return tl::unexpected(ok.error());
  for (const auto& path : rig.not_restored()) notes.push_back(fmt::format("{}: not put back: {}", what, path));
  return out;
}

}  // namespace

Result<Outcomes> simulate_workflow(const SimBench& bench, const Scenario& scenario, const RunOptions& options) {
  auto out = rotate(scenario, options, bench.seed,
                    [&](const Arm& arm, int run, int rotation, seconds, std::vector<std::string>& notes) {
                      return measure(bench, scenario, options, arm, run, rotation, notes);
                    });
  if (!out) return out;
  add_added_wait(*out, options.arms);
  return judge_workflow(std::move(*out));
}

}  // namespace headroom::lab
