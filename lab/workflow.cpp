// A workflow: many steps that live for a second or two, at most so many at once, each a pod of its own in runc's order.
#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "lab/experiment.hpp"
#include "lab/random.hpp"

namespace headroom::lab {
namespace {

// KERNEL 17: the pod first, then attach, 14 ms later shares, 10 ms after that period and quota, then exec.
constexpr std::int64_t kPodBefore = 150'000'000, kToShares = 14'000'000, kToQuota = 10'000'000;
constexpr milliseconds kLook{1};
constexpr std::int64_t kLongest = 600'000'000'000;   // of a whole workflow

struct Todo {
  std::size_t pod = 0;      ///< index into Scenario::pods
  int replica = 0;
};

/// A step on its way. `next`: CLOCK_MONOTONIC ns at which it enters the stage after this one.
struct Step {
  enum class Stage { pod, attached, weighed, works };
  Todo what;
  std::vector<PlannedGroup> plan;        ///< pod, sandbox, container
  std::optional<LoadProcess> process;
  Stage stage = Stage::pod;
  std::int64_t next = 0, limited = 0;
};

struct Done {
  Latencies steps;                       ///< from exec to the end of the job
  Throttled throttled;
  std::int64_t from = 0, to = 0;
};

std::vector<Todo> all_steps(const Scenario& scenario, int cpus, std::uint64_t seed) {
  std::vector<Todo> out;
  for (std::size_t i = 0; i < scenario.pods.size(); ++i) {
    if (!started_later(scenario.pods[i])) continue;
    for (int r = 0; r < replicas_on(scenario.pods[i], scenario, cpus); ++r) out.push_back({i, r});
  }
  shuffle(out, seed);
  return out;
}

class Workflow {
 public:
  Workflow(const Bench& bench, const Scenario& scenario, const Arm& arm, Rig& rig) : bench_(bench), scenario_(scenario), arm_(arm), rig_(rig) {}

  Result<Done> run(std::vector<Todo> todo, const std::string& what) {
    const auto all = todo.size();
    done_.from = monotonic_ns();
    std::size_t next = 0;
    while (next < all || !under_way_.empty()) {
      while (next < all && under_way_.size() < static_cast<std::size_t>(scenario_.parallel)) {
        if (auto ok = begin(todo[next++]); !ok) return tl::unexpected(ok.error());
      }
      if (auto ok = look(); !ok) return tl::unexpected(ok.error());
      if (monotonic_ns() - done_.from > kLongest) return fail(Errc::io, what, "the workflow has not ended in 10 minutes");
      const auto words = fmt::format("{}, step {} of {}", what, next - under_way_.size(), all);
      if (auto ok = rig_.wait_until(monotonic_ns() + nanoseconds(kLook).count(), words); !ok) return tl::unexpected(ok.error());
    }
    done_.to = monotonic_ns();
    return std::move(done_);
  }

 private:
  Result<> begin(const Todo& todo) {
    Step step;
    step.what = todo;
    step.plan = for_arm(plan_pod(scenario_, todo.pod, todo.replica), scenario_, arm_);
    auto& tree = rig_.tree();
    const auto& pod = step.plan[0];
    const auto& sandbox = step.plan[1];
    if (auto ok = tree.make(pod.path); !ok) return ok;
    if (auto ok = tree.write_shares(pod.path, pod.shares); !ok) return ok;
    if (auto ok = tree.write_quota(pod.path, pod.quota); !ok) return ok;
    if (auto ok = tree.make(sandbox.path); !ok) return ok;
    if (auto ok = tree.write_shares(sandbox.path, sandbox.shares); !ok) return ok;
    step.next = monotonic_ns() + kPodBefore;
    under_way_.push_back(std::move(step));
    return {};
  }

