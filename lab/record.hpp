// What `run --json` keeps of a scenario and `report` reads again: no raw samples, but everything that is drawn.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/experiment.hpp"
#include "lab/timeline.hpp"

namespace headroom::lab {

enum class Origin { measured, simulated };
enum class Who { step, burstable, guaranteed };
inline constexpr Who kEverybody[] = {Who::step, Who::burstable, Who::guaranteed};
/// "step", "burstable", "guaranteed": as in the file.
const char* word(Who who);

/// Pooled latencies of one arm as nearest-rank quantiles at fixed shares, 0.001 to 1: both coordinates never fall.
struct LatencyCurve {
  std::string arm;
  Who who = Who::step;
  std::size_t count = 0;
  std::vector<std::pair<double, double>> points;   ///< share of the sample 0..1, milliseconds
  friend bool operator==(const LatencyCurve&, const LatencyCurve&) = default;
};

/// One arm in one rotation.
struct Rotation {
  std::string arm;
  int run = 0, rotation = 0;                           ///< from 0
  Summary step, burstable, guaranteed;
  double throttled_container = 0, throttled_pod = 0;   ///< seconds
  double refilling_writes = 0, all_writes = 0;
  double daemon_cpu_seconds = 0, seconds = 0;
  double makespan = 0;                                 ///< seconds, of a workflow
};

struct Record {
  std::string scenario, description, machine;
  std::string command;                    ///< that makes it again
  Origin origin = Origin::measured;
  SampleNeed need;                        ///< below which an arm is not judged
  std::vector<ArmStats> arms;             ///< of the run that counted, or of all pooled
  std::vector<RunRecord> runs;
  std::vector<Rotation> rotations;
  std::vector<Verdict> verdicts;
  std::vector<Finding> findings;
  std::vector<Series> series;
  std::vector<LatencyCurve> curves;
  std::vector<Timeline> timelines;
  std::vector<std::string> notes;
};

/// Newest layout of the file. 1, which says no version, has no description, curves or timelines and can still be read.
inline constexpr int kRecordVersion = 2;

/// Shares of the sample, in thousandths, at which a curve is kept.
std::vector<int> curve_shares();
LatencyCurve latency_curve(std::string arm, Who who, Latencies sample);

/// @param command  as somebody would type it
Record record_of(const Scenario& scenario, const Outcomes& outcomes, const std::string& machine, const std::string& command);

std::string to_json(const Record& record);
/// @param file  named in errors: "fanout.json: arms[0].step.p95_ms". Errors: malformed (not JSON, unknown or missing or
/// duplicate key, wrong type, number out of range, another version); the first is given.
Result<Record> parse_record(std::string_view text, const std::string& file);

/// One row per arm, rotation and statistic, with its unit; RFC 4180, one head for all records.
std::string to_csv(const std::vector<Record>& records);

/// Why this arm's figures are not to be judged; empty: they may be.
std::string not_judged(const Record& record, const ArmStats& arm);

const ArmStats* arm_named(const Record& record, std::string_view name);
const LatencyCurve* curve_of(const Record& record, std::string_view arm, Who who);

}  // namespace headroom::lab
