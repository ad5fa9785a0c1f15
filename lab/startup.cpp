// `startup` on this machine: new steps, made in runc's order.
#include "lab/startup.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "lab/write_watch.hpp"

namespace headroom::lab {
namespace {

/// A started step: its process and the moments that count, CLOCK_MONOTONIC ns.
struct Started {
  LoadProcess process;
  std::string pod, container;              ///< paths below the scratch root
  std::int64_t attached = 0, limited = 0;
  std::string quota;                       ///< text of the quota file as runc wrote it
};

struct Place {
  const Bench& bench;
  const Scenario& scenario;
  const Arm& arm;
  Rig& rig;
};

Result<> make_pod(const Place& at, const PlannedGroup& pod, const PlannedGroup& sandbox) {
  auto& tree = at.rig.tree();
  if (auto ok = tree.make(pod.path); !ok) return ok;
  if (auto ok = tree.write_shares(pod.path, pod.shares); !ok) return ok;
  if (auto ok = tree.write_quota(pod.path, pod.quota); !ok) return ok;
  if (auto ok = tree.make(sandbox.path); !ok) return ok;
  return tree.write_shares(sandbox.path, sandbox.shares);
}

Result<Started> start_step(const Place& at, std::size_t pod, int number, WriteWatch* watch) {
  const auto plan = for_arm(plan_pod(at.scenario, pod, number), at.scenario, at.arm);
  const auto& container = plan.back();
  if (auto ok = make_pod(at, plan[0], plan[1]); !ok) return tl::unexpected(ok.error());
  std::this_thread::sleep_for(kPodBefore);
  auto& tree = at.rig.tree();
  std::int64_t attached = 0, limited = 0;
  const auto settle = [&](pid_t pid) -> Result<> {
    if (auto ok = tree.make(container.path); !ok) return ok;
    if (watch != nullptr) {
      for (const auto& path : {plan[0].path, container.path}) {
        if (auto ok = watch->add(tree.full(path)); !ok) return ok;
      }
    }
    if (auto ok = tree.attach(container.path, pid); !ok) return ok;
    attached = monotonic_ns();
    std::this_thread::sleep_for(kToShares);
    if (auto ok = tree.write_shares(container.path, container.shares); !ok) return ok;
    std::this_thread::sleep_for(kToQuota);
    auto ok = tree.write_quota(container.path, container.quota);
    limited = monotonic_ns();
    return ok;
  };
  const auto& load = at.scenario.pods[pod].containers[container.container].load;
  auto process = LoadProcess::start(load, at.bench.cpus, 1, seconds{120}, settle);
  if (!process) return tl::unexpected(process.error());
  process->page().begin.store(1);
  auto files = tree.open(container.path);
  const auto text = files ? files->read_file(CpuFile::quota) : Result<std::string>(tl::unexpected(files.error()));
  return Started{std::move(*process), plan[0].path, container.path, attached, limited, text.value_or("")};
}

/// Seconds from exec to the end of the job.
Result<double> finish(const Place& at, Started& step, const std::string& what) {
  while (step.process.page().count.load() == 0) {
    if (auto ok = at.rig.wait_until(monotonic_ns() + 5'000'000, what); !ok) return tl::unexpected(ok.error());
  }
  return static_cast<double>(step.process.page().log()[0].done - step.limited) / 1e9;
}

void remove_step(const Place& at, Started& step) {
  step.process.kill_now();
  at.rig.tree().remove(step.pod);
}

/// First write that gives CPU: another quota than runc's, or a burst file rewritten with the value it has (0).
/// A kernel burst above 0 is a setting of its own and no lease.
std::optional<std::int64_t> first_lease(const std::vector<SeenWrite>& seen, const std::string& group, const Started& step) {
  for (const auto& write : seen) {
    if (write.group != group || write.at < step.limited) continue;
    const bool burst = write.file.find("burst") != std::string::npos;
    const bool quota = write.file == "cpu.cfs_quota_us" || write.file == "cpu.max";
    if ((burst && write.value == "0") || (quota && write.value != step.quota)) return write.at;
  }
  return std::nullopt;
}

Result<> complete(const Bench& bench, const Scenario& scenario, const Arm& arm, int round, StartTimes& times) {
  auto rig = Rig::build(bench, scenario, arm, round, "idle", seconds{120});
  if (!rig) return tl::unexpected(rig.error());
  rig->begin(seconds{600});
  const Place at{bench, scenario, arm, *rig};
  for (const auto pod : step_pods(scenario)) {
    auto step = start_step(at, pod, round, nullptr);
    if (!step) return tl::unexpected(step.error());
    const auto& name = scenario.pods[pod].name;
    const auto took = finish(at, *step, fmt::format("idle node, {}, {}, start {}", arm.name, name, round + 1));
    remove_step(at, *step);
    if (!took) return tl::unexpected(took.error());
    times[{arm.name, name}].push_back(*took);
  }
  return {};
}

/// Milliseconds from the later of attach and quota to the first lease, for each start; missing ones count as kLookOn.
Result<> time_leases(const Bench& bench, const Scenario& scenario, const Arm& arm, int starts, Series& out) {
  auto rig = Rig::build(bench, scenario, arm, 0, "saturated", seconds{600});
  if (!rig) return tl::unexpected(rig.error());
  rig->begin(seconds{3600});
  auto watch = WriteWatch::start(bench.where, {});
  if (!watch) return tl::unexpected(watch.error());
  const Place at{bench, scenario, arm, *rig};
  const auto pod = step_pods(scenario).front();
  for (int i = 0; i < starts; ++i) {
    auto step = start_step(at, pod, 10'000 + i, watch->get());
    if (!step) return tl::unexpected(step.error());
    const auto from = std::max(step->attached, step->limited);
    const auto what = fmt::format("saturated node, {}, start {} of {}", arm.name, i + 1, starts);
    auto waited = rig->wait_until(from + nanoseconds(kLookOn).count(), what);
    const auto lease = first_lease((*watch)->seen(), rig->tree().full(step->container), *step);
    remove_step(at, *step);
    if (!waited) return tl::unexpected(waited.error());
    const auto ns = lease ? *lease - from : nanoseconds(kLookOn).count();
    out.points.emplace_back(i + 1, static_cast<double>(ns) / 1e6);
  }
  return {};
}

}  // namespace

Result<Outcomes> run_startup(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  StartupPlace place;
  place.complete = [&](const Arm& arm, int round, StartTimes& times) { return complete(bench, scenario, arm, round, times); };
  place.time_leases = [&](const Arm& arm, int starts, Series& out) { return time_leases(bench, scenario, arm, starts, out); };
  return judge_startup(scenario, options, place);
}

}  // namespace headroom::lab
