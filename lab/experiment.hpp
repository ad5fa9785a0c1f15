// What `run` does for each kind of scenario, and what it hands to the report.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lab/rig.hpp"
#include "lab/timeline.hpp"

namespace headroom::lab {

struct Outcomes;

/// From the command line; 0: as the scenario says.
struct RunOptions {
  std::vector<Arm> arms;
  int rounds = 0;
  seconds length{0};
  enum class Depth { full, unjudged, smoke } depth = Depth::full;   ///< unjudged: one run of full size; smoke: one short rotation
  std::function<void(const Outcomes&)> after_void_run{};  ///< all runs so far, pooled: an interrupted lab leaves a table
};

/// One arm in one rotation, as raw samples.
struct ArmRun {
  std::string arm;
  int run = 0, rotation = 0;
  Latencies step, burstable, guaranteed;
  double throttled_container = 0, throttled_pod = 0;   ///< seconds
  double refilling_writes = 0, all_writes = 0;
  double daemon_cpu_seconds = 0;
  double seconds = 0;
  double makespan = 0;               ///< seconds from the first step's pod to the last step's end; 0: no workflow
  std::size_t steps = 0;
  std::size_t neighbours = 0;
  std::optional<double> waited;      ///< seconds, summed over neighbours, by their cgroups' pressure
  std::optional<double> harm_told;   ///< seconds of that which the daemon says are because of it
  std::vector<Timeline> timelines{};   ///< of a first rotation; otherwise empty
};

/// A bar of the scenario, applied.
struct Verdict {
  Bar bar;
  std::optional<double> value;
  enum class Says { not_judged, pass, miss } says = Says::not_judged;
};

/// After so many void runs all of them are pooled (the neighbour rule); the pooled one has this number.
inline constexpr int kMostRuns = 5;
/// ArmRun::rotation goes on through the runs in such steps, so that every run has other seeds.
inline constexpr int kRotationsPerRun = 1000;

/// One run of N rotations under the neighbour rule.
struct RunRecord {
  int run = 0;
  std::vector<TwinRatio> twins;
  enum class Fate { counts, is_void, smoke } fate = Fate::smoke;
};

/// A named series of numbers for the JSON file and, short, for the table: curves, start times.
struct Series {
  std::string name, unit;
  std::vector<std::pair<double, double>> points;   ///< x in seconds or running number, y in unit
};

/// A line of its own under the table: "greatest use over any 30 s window: 0.51 cores (limit 0.50 + 5 %): pass".
struct Finding {
  std::string name, unit;
  std::string arm;
  double value = 0;
  std::optional<double> at_most;
  Verdict::Says says = Verdict::Says::not_judged;
};

/// (arm, name of a statistic) -> value. What is not in it has no sample, or too small a one.
using Values = std::map<std::pair<std::string, std::string>, double>;

struct Outcomes {
  std::vector<ArmRun> raw;
  std::vector<ArmStats> arms;        ///< of the run that counted, or of all five pooled
  std::vector<RunRecord> runs;
  Values values;                     ///< what a bar may name
  std::vector<Verdict> verdicts;
  std::vector<Finding> findings;
  std::vector<Series> series;
  std::vector<std::string> notes;    ///< why nothing was judged, what was left behind, and the like
};

Result<Outcomes> run_steady(const Bench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> run_greedy(const Bench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> run_startup(const Bench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> run_wakeup(const Bench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> run_runtimes(const Bench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> run_workflow(const Bench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> run_scenario(const Bench& bench, const Scenario& scenario, const RunOptions& options);

/// Pools the rotations of each arm, in the order of `arms`.
std::vector<ArmStats> pool(const std::vector<ArmRun>& raw, const std::vector<Arm>& arms);

/// What the neighbour rule asks for; the sample of `wakeup` is its thirty wakes.
SampleNeed need_of(const Scenario& scenario);

/// Every statistic of every arm that has a sample for it.
Values values_of(const std::vector<ArmStats>& arms);

enum class Judging { off, on };
/// Only a full run is judged.
Judging judging_of(const RunOptions& options);

/// Every bar of the scenario, in its order. Not judged: judging is off, or one of its arms did not run. Without a value, for want of
/// a sample that suffices, it is a miss.
std::vector<Verdict> apply_bars(const std::vector<Bar>& bars, const Values& values, const std::vector<Arm>& arms, Judging judging);

/// Verdicts of what has been measured, and whether an arm is dominated. The last step of every kind of scenario.
void judge(const Scenario& scenario, const RunOptions& options, Outcomes& out);
/// Of a full run: every bar that is missed or not judged, and why; every arm that ought to be in the tables and did not run. Empty:
/// the scenario has shown what it is for.
std::vector<std::string> shortfalls(const Scenario& scenario, const RunOptions& options, const Outcomes& outcomes);

/// Rounds and seconds in force: the command line's, else a smoke's, else the scenario's.
struct Length {
  int rounds = 1;
  seconds each{1};
};
Length length_of(const Scenario& scenario, const RunOptions& options);

/// Called for each arm's measured stretch, while it runs; may look on (wakeup). May be empty.
using Onlooker = std::function<Result<>(Rig& rig, const Arm& arm, int rotation, std::int64_t from, std::int64_t to)>;

/// One arm in one rotation, however it is measured; what is worth a line is added to the notes. Rotations of later runs go on
/// counting: their seeds are others.
using Measure = std::function<Result<ArmRun>(const Arm& arm, int run, int rotation, seconds length, std::vector<std::string>& notes)>;

/// Interleaved rotations under the neighbour rule, up to five runs.
Result<Outcomes> rotate(const Scenario& scenario, const RunOptions& options, std::uint64_t seed, const Measure& measure);
/// The same on this machine, with measure_arm.
Result<Outcomes> run_rotations(const Bench& bench, const Scenario& scenario, const RunOptions& options,
                               const std::string& phase, const Onlooker& onlooker);

/// What neighbours have waited so far, and what of that the daemon says is because of it.
struct Waits {
  std::optional<double> waited, harm;
};
/// Errors: io (the daemon does not answer).
Result<Waits> waits_of(Rig& rig);
void put_waits(const Waits& before, const Waits& after, ArmRun& out);

/// Adds findings, paired by rotation: what neighbours waited in an arm beyond what they did under static limits, beside what
/// its daemon says of it. In per cent of wall time, a neighbour. Nothing where pressure cannot be read.
/// Values: "harm_apart", by how much the two differ in per cent of wall time; "harm_apart_part", in per cent of the first, where that
/// is large enough to be judged by.
void add_added_wait(Outcomes& out, const std::vector<Arm>& arms);
inline constexpr double kLeastTruth = 3;   ///< per cent of wall time

/// Adds a finding for each arm that is not to be dominated: how many others are better on step mean, Burstable p95 and
/// Guaranteed p95 at once; which they are is a note. nolimit_low and oracle do not count, nor other settings of the same policy.
/// An arm without a sample is a miss; one that has not been held against all of `beside` is not judged unless it is dominated.
void add_dominance(const Scenario& scenario, const std::vector<Arm>& arms, Judging judging, Outcomes& out);

/// Adds findings where the arms `static` and `oracle` ran: the part of oracle's gain over static limits, in per cent, that each
/// other arm has in the steps' mean and in the makespan. The second: of named means, lower is better.
void add_oracle_gain(Outcomes& out);
void add_oracle_gain(const Values& means, Outcomes& out);

/// A daemon that has just been started knows no neighbour's baseline, as one that has run for a minute does: it watches
/// first, paused, until `until`. Every arm passes the same time under the same load.
Result<> learn(Rig& rig, std::int64_t until, const Scenario& scenario, const std::string& what);

/// One arm in one rotation: build, warm up, measure, put back.
Result<ArmRun> measure_arm(const Bench& bench, const Scenario& scenario, const Arm& arm, int run, int rotation,
                           seconds length, const std::string& phase, const Onlooker& onlooker,
                           std::vector<std::string>& notes);

}  // namespace headroom::lab
