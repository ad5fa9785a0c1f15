// How many simulated seconds a second of one core brings: a node of 16 CPUs and 60 containers, with and without the engine.
#include <benchmark/benchmark.h>

#include "lab/bench/benches.hpp"
#include "lab/simulated.hpp"

namespace headroom::bench {
namespace {

using namespace lab;

PodSpec pod(const char* name, PodClass pod_class, int replicas, const Load& load, std::optional<MilliCpu> limit) {
  PodSpec out;
  out.name = name;
  out.pod_class = pod_class;
  out.replicas = replicas;
  if (pod_class == PodClass::be) out.qos = KubeQos::best_effort;
  ContainerSpec container{"main", limit ? std::optional(MilliCpu{limit->value / 2}) : std::nullopt, limit, load};
  out.containers.push_back(std::move(container));
  return out;
}

/// 40 steps that burst, 19 services and a hog.
Scenario node_of_60() {
  Scenario out;
  out.name = "simulate";
  const Load burst{.kind = LoadKind::burst, .threads = 2, .cpu = milliseconds{160}, .pause = milliseconds{750}};
  const Load requests{.kind = LoadKind::request, .cpu = microseconds{500}, .rate = 100};
  const Load spin{.kind = LoadKind::spin, .threads = 0};
  out.pods.push_back(pod("step", PodClass::step, 40, burst, MilliCpu{500}));
  out.pods.push_back(pod("service", PodClass::ls, 19, requests, MilliCpu{400}));
  out.pods.push_back(pod("hog", PodClass::be, 1, spin, std::nullopt));
  return out;
}

void simulate(benchmark::State& state, const char* arm_name) {
  constexpr seconds kLength{20};
  const SimBench bench{.cpus = 16};
  const auto scenario = node_of_60();
  const auto arm = parse_arm(arm_name, NodeKind::simulated);
  for ([[maybe_unused]] auto _ : state) {
    auto rig = SimRig::build(bench, scenario, *arm, 0, "");
    if (!rig) return state.SkipWithError(rig.error().detail.c_str());
    const TimePoint from = (*rig)->begin(kLength);
    if (!(*rig)->run_until(from + kLength, "")) return state.SkipWithError("interrupted");
  }
  state.counters["times_real"] =
      benchmark::Counter(static_cast<double>(kLength.count()), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

void add_simulate_benches() {
  for (const char* arm : {"static", "headroom"})
    benchmark::RegisterBenchmark((std::string("simulate/cpus:16/containers:60/") + arm).c_str(),
                                 [arm](benchmark::State& s) { simulate(s, arm); })->Unit(benchmark::kMillisecond);
}

}  // namespace headroom::bench
