// A slow tick at growing numbers of groups: hot and cold, idle and active, as ratios to the bare reads beside it.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "lab/bench/benches.hpp"
#include "lab/bench/tick_rig.hpp"

namespace headroom::bench {
namespace {

enum class Caches { hot, cold };

/// One tree at a time: benchmarks of the same size and activity follow each other.
struct Present {
  int groups = 0;
  Activity activity = Activity::idle;
  std::unique_ptr<TickRig> rig;
} present;

TickRig* rig_of(int groups, Activity activity, benchmark::State& state) {
  if (present.rig && present.groups == groups && present.activity == activity) return present.rig.get();
  present.rig.reset();
  auto built = TickRig::build(groups, activity);
  if (!built) {
    state.SkipWithError((built.error().where + ": " + built.error().detail).c_str());
    return nullptr;
  }
  present = {groups, activity, std::move(*built)};
  return present.rig.get();
}

using Way = nanoseconds (TickRig::*)();
constexpr std::array<Way, 3> kWays{&TickRig::tick, &TickRig::bare, &TickRig::open_read_close};

/// Hot: right after the same; cold: after everything else.
nanoseconds once(TickRig& rig, Way way, Caches caches) {
  if (caches == Caches::cold) evict_caches();
  else static_cast<void>((rig.*way)());
  return (rig.*way)();
}

double median(std::vector<double> sample) {
  if (sample.empty()) return 0;
  std::nth_element(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2), sample.end());
  return sample[sample.size() / 2];
}

void slow_tick(benchmark::State& state, int groups, Activity activity, Caches caches) {
  TickRig* rig = rig_of(groups, activity, state);
  if (rig == nullptr) return;
  std::array<std::vector<double>, 3> took;   // us
  std::size_t first = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t i = 0; i < kWays.size(); ++i) {   // they take turns, and in the order of their turns
      const std::size_t way = (first + i) % kWays.size();
      took[way].push_back(static_cast<double>(once(*rig, kWays[way], caches).count()) / 1e3);
    }
    state.SetIterationTime(took[0].back() / 1e6);
    rig->step();
    ++first;
  }
  state.counters["groups"] = static_cast<double>(rig->groups_read());
  state.counters["preads"] = static_cast<double>(rig->preads());
  state.counters["tick_us"] = median(took[0]);
  state.counters["bare_us"] = median(took[1]);
  state.counters["open_us"] = median(took[2]);
  state.counters["to_bare"] = median(took[0]) / median(took[1]);
  state.counters["open_to_bare"] = median(took[2]) / median(took[1]);
}

}  // namespace

void add_tick_benches(Depth depth) {
  const std::vector<int> sizes = depth == Depth::smoke ? std::vector{10} : std::vector{10, 100, 500, 1000, 2000};
  for (const int groups : sizes)
    for (const Activity activity : {Activity::idle, Activity::active})
      for (const Caches caches : {Caches::hot, Caches::cold}) {
        const std::string name = fmt::format("slow_tick/groups:{}/{}/{}", groups, activity == Activity::idle ? "idle" : "active",
                                             caches == Caches::hot ? "hot" : "cold");
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& s) { slow_tick(s, groups, activity, caches); })
            ->UseManualTime()
            ->Unit(benchmark::kMicrosecond)
            ->Iterations(depth == Depth::smoke ? 5 : 41);
      }
}

void drop_tick_rig() { present.rig.reset(); }

}  // namespace headroom::bench
