// Workflows on real cgroups.
#include "lab/workflow.hpp"

#include <fmt/core.h>

namespace headroom::lab {
namespace {

constexpr std::int64_t kLook = 1'000'000;

struct RealWorld {
  const Bench& bench;
  Rig& rig;

  struct Place {
    std::optional<LoadProcess> process;
  };

  std::int64_t now() const { return monotonic_ns(); }
  Result<> pass(const std::string& what) { return rig.wait_until(now() + kLook, what); }

  Result<> make_pod(Place&, const std::vector<PlannedGroup>& plan) {
    auto& tree = rig.tree();
    for (const auto* group : {&plan[0], &plan[1]}) {
      if (auto ok = tree.make(group->path); !ok) return ok;
      if (auto ok = tree.write_shares(group->path, group->shares); !ok) return ok;
    }
    return tree.write_quota(plan[0].path, plan[0].quota);
  }
  Result<> attach(Place& place, const std::vector<PlannedGroup>& plan, const Load& load) {
    const auto& container = plan.back();
    if (auto ok = rig.tree().make(container.path); !ok) return ok;
    const seconds longest{Workflow<RealWorld>::kLongest / 1'000'000'000};
    auto process = LoadProcess::start(load, bench.cpus, 1, longest, [&](pid_t pid) { return rig.tree().attach(container.path, pid); });
    if (!process) return tl::unexpected(process.error());
    place.process.emplace(std::move(*process));
    return {};
  }
  Result<> weigh(Place&, const std::vector<PlannedGroup>& plan) {
    return rig.tree().write_shares(plan.back().path, plan.back().shares);
  }
  Result<> limit(Place& place, const std::vector<PlannedGroup>& plan) {
    auto ok = rig.tree().write_quota(plan.back().path, plan.back().quota);
    place.process->page().begin.store(1);
    return ok;
  }
  std::optional<std::int64_t> ended(Place& place) const {
    if (place.process->page().count.load(std::memory_order_acquire) == 0) return std::nullopt;
    return place.process->page().log()[0].done;
  }
  void remove(Place& place, const std::vector<PlannedGroup>& plan, Throttled& add) {
    for (const auto& group : plan) {
      auto files = rig.tree().open(group.path);
      const auto counters = files ? files->throttle() : Result<ThrottleCounters>(tl::unexpected(files.error()));
      if (!counters) continue;
      (group.level == Level::pod ? add.pod : add.container) += static_cast<double>(counters->throttled_time.count()) / 1e9;
    }
    place.process->kill_now();
    rig.tree().remove(plan[0].path);
  }
};

Result<ArmRun> measure_workflow(const Bench& bench, const Scenario& scenario, const RunOptions& options, const Arm& arm,
                                int run, int rotation, std::vector<std::string>& notes) {
  const nanoseconds longest{Workflow<RealWorld>::kLongest};
  auto rig = Rig::build(bench, scenario, arm, rotation, "", std::chrono::duration_cast<seconds>(longest));
  if (!rig) return tl::unexpected(rig.error());
  const auto what = fmt::format("run {} rotation {} {}", run + 1, rotation % kRotationsPerRun + 1, arm.name);
  const auto begin = rig->begin(longest);
  if (auto ok = learn(*rig, begin + nanoseconds(scenario.learn).count(), scenario, what); !ok) return tl::unexpected(ok.error());
  if (auto ok = rig->wait_until(begin + nanoseconds(scenario.warmup).count(), what); !ok) return tl::unexpected(ok.error());
  const auto asked = rig->daemon() != nullptr ? rig->daemon()->counters() : DaemonCounters{};
  if (!asked) return tl::unexpected(asked.error());
  const auto waits = waits_of(*rig);
  if (!waits) return tl::unexpected(waits.error());
  auto todo = workflow_steps(scenario, bench.cpus, load_seed(bench.seed, rotation, "steps"));
  if (options.depth == RunOptions::Depth::smoke && todo.size() > 10) todo.resize(10);
  RealWorld world{bench, *rig};
  auto done = Workflow<RealWorld>(world, scenario, arm).run(todo, what);
  if (!done) return tl::unexpected(done.error());
  const auto answered = rig->daemon() != nullptr ? rig->daemon()->counters() : DaemonCounters{};
  if (!answered) return tl::unexpected(answered.error());
  const auto waits_then = waits_of(*rig);
  if (!waits_then) return tl::unexpected(waits_then.error());
  ArmRun out;
  put_waits(*waits, *waits_then, out);
  out.neighbours = rig->neighbours();
  out.arm = arm.name;
  out.run = run;
  out.rotation = rotation;
  out.burstable = rig->latencies(PodClass::ls, KubeQos::burstable, done->from, done->to);
  out.guaranteed = rig->latencies(PodClass::ls, KubeQos::guaranteed, done->from, done->to);
  out.refilling_writes = answered->refilling_writes - asked->refilling_writes;
  out.all_writes = answered->all_writes - asked->all_writes;
  out.daemon_cpu_seconds = answered->cpu_seconds - asked->cpu_seconds;
  put_workflow(out, std::move(*done));
  rig->stop_daemon();
  for (const auto& path : rig->not_restored()) notes.push_back(fmt::format("{}: not put back: {}", what, path));
  return out;
}

}  // namespace

std::vector<WorkflowStep> workflow_steps(const Scenario& scenario, int cpus, std::uint64_t seed) {
  std::vector<WorkflowStep> out;
  for (std::size_t i = 0; i < scenario.pods.size(); ++i) {
    if (!started_later(scenario.pods[i])) continue;
    for (int r = 0; r < replicas_on(scenario.pods[i], scenario, cpus); ++r) out.push_back({i, r});
  }
  shuffle(out, seed);
  return out;
}

void put_workflow(ArmRun& out, WorkflowDone done) {
  out.makespan = out.seconds = static_cast<double>(done.to - done.from) / 1e9;
  out.steps = done.steps.size();
  out.step = std::move(done.steps);
  out.throttled_container = done.throttled.container;
  out.throttled_pod = done.throttled.pod;
}

Outcomes judge_workflow(Outcomes out) {
  for (const auto& arm : out.arms)
    out.findings.push_back({"makespan, mean of the rotations", "s", arm.arm, arm.makespan, {}, Verdict::Says::not_judged});
  return out;
}

Result<Outcomes> run_workflow(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  auto out = rotate(scenario, options, bench.seed,
                    [&](const Arm& arm, int run, int rotation, seconds, std::vector<std::string>& notes) {
                      return measure_workflow(bench, scenario, options, arm, run, rotation, notes);
                    });
  if (!out) return out;
  add_added_wait(*out, options.arms);
  return judge_workflow(std::move(*out));
}

}  // namespace headroom::lab
