// New steps, made in runc's order: how long their first CPU seconds take, and how soon the first lease is written.
#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "lab/experiment.hpp"
#include "lab/write_watch.hpp"

namespace headroom::lab {
namespace {

// KERNEL 17: attach, 14 ms later shares, 24 ms after the attach period and quota, then exec.
constexpr milliseconds kToShares{14}, kToQuota{10}, kPodBefore{150}, kLookOn{600};

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

using Times = std::map<std::pair<std::string, std::string>, std::vector<double>>;   // (arm, pod name) -> seconds

std::vector<std::size_t> step_pods(const Scenario& scenario) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < scenario.pods.size(); ++i) {
    if (scenario.pods[i].pod_class == PodClass::step) out.push_back(i);
  }
  return out;
}

Result<> complete(const Bench& bench, const Scenario& scenario, const Arm& arm, int round, Times& times) {
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

double mean(const std::vector<double>& all) {
  double sum = 0;
  for (const auto one : all) sum += one;
  return all.empty() ? 0 : sum / static_cast<double>(all.size());
}

void report_times(const Times& times, Outcomes& out, Values& values) {
  for (const auto& [key, all] : times) {
    values[key] = mean(all);
    out.findings.push_back({fmt::format("{}: mean of {} starts on an idle node", key.second, all.size()), "s", key.first,
                            mean(all), {}, Verdict::Says::not_judged});
    Series series{key.second + ", " + key.first, "s", {}};
    for (std::size_t i = 0; i < all.size(); ++i) series.points.emplace_back(static_cast<double>(i + 1), all[i]);
    out.series.push_back(std::move(series));
  }
}

void report_leases(const Series& series, const std::string& arm, Outcomes& out, Values& values) {
  Latencies ns;
  for (const auto& point : series.points) ns.push_back(static_cast<std::int64_t>(point.second * 1e6));
  const auto summary = summarize(ns);
  values[{arm, "first_lease_p95_ms"}] = summary.p95;
  for (const auto& [name, value] : {std::pair{"p50", summary.p50}, {"p95", summary.p95}, {"worst", summary.worst}}) {
    out.findings.push_back({fmt::format("first lease after attach and quota, {} of {} starts", name, summary.count),
                            "ms", arm, value, {}, Verdict::Says::not_judged});
  }
  out.series.push_back(series);
}

}  // namespace

Result<Outcomes> run_startup(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  Outcomes out;
  Times times;
  Values values;
  const bool smoke = options.depth == RunOptions::Depth::smoke;
  const auto length = length_of(scenario, options);
  for (int round = 0; round < length.rounds; ++round) {
    for (const auto& arm : options.arms) {
      if (auto ok = complete(bench, scenario, arm, round, times); !ok) return tl::unexpected(ok.error());
    }
  }
  report_times(times, out, values);
  for (const auto& arm : options.arms) {
    if (arm.kind != ArmKind::daemon) continue;
    Series series{"first lease on a saturated node, " + arm.name, "ms", {}};
    if (auto ok = time_leases(bench, scenario, arm, smoke ? 5 : scenario.starts, series); !ok) return tl::unexpected(ok.error());
    report_leases(series, arm.name, out, values);
  }
  out.verdicts = apply_bars(scenario.bars, values, options.depth);
  if (smoke) out.notes.emplace_back("smoke: not judged");
  return out;
}

}  // namespace headroom::lab
