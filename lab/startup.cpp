// `startup` on this machine: new steps, made in runc's order.
#include "lab/startup.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "lab/start_step.hpp"

namespace headroom::lab {
namespace {

/// Seconds from exec to the end of the job.
Result<double> finish(const StartPlace& at, StartedStep& step, const std::string& what) {
  while (step.process.page().count.load() == 0) {
    if (auto ok = at.rig.wait_until(monotonic_ns() + 5'000'000, what); !ok) return tl::unexpected(ok.error());
  }
  return static_cast<double>(step.process.page().log()[0].done - step.limited) / 1e9;
}

/// First write that gives CPU: another quota than runc's, or a burst file rewritten with the value it has (0).
/// A kernel burst above 0 is a setting of its own and no lease.
std::optional<std::int64_t> first_lease(const std::vector<SeenWrite>& seen, const std::string& group, const StartedStep& step) {
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
  const StartPlace at{bench, scenario, arm, *rig};
  for (const auto pod : step_pods(scenario)) {
    auto step = start_step(at, pod, round, nullptr);
    if (!step) return tl::unexpected(step.error());
    const auto& name = scenario.pods[pod].name;
    const auto took = finish(at, *step, fmt::format("idle node, {}, {}, start {}", arm.name, name, round + 1));
    const double throttled = throttled_of(at, *step);
    remove_step(at, *step);
    if (!took) return tl::unexpected(took.error());
    times[{arm.name, name}].push_back({*took, throttled});
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
  const StartPlace at{bench, scenario, arm, *rig};
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
