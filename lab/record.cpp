#include "lab/record.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace headroom::lab {
namespace {

constexpr double kNsPerMs = 1e6;

const Latencies& latencies_of(const ArmRun& run, Who who) {
  switch (who) {
    case Who::step: return run.step;
    case Who::burstable: return run.burstable;
    case Who::guaranteed: return run.guaranteed;
  }
  return run.step;
}

/// The run that counted or was a smoke; after void runs all of them, as the table pools them.
bool in_force(const Outcomes& outcomes, const ArmRun& raw) {
  if (outcomes.runs.empty()) return true;
  const auto& last = outcomes.runs.back();
  const bool pooled = last.fate == RunRecord::Fate::is_void || last.run >= kMostRuns;
  return pooled || raw.run == last.run;
}

std::vector<LatencyCurve> curves_of(const Outcomes& outcomes) {
  std::vector<LatencyCurve> out;
  for (const auto& arm : outcomes.arms) {
    for (const auto who : kEverybody) {
      Latencies all;
      for (const auto& raw : outcomes.raw) {
        if (raw.arm != arm.arm || !in_force(outcomes, raw)) continue;
        const auto& some = latencies_of(raw, who);
        all.insert(all.end(), some.begin(), some.end());
      }
      if (!all.empty()) out.push_back(latency_curve(arm.arm, who, std::move(all)));
    }
  }
  return out;
}

Rotation rotation_of(const ArmRun& r) {
  return {r.arm, r.run, r.rotation % kRotationsPerRun, summarize(r.step), summarize(r.burstable), summarize(r.guaranteed),
          r.throttled_container, r.throttled_pod, r.refilling_writes, r.all_writes, r.daemon_cpu_seconds, r.seconds, r.makespan};
}

}  // namespace

const char* word(Who who) {
  switch (who) {
    case Who::step: return "step";
    case Who::burstable: return "burstable";
    case Who::guaranteed: return "guaranteed";
  }
  return "";
}

std::vector<int> curve_shares() {
  std::vector<int> out{1};
  for (int share = 5; share <= 995; share += 5) out.push_back(share);
  out.insert(out.end(), {996, 997, 998, 999, 1000});   // the tail is what is judged
  return out;
}

LatencyCurve latency_curve(std::string arm, Who who, Latencies sample) {
  LatencyCurve out{std::move(arm), who, sample.size(), {}};
  if (sample.empty()) return out;
  std::sort(sample.begin(), sample.end());
  for (const int share : curve_shares()) {
    out.points.emplace_back(share / 1000.0, static_cast<double>(nearest_rank(sample, share)) / kNsPerMs);
  }
  return out;
}

Record record_of(const Scenario& scenario, const Outcomes& outcomes, const std::string& machine, const std::string& command) {
  Record out;
  out.scenario = scenario.name;
  out.description = scenario.description;
  out.machine = machine;
  out.command = command;
  out.need = need_of(scenario);
  out.arms = outcomes.arms;
  out.runs = outcomes.runs;
  out.verdicts = outcomes.verdicts;
  out.findings = outcomes.findings;
  out.series = outcomes.series;
  out.notes = outcomes.notes;
  out.curves = curves_of(outcomes);
  for (const auto& raw : outcomes.raw) {
    out.rotations.push_back(rotation_of(raw));
    out.timelines.insert(out.timelines.end(), raw.timelines.begin(), raw.timelines.end());
  }
  return out;
}

std::string not_judged(const Record& record, const ArmStats& arm) {
  if (!record.runs.empty() && record.runs.back().fate == RunRecord::Fate::smoke) {
    const auto why = too_small({arm}, record.need);
    return why.empty() ? "the run was a smoke or its sample too small" : why;
  }
  return too_small({arm}, record.need);
}

const ArmStats* arm_named(const Record& record, std::string_view name) { return find_arm(record.arms, name); }

const LatencyCurve* curve_of(const Record& record, std::string_view arm, Who who) {
  const auto it = std::find_if(record.curves.begin(), record.curves.end(),
                               [&](const LatencyCurve& c) { return c.arm == arm && c.who == who; });
  return it == record.curves.end() ? nullptr : &*it;
}

}  // namespace headroom::lab
