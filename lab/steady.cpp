// Interleaved rotations under the neighbour rule: fanout, contended, demo; and the part that others build upon.
#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "lab/experiment.hpp"
#include "lab/random.hpp"
#include "lab/sampler.hpp"

namespace headroom::lab {
namespace {

void append(Latencies& to, const Latencies& from) { to.insert(to.end(), from.begin(), from.end()); }

Result<> one_run(const Scenario& scenario, const RunOptions& options, int run, std::uint64_t seed, const Measure& measure,
                 Outcomes& out) {
  const auto length = length_of(scenario, options);
  for (int rotation = 0; rotation < length.rounds; ++rotation) {
    auto order = options.arms;
    shuffle(order, load_seed(seed, run * kRotationsPerRun + rotation, "order"));
    for (const auto& arm : order) {
      // Runs repeat with other seeds, arms within a rotation with the same.
      auto got = measure(arm, run, run * kRotationsPerRun + rotation, length.each, out.notes);
      if (!got) return tl::unexpected(got.error());
      out.raw.push_back(std::move(*got));
    }
  }
  return {};
}

std::vector<ArmRun> of_run(const std::vector<ArmRun>& raw, int run) {
  std::vector<ArmRun> out;
  std::copy_if(raw.begin(), raw.end(), std::back_inserter(out), [&](const ArmRun& r) { return r.run == run; });
  return out;
}

RunRecord record_of(int run, const Scenario& scenario, const std::vector<ArmStats>& arms, const std::string& small) {
  RunRecord out;
  out.run = run;
  const auto* a = find_arm(arms, "static");
  const auto* twin = find_arm(arms, "static2");
  if (a != nullptr && twin != nullptr) out.twins = twin_ratios(*a, *twin, scenario.judged);
  if (!small.empty()) out.fate = RunRecord::Fate::smoke;
  else out.fate = scenario.kind == Kind::wakeup || run_counts(out.twins) ? RunRecord::Fate::counts : RunRecord::Fate::is_void;
  return out;
}

/// Thirty wakes are a small sample, which is not repeated: both twins together are what it is held against.
std::vector<ArmStats> twins_together(std::vector<ArmRun> raw, const std::vector<Arm>& arms) {
  for (auto& run : raw) {
    if (run.arm == "static2") run.arm = "static";
  }
  return pool(raw, arms);
}

bool about_neighbours(const std::string& stat) { return stat.starts_with("b_") || stat.starts_with("g_"); }

}  // namespace

SampleNeed need_of(const Scenario& scenario) {
  SampleNeed out;
  if (scenario.kind == Kind::wakeup || std::none_of(scenario.judged.begin(), scenario.judged.end(), about_neighbours)) out.requests = 0;
  const auto bursts = [](const PodSpec& p) {
    return p.pod_class == PodClass::step && p.containers.front().load.kind == LoadKind::burst;
  };
  if (std::none_of(scenario.pods.begin(), scenario.pods.end(), bursts)) out.bursts = 0;
  return out;
}

Length length_of(const Scenario& scenario, const RunOptions& options) {
  const seconds kind_of_smoke{scenario.kind == Kind::wakeup ? 12 : 3};   // a wake-up has to be in it
  const bool smoke = options.depth == RunOptions::Depth::smoke;
  Length out;
  out.rounds = options.rounds > 0 ? options.rounds : smoke ? 1 : scenario.rounds;
  out.each = options.length.count() > 0 ? options.length : smoke ? std::min(scenario.length, kind_of_smoke) : scenario.length;
  return out;
}

std::vector<ArmStats> pool(const std::vector<ArmRun>& raw, const std::vector<Arm>& arms) {
  std::vector<ArmStats> out;
  for (const auto& arm : arms) {
    ArmStats stats;
    stats.arm = arm.name;
    Latencies step, burstable, guaranteed;
    double writes = 0, cpu = 0, group_seconds = 0, makespans = 0, runs = 0;
    for (const auto& run : raw) {
      if (run.arm != arm.name) continue;
      append(step, run.step);
      append(burstable, run.burstable);
      append(guaranteed, run.guaranteed);
      stats.throttled_container += run.throttled_container;
      stats.throttled_pod += run.throttled_pod;
      stats.seconds += run.seconds;
      makespans += run.makespan;
      ++runs;
      writes += run.refilling_writes;
      cpu += run.daemon_cpu_seconds;
      group_seconds += run.seconds * static_cast<double>(run.steps);
    }
    stats.makespan = runs > 0 ? makespans / runs : 0;
    stats.step = summarize(std::move(step));
    stats.burstable = summarize(std::move(burstable));
    stats.guaranteed = summarize(std::move(guaranteed));
    stats.refills_per_group_second = group_seconds > 0 ? writes / group_seconds : 0;
    stats.daemon_cpu = stats.seconds > 0 ? cpu / stats.seconds : 0;
    out.push_back(std::move(stats));
  }
  return out;
}

Result<Outcomes> run_steady(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  auto out = run_rotations(bench, scenario, options, "", {});
  if (!out) return out;
  add_added_wait(*out, options.arms);
  return out;
}

Result<Outcomes> run_rotations(const Bench& bench, const Scenario& scenario, const RunOptions& options,
                               const std::string& phase, const Onlooker& onlooker) {
  return rotate(scenario, options, bench.seed,
                [&](const Arm& arm, int run, int rotation, seconds length, std::vector<std::string>& notes) {
                  return measure_arm(bench, scenario, arm, run, rotation, length, phase, onlooker, notes);
                });
}

Result<Outcomes> rotate(const Scenario& scenario, const RunOptions& options, std::uint64_t seed, const Measure& measure) {
  Outcomes out;
  for (int run = 0; run < kMostRuns; ++run) {
    if (auto ok = one_run(scenario, options, run, seed, measure, out); !ok) return tl::unexpected(ok.error());
    const auto arms = pool(of_run(out.raw, run), options.arms);
    const auto small = judging_of(options) == Judging::off ? "a run that is not to be" : too_small(arms, need_of(scenario));
    out.runs.push_back(record_of(run, scenario, arms, small));
    out.arms = arms;
    if (!small.empty()) {
      out.notes.push_back("not judged: " + small);
      out.values = values_of(arms);
      return out;
    }
    if (out.runs.back().fate == RunRecord::Fate::counts) {
      const bool wakes = scenario.kind == Kind::wakeup;
      out.values = values_of(wakes ? twins_together(of_run(out.raw, run), options.arms) : arms);
      if (wakes) out.notes.emplace_back("the bars are held against both static arms together");
      return out;
    }
    out.arms = pool(out.raw, options.arms);
    out.values = values_of(out.arms);
    out.verdicts = apply_bars(scenario.bars, out.values, options.arms, judging_of(options));
    if (options.after_void_run) options.after_void_run(out);
  }
  auto pooled = record_of(kMostRuns, scenario, out.arms, "");
  out.notes.push_back(pooled.fate == RunRecord::Fate::counts ? "five void runs, pooled"
                                                             : "five void runs, pooled; the twins still differ");
  out.runs.push_back(std::move(pooled));
  return out;
}

}  // namespace headroom::lab
