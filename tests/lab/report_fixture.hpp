// Records made by arithmetic alone, to draw and to read: nothing in them was ever measured, and none of it is published.
#pragma once

#include <algorithm>
#include <cmath>

#include "lab/random.hpp"
#include "lab/record.hpp"

namespace headroom::lab::fixture {

/// Heavy-tailed latencies from `least` on; sqrt alone is exact everywhere, so the files are the same with every compiler.
inline Latencies requests(std::uint64_t seed, std::size_t count, double least_ms, double spread_ms) {
  Random random(seed);
  Latencies out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(static_cast<std::int64_t>((least_ms + spread_ms * (1 / std::sqrt(random.unit()) - 1)) * 1e6));
  }
  return out;
}

/// Bursts take about their mean, some of them longer.
inline Latencies bursts(std::uint64_t seed, std::size_t count, double mean_ms) {
  Random random(seed);
  Latencies out;
  for (std::size_t i = 0; i < count; ++i) {
    const double longer = std::min(0.8, 0.06 * (1 / std::sqrt(random.unit()) - 1));
    out.push_back(static_cast<std::int64_t>(mean_ms * (0.76 + 0.36 * random.unit() + longer) * 1e6));
  }
  return out;
}

enum class Lend { nothing, by_file, hidden, no_limit };

/// Bursts of 150 ms of CPU by two threads every 900 ms, under a quota of 50 ms in 100 ms that is lent to or not.
inline Timeline timeline(const std::string& arm, Lend lend) {
  constexpr std::int64_t kTick = 40'000'000, kMs = 1'000'000;
  std::vector<Seen> looks;
  Seen now{0, 0, 0, lend == Lend::no_limit ? std::nullopt : std::optional{0.5}};
  std::int64_t left = 0, pool = 50 * kMs;
  for (std::int64_t at = 0; at <= 6'000 * kMs; at += 10 * kMs) {
    if (at % (900 * kMs) == 100 * kMs) left = 150 * kMs;
    const bool raised = lend == Lend::by_file && left > 0;
    if (at % (100 * kMs) == 0 || lend == Lend::hidden) pool = std::max(pool, 50 * kMs);
    const std::int64_t may = raised || lend == Lend::no_limit ? 20 * kMs : std::min(pool, 20 * kMs), used = std::min(left, may);
    if (left > 0 && used < std::min(left, 20 * kMs)) now.throttled += 10 * kMs;
    left -= used;
    pool -= std::min(pool, used);
    now.usage += used;
    if (lend != Lend::no_limit) now.quota_cores = raised ? 1.9 : 0.5;
    now.at = at;
    if (at % kTick == 0) looks.push_back(now);
  }
  auto out = timeline_of(arm, "step/0/main", lend == Lend::no_limit ? std::nullopt : std::optional{0.5}, 0, looks);
  out.sampler_cpu = 0.0075;
  return out;
}

struct Shape {
  const char* arm;
  double step_ms, b_ms, g_ms, throttled;   ///< b_ms, g_ms: spread of the requests' tail
  Lend lend;
};
inline constexpr Shape kShapes[] = {{"static", 240, 0.72, 0.8, 36, Lend::nothing},        {"static2", 239, 0.72, 0.8, 35, Lend::nothing},
                                    {"nolimit", 104, 0.7, 0.95, 0, Lend::no_limit},       {"nolimit_low", 118, 0.4, 0.9, 0, Lend::no_limit},
                                    {"headroom-file", 106, 0.45, 0.79, 0.6, Lend::by_file}, {"headroom-hidden", 113, 0.5, 0.8, 1.7, Lend::hidden}};

inline ArmRun arm_run(const Shape& shape, int run, int rotation, std::size_t count) {
  const auto seed = load_seed(static_cast<std::uint64_t>(run), rotation, shape.arm);
  // The twins of the first run differ by too much: it is void.
  const double apart = run == 0 && std::string(shape.arm) == "static2" ? 1.12 : 1;
  ArmRun out;
  out.arm = shape.arm;
  out.run = run;
  out.rotation = run * kRotationsPerRun + rotation;
  out.step = bursts(seed, count / 100, shape.step_ms);
  out.burstable = requests(seed + 1, count, 0.41, shape.b_ms * apart);
  out.guaranteed = requests(seed + 2, count, 0.42, shape.g_ms);
  out.throttled_container = shape.throttled * 0.6;
  out.throttled_pod = shape.throttled * 0.4;
  out.all_writes = out.refilling_writes = shape.lend == Lend::by_file ? 310 : shape.lend == Lend::hidden ? 844 : 0;
  out.daemon_cpu_seconds = out.all_writes > 0 ? 0.21 : 0;
  out.seconds = 26;
  out.steps = 3;
  if (run == 0 && rotation == 0) out.timelines = {timeline(shape.arm, shape.lend)};
  return out;
}