  Result<> look() {
    for (std::size_t i = 0; i < under_way_.size();) {
      auto more = advance(under_way_[i]);
      if (!more) return tl::unexpected(more.error());
      if (*more == Ended::no) ++i;
      else under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return {};
  }

  enum class Ended { no, yes };
  Result<Ended> advance(Step& step) {
    if (step.stage == Step::Stage::works) return finish(step);
    if (monotonic_ns() < step.next) return Ended::no;
    const auto& container = step.plan.back();
    auto& tree = rig_.tree();
    switch (step.stage) {
      case Step::Stage::pod:
        if (auto ok = attach(step); !ok) return tl::unexpected(ok.error());
        step.stage = Step::Stage::attached;
        step.next = monotonic_ns() + kToShares;
        return Ended::no;
      case Step::Stage::attached:
        if (auto ok = tree.write_shares(container.path, container.shares); !ok) return tl::unexpected(ok.error());
        step.stage = Step::Stage::weighed;
        step.next = monotonic_ns() + kToQuota;
        return Ended::no;
      case Step::Stage::weighed:
        if (auto ok = tree.write_quota(container.path, container.quota); !ok) return tl::unexpected(ok.error());
        step.limited = monotonic_ns();
        step.process->page().begin.store(1);
        step.stage = Step::Stage::works;
        return Ended::no;
      case Step::Stage::works:
        break;
    }
    return Ended::no;
  }

  Result<> attach(Step& step) {
    const auto& container = step.plan.back();
    if (auto ok = rig_.tree().make(container.path); !ok) return ok;
    const auto& load = scenario_.pods[step.what.pod].containers[container.container].load;
    auto process = LoadProcess::start(load, bench_.cpus, 1, seconds{kLongest / 1'000'000'000},
                                      [&](pid_t pid) { return rig_.tree().attach(container.path, pid); });
    if (!process) return tl::unexpected(process.error());
    step.process.emplace(std::move(*process));
    return {};
  }

  Result<Ended> finish(Step& step) {
    if (step.process->page().count.load() == 0) return Ended::no;
    done_.steps.push_back(step.process->page().log()[0].done - step.limited);
    for (const auto& group : step.plan) {
      auto files = rig_.tree().open(group.path);
      const auto counters = files ? files->throttle() : Result<ThrottleCounters>(tl::unexpected(files.error()));
      if (!counters) continue;
      (group.level == Level::pod ? done_.throttled.pod : done_.throttled.container) +=
          static_cast<double>(counters->throttled_time.count()) / 1e9;
    }
    step.process->kill_now();
    rig_.tree().remove(step.plan[0].path);
    return Ended::yes;
  }

  const Bench& bench_;
  const Scenario& scenario_;
  const Arm& arm_;
  Rig& rig_;
  std::vector<Step> under_way_;
  Done done_;
};

Result<ArmRun> measure_workflow(const Bench& bench, const Scenario& scenario, const RunOptions& options, const Arm& arm,
                                int run, int rotation, std::vector<std::string>& notes) {
  const nanoseconds longest{kLongest};
  auto rig = Rig::build(bench, scenario, arm, rotation, "", std::chrono::duration_cast<seconds>(longest));
  if (!rig) return tl::unexpected(rig.error());
  const auto what = fmt::format("run {} rotation {} {}", run + 1, rotation % kRotationsPerRun + 1, arm.name);
  const auto begin = rig->begin(longest);
  if (auto ok = learn(*rig, begin + nanoseconds(scenario.learn).count(), scenario, what); !ok) return tl::unexpected(ok.error());
  if (auto ok = rig->wait_until(begin + nanoseconds(scenario.warmup).count(), what); !ok) return tl::unexpected(ok.error());
  const auto asked = rig->daemon() != nullptr ? rig->daemon()->counters() : DaemonCounters{};
  if (!asked) return tl::unexpected(asked.error());
  auto todo = all_steps(scenario, bench.cpus, load_seed(bench.seed, rotation, "steps"));
  if (options.depth == RunOptions::Depth::smoke && todo.size() > 10) todo.resize(10);
  ArmRun out;
  out.steps = todo.size();
  auto done = Workflow(bench, scenario, arm, *rig).run(std::move(todo), what);
  if (!done) return tl::unexpected(done.error());
  const auto answered = rig->daemon() != nullptr ? rig->daemon()->counters() : DaemonCounters{};
  if (!answered) return tl::unexpected(answered.error());
  out.arm = arm.name;
  out.run = run;
  out.rotation = rotation;
  out.makespan = out.seconds = static_cast<double>(done->to - done->from) / 1e9;
  out.step = std::move(done->steps);
  out.burstable = rig->latencies(PodClass::ls, KubeQos::burstable, done->from, done->to);
  out.guaranteed = rig->latencies(PodClass::ls, KubeQos::guaranteed, done->from, done->to);
  out.throttled_container = done->throttled.container;
  out.throttled_pod = done->throttled.pod;
  out.refilling_writes = answered->refilling_writes - asked->refilling_writes;
  out.all_writes = answered->all_writes - asked->all_writes;
  out.daemon_cpu_seconds = answered->cpu_seconds - asked->cpu_seconds;
  rig->stop_daemon();
  for (const auto& path : rig->not_restored()) notes.push_back(fmt::format("{}: not put back: {}", what, path));
  return out;
}

}  // namespace

Result<Outcomes> run_workflow(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  auto out = rotate(scenario, options, bench.seed,
                    [&](const Arm& arm, int run, int rotation, seconds, std::vector<std::string>& notes) {
                      return measure_workflow(bench, scenario, options, arm, run, rotation, notes);
                    });
  if (!out) return out;
  for (const auto& arm : out->arms)
    out->findings.push_back({"makespan, mean of the rotations", "s", arm.arm, arm.makespan, {}, Verdict::Says::not_judged});
  return out;
}

}  // namespace headroom::lab
