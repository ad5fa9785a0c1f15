#include "lab/simulated.hpp"

#include <fmt/core.h>

namespace headroom::lab {
namespace {

constexpr seconds kBackToBase{2};

}  // namespace

Result<> give_back(SimRig& rig, const std::string& what) {
  if (!rig.has_engine()) return {};
  rig.lend(SimRig::Lending::off);
  return rig.run_until(rig.node().now() + kBackToBase, what);
}

Result<> warm_up(SimRig& rig, const Scenario& scenario, TimePoint begin, const std::string& what) {
  if (rig.has_engine() && scenario.learn.count() > 0) {
    rig.lend(SimRig::Lending::off);
    if (auto ok = rig.run_until(begin + scenario.learn, what + ", learning"); !ok) return ok;
    rig.lend(SimRig::Lending::on);
  }
  return rig.run_until(begin + scenario.warmup, what);
}

Result<ArmRun> measure_simulated(const SimBench& bench, const Scenario& scenario, const Arm& arm, int run, int rotation,
                                 seconds length, const std::string& phase, const SimOnlooker& onlooker,
                                 std::vector<std::string>& notes) {
  auto built = SimRig::build(bench, scenario, arm, rotation, phase);
  if (!built) return tl::unexpected(built.error());
  SimRig& rig = **built;
  const auto what = fmt::format("run {} rotation {} {}", run + 1, rotation % kRotationsPerRun + 1, arm.name);
  const TimePoint begin = rig.begin(length + scenario.warmup), from = begin + scenario.warmup, to = from + length;
  if (auto ok = warm_up(rig, scenario, begin, what); !ok) return tl::unexpected(ok.error());
  const auto throttled = rig.throttled();
  const auto counted = rig.node().counters();
  const Waits waits{rig.neighbours_waited(), rig.harm()};
  auto ok = onlooker ? onlooker(rig, arm, rotation, to) : Result<>{};
  if (ok) ok = rig.run_until(to, what);
  if (!ok) return tl::unexpected(ok.error());
  const auto throttled_then = rig.throttled();
  const auto counted_then = rig.node().counters();
  const Waits waits_then{rig.neighbours_waited(), rig.harm()};
  // What is still under way gets a second to end; it was due in time.
  if (ok = rig.run_until(to + seconds{1}, what); ok) ok = give_back(rig, what);
  if (!ok) return tl::unexpected(ok.error());
  ArmRun out;
  out.arm = arm.name;
  out.run = run;
  out.rotation = rotation;
  out.seconds = static_cast<double>(length.count());
  out.steps = rig.steps();
  out.neighbours = rig.neighbours();
  put_waits(waits, waits_then, out);
  out.step = rig.latencies(PodClass::step, {}, from, to);
  out.burstable = rig.latencies(PodClass::ls, KubeQos::burstable, from, to);
  out.guaranteed = rig.latencies(PodClass::ls, KubeQos::guaranteed, from, to);
  out.throttled_container = throttled_then.container - throttled.container;
  out.throttled_pod = throttled_then.pod - throttled.pod;
  out.refilling_writes = static_cast<double>(counted_then.refilling_writes - counted.refilling_writes);
  out.all_writes = static_cast<double>(counted_then.all_writes - counted.all_writes);
  out.daemon_cpu_seconds = static_cast<double>((counted_then.cost - counted.cost).count()) / 1e9;
  for (const auto& path : rig.not_restored()) notes.push_back(fmt::format("{}: not put back: {}", what, path));
  return out;
}

Result<Outcomes> rotate_simulated(const SimBench& bench, const Scenario& scenario, const RunOptions& options,
                                  const std::string& phase, const SimOnlooker& onlooker) {
  return rotate(scenario, options, bench.seed,
                [&](const Arm& arm, int run, int rotation, seconds length, std::vector<std::string>& notes) {
                  return measure_simulated(bench, scenario, arm, run, rotation, length, phase, onlooker, notes);
                });
}

namespace {

Result<Outcomes> run_kind(const SimBench& bench, const Scenario& scenario, const RunOptions& options) {
  switch (scenario.kind) {
    case Kind::steady: {
      auto out = rotate_simulated(bench, scenario, options, "", {});
      if (!out) return out;
      add_added_wait(*out, options.arms);
      return out;
    }
    case Kind::greedy: return simulate_greedy(bench, scenario, options);
    case Kind::startup: return simulate_startup(bench, scenario, options);
    case Kind::wakeup: {
      auto out = simulate_wakeup(bench, scenario, options);
      if (out) add_added_wait(*out, options.arms);
      return out;
    }
    case Kind::workflow: return simulate_workflow(bench, scenario, options);
    case Kind::runtimes:
    case Kind::relief: return fail(Errc::malformed, "--simulate", fmt::format("scenario {} is for a real kernel: leave --simulate out", scenario.name));
  }
  return fail(Errc::malformed, scenario.name, "no such kind");
}

}  // namespace

Result<Outcomes> run_simulated(const SimBench& bench, const Scenario& scenario, const RunOptions& options) {
  auto out = run_kind(bench, scenario, options);
  if (!out) return out;
  add_oracle_gain(*out);
  judge(scenario, options, *out);
  return out;
}

std::string machine_line(const SimBench& bench) {
  return fmt::format("{} simulated CPUs (SimNode: a model of Linux 6.18), cgroup v1, HZ 250", bench.cpus);
}

}  // namespace headroom::lab