inline Scenario scenario(const std::string& name, const std::string& description) {
  Scenario out;
  out.name = name;
  out.description = description;
  out.judged = {"b_p95", "g_p95"};
  out.bars = {{"headroom-file", "throttled", "static", 0.05}, {"headroom-file", "step_mean", "nolimit", 1.05},
              {"headroom-file", "b_p95", "static", 1.05},     {"nolimit", "g_p95", "static", 1.05},
              {"headroom-hidden", "step_mean", "headroom-file", 1.2}};
  PodSpec step;
  step.pod_class = PodClass::step;
  step.containers.resize(1);
  step.containers[0].load.kind = LoadKind::burst;
  out.pods = {step};
  return out;
}

inline std::vector<Arm> arms(const std::vector<ArmRun>& raw) {
  std::vector<Arm> out;
  for (const auto& run : raw) {
    const auto same = [&](const Arm& arm) { return arm.name == run.arm; };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back({run.arm, ArmKind::fixed, "", ""});
  }
  return out;
}

/// A void run and one that counts, of two rotations each.
inline Record make_steady() {
  const auto what = scenario("fixture-steady", "arithmetic, not a measurement: three steps that burst beside four light services");
  Outcomes out;
  for (int run = 0; run < 2; ++run) {
    std::vector<ArmRun> raw;
    for (int rotation = 0; rotation < 2; ++rotation) {
      for (const auto& shape : kShapes) raw.push_back(arm_run(shape, run, rotation, 16'000));
    }
    out.arms = pool(raw, arms(raw));
    out.runs.push_back({run, twin_ratios(out.arms[0], out.arms[1], what.judged), {}});
    out.runs.back().fate = run_counts(out.runs.back().twins) ? RunRecord::Fate::counts : RunRecord::Fate::is_void;
    out.raw.insert(out.raw.end(), raw.begin(), raw.end());
  }
  out.verdicts = apply_bars(what.bars, values_of(out.arms), arms(out.raw), Judging::on);
  return record_of(what, out, "2 CPUs, no kernel: a fixture", "headroom-lab run fixture-steady --policies nolimit,nolimit_low,headroom-file,headroom-hidden --seed 1");
}

/// Made once: 800,000 draws take two seconds under the sanitizers.
inline const Record& steady() {
  static const Record record = make_steady();
  return record;
}

/// Findings and series, without arms.
inline Record starts() {
  Outcomes out;
  out.findings = {{"one-thread: mean of 5 starts on an idle node", "s", "headroom", 3.127, {}, Verdict::Says::not_judged},
                  {"slowest return of what was lent", "ms", "headroom", 61.5, 200, Verdict::Says::pass}};
  for (const char* arm : {"headroom", "nolimit"}) {
    Random random(7);
    Series series{std::string("one-thread, ") + arm, "s", {}};
    for (int i = 1; i <= 5; ++i) series.points.emplace_back(i, random.around(arm[0] == 'h' ? 3.1 : 3.0));
    out.series.push_back(series);
  }
  Random random(8);
  Series leases{"first lease on a saturated node, headroom", "ms", {}};
  for (int i = 1; i <= 50; ++i) leases.points.emplace_back(i, 8 + 20 * random.unit());
  out.series.push_back(leases);
  out.verdicts = {{{"headroom", "one-thread", "nolimit", 1.2}, 1.041, Verdict::Says::pass},
                  {{"headroom", "first_lease_p95_ms", "", 20}, 26.9, Verdict::Says::miss}};
  return record_of(scenario("fixture-starts", "arithmetic, not a measurement: starts of a step"), out, "2 CPUs, no kernel: a fixture", "");
}

/// Too small a sample, names that want escaping, arms that nobody knows, and simulated.
inline Record simulated() {
  Outcomes out;
  const Shape shapes[] = {{"static", 600, 2, 8, 120, Lend::nothing}, {"koord<&>'inator'", 480, 3, 9, 40, Lend::by_file},
                          {"oracle \"bound\"", 380, 1.9, 2, 0, Lend::no_limit}};
  for (const auto& shape : shapes) out.raw.push_back(arm_run(shape, 0, 0, 2'000));
  out.arms = pool(out.raw, arms(out.raw));
  out.runs = {{0, {}, RunRecord::Fate::smoke}};
  out.notes = {"a note with <tags> & \"quotes\""};
  auto record = record_of(scenario("fixture <simulated> & \"quoted\"", "arithmetic, <not> a measurement"), out, "2 CPUs & no kernel", "headroom-lab run x < y");
  record.origin = Origin::simulated;
  return record;
}

}  // namespace headroom::lab::fixture
