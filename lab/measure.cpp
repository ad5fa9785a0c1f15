// One arm in one rotation: build, warm up, measure, put back.
#include <fmt/core.h>

#include "lab/experiment.hpp"
#include "lab/sampler.hpp"

namespace headroom::lab {
namespace {

/// What was due in the measured stretch, and how long that was.
ArmRun latencies_of(const Rig& rig, std::int64_t from, std::int64_t to) {
  ArmRun out;
  out.seconds = static_cast<double>(to - from) / 1e9;
  out.steps = rig.steps();
  out.step = rig.latencies(PodClass::step, {}, from, to);
  out.burstable = rig.latencies(PodClass::ls, KubeQos::burstable, from, to);
  out.guaranteed = rig.latencies(PodClass::ls, KubeQos::guaranteed, from, to);
  return out;
}

/// What is counted up, at one moment.
struct Moment {
  Throttled throttled;
  DaemonCounters daemon;
  Waits waits;
};

Result<Moment> moment_of(Rig& rig) {
  Moment out;
  out.throttled = rig.throttled();
  const auto waits = waits_of(rig);
  if (!waits) return tl::unexpected(waits.error());
  out.waits = *waits;
  if (rig.daemon() == nullptr) return out;
  const auto counters = rig.daemon()->counters();
  if (!counters) return tl::unexpected(counters.error());
  out.daemon = *counters;
  return out;
}

void put_difference(const Moment& before, const Moment& after, ArmRun& out) {
  out.throttled_container = after.throttled.container - before.throttled.container;
  out.throttled_pod = after.throttled.pod - before.throttled.pod;
  out.refilling_writes = after.daemon.refilling_writes - before.daemon.refilling_writes;
  out.all_writes = after.daemon.all_writes - before.daemon.all_writes;
  out.daemon_cpu_seconds = after.daemon.cpu_seconds - before.daemon.cpu_seconds;
  put_waits(before.waits, after.waits, out);
}

}  // namespace

Result<Waits> waits_of(Rig& rig) {
  Waits out;
  out.waited = rig.neighbours_waited();
  if (rig.daemon() == nullptr) return out;
  const auto harm = rig.daemon()->harm();
  if (!harm) return tl::unexpected(harm.error());
  out.harm = *harm;
  return out;
}

void put_waits(const Waits& before, const Waits& after, ArmRun& out) {
  if (before.waited && after.waited) out.waited = *after.waited - *before.waited;
  if (before.harm && after.harm) out.harm_told = *after.harm - *before.harm;
}

Result<> learn(Rig& rig, std::int64_t until, const Scenario& scenario, const std::string& what) {
  if (scenario.learn.count() == 0) return {};
  if (rig.daemon() != nullptr) {
    if (auto ok = rig.daemon()->command("pause"); !ok) return ok;
  }
  if (auto ok = rig.wait_until(until, what + ", learning"); !ok) return ok;
  return rig.daemon() != nullptr ? rig.daemon()->command("resume") : Result<>{};
}

Result<ArmRun> measure_arm(const Bench& bench, const Scenario& scenario, const Arm& arm, int run, int rotation,
                           seconds length, const std::string& phase, const Onlooker& onlooker,
                           std::vector<std::string>& notes) {
  auto rig = Rig::build(bench, scenario, arm, rotation, phase, length + scenario.warmup);
  if (!rig) return tl::unexpected(rig.error());
  const auto what = fmt::format("run {} rotation {} {}", run + 1, rotation % 1000 + 1, arm.name);
  const auto begin = rig->begin(length + scenario.warmup);
  const auto from = begin + nanoseconds(scenario.warmup).count();
  if (auto ok = learn(*rig, begin + nanoseconds(scenario.learn).count(), scenario, what); !ok) return tl::unexpected(ok.error());
  const auto to = from + nanoseconds(length).count();
  if (auto ok = rig->wait_until(from, what); !ok) return tl::unexpected(ok.error());
  const auto before = moment_of(*rig);
  if (!before) return tl::unexpected(before.error());
  // Only at the very beginning: what is drawn must not weigh on what is judged, and every arm bears the same.
  auto sampler = rotation == 0 ? TimelineSampler::start(first_steps(*rig), arm.name, from, to) : nullptr;
  auto looked = onlooker ? onlooker(*rig, arm, rotation, from, to) : Result<>{};
  if (looked) looked = rig->wait_until(to, what);
  if (!looked) return tl::unexpected(looked.error());
  const auto after = moment_of(*rig);
  if (!after) return tl::unexpected(after.error());
  auto timelines = sampler ? sampler->finish() : std::vector<Timeline>{};
  // What is still under way gets a second to end; it was due in time.
  if (auto ok = rig->wait_until(to + 1'000'000'000, what); !ok) return tl::unexpected(ok.error());
  auto out = latencies_of(*rig, from, to);
  out.arm = arm.name;
  out.run = run;
  out.rotation = rotation;
  out.timelines = std::move(timelines);
  put_difference(*before, *after, out);
  out.neighbours = rig->neighbours();
  rig->stop_daemon();
  for (const auto& path : rig->not_restored()) notes.push_back(fmt::format("{}: not put back: {}", what, path));
  return out;
}

}  // namespace headroom::lab
