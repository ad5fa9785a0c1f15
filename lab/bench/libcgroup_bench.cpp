// The same reads and writes of one group among a hundred, by our kept fds and by libcgroup.
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <libcgroup.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "lab/bench/benches.hpp"
#include "lab/tree.hpp"

namespace headroom::bench {
namespace {

constexpr int kGroups = 100;

struct Groups {
  std::unique_ptr<lab::ScratchTree> tree;
  std::vector<std::string> paths;   ///< below the hierarchies' roots
  std::vector<GroupFiles> files;
};

Result<Groups> make_groups() {
  const auto where = detect_hierarchy("");
  if (!where) return tl::unexpected(where.error());
  auto tree = lab::ScratchTree::create(*where, fmt::format("{}{}-libcgroup", lab::kScratchPrefix, getpid()));
  if (!tree) return tl::unexpected(tree.error());
  Groups out{std::make_unique<lab::ScratchTree>(std::move(*tree)), {}, {}};
  for (int i = 0; i < kGroups; ++i) {
    const std::string path = fmt::format("group{}", i);
    if (auto ok = out.tree->make(path); !ok) return tl::unexpected(ok.error());
    if (auto ok = out.tree->write_quota(path, microseconds{20'000}); !ok) return tl::unexpected(ok.error());
    auto files = out.tree->open(path);
    if (!files) return tl::unexpected(files.error());
    out.paths.push_back(out.tree->full(path));
    out.files.push_back(std::move(*files));
  }
  return out;
}

bool read_ours(Groups& g, std::size_t i) { return g.files[i].usage().has_value() && g.files[i].throttle().has_value(); }

bool read_values(Groups& g, std::size_t i) {
  void* handle = nullptr;
  char text[128];
  char name[] = "cpuacct.usage";
  const char* path = g.paths[i].c_str();
  if (cgroup_read_value_begin("cpuacct", path, name, &handle, text, sizeof text) != 0) return false;
  cgroup_read_value_end(&handle);
  cgroup_stat stat{};
  for (int ret = cgroup_read_stats_begin("cpu", path, &handle, &stat); ret != ECGEOF;
       ret = cgroup_read_stats_next(&handle, &stat))
    if (ret != 0) return false;
  cgroup_read_stats_end(&handle);
  return true;
}

bool read_all(Groups& g, std::size_t i) {
  cgroup* group = cgroup_new_cgroup(g.paths[i].c_str());
  const bool ok = group != nullptr && cgroup_get_cgroup(group) == 0;
  cgroup_free(&group);
  return ok;
}

std::int64_t next_quota() {
  static std::int64_t quota = 20'000;
  return quota = quota == 20'000 ? 21'000 : 20'000;
}

bool write_ours(Groups& g, std::size_t i) {
  return g.files[i].write_file(CpuFile::quota, std::to_string(next_quota())).has_value();
}

bool write_theirs(Groups& g, std::size_t i) {
  cgroup* group = cgroup_new_cgroup(g.paths[i].c_str());
  cgroup_controller* cpu = group ? cgroup_add_controller(group, "cpu") : nullptr;
  const bool ok = cpu != nullptr && cgroup_add_value_int64(cpu, "cpu.cfs_quota_us", next_quota()) == 0 &&
                  cgroup_modify_cgroup(group) == 0;
  cgroup_free(&group);
  return ok;
}

std::int64_t thread_cpu() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

using Way = bool (*)(Groups&, std::size_t);

/// Both in turns, group by group; the ratio is of their sums.
void compare(benchmark::State& state, Way ours, Way theirs) {
  auto groups = make_groups();
  if (!groups) return state.SkipWithError((groups.error().where + ": " + groups.error().detail).c_str());
  if (cgroup_init() != 0) return state.SkipWithError("cgroup_init: no cgroup hierarchy that libcgroup knows");
  std::int64_t sums[2] = {0, 0};
  std::size_t i = 0, failed = 0;
  for ([[maybe_unused]] auto _ : state) {
    const std::size_t group = i++ % kGroups;
    const std::int64_t begin = thread_cpu();
    failed += ours(*groups, group) ? 0 : 1;
    const std::int64_t between = thread_cpu();
    failed += theirs(*groups, group) ? 0 : 1;
    const std::int64_t end = thread_cpu();
    sums[0] += between - begin;
    sums[1] += end - between;
    state.SetIterationTime(static_cast<double>(between - begin) / 1e9);
  }
  if (failed > 0) state.SkipWithError(fmt::format("{} operations failed", failed).c_str());
  const auto n = static_cast<double>(std::max<std::size_t>(i, 1));
  state.counters["ours_us"] = static_cast<double>(sums[0]) / n / 1e3;
  state.counters["libcgroup_us"] = static_cast<double>(sums[1]) / n / 1e3;
  state.counters["ratio"] = static_cast<double>(sums[1]) / static_cast<double>(std::max<std::int64_t>(sums[0], 1));
}

}  // namespace

void add_libcgroup_benches(Depth depth) {
  const auto add = [depth](const char* name, Way ours, Way theirs) {
    benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { compare(state, ours, theirs); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond)
        ->Iterations(depth == Depth::smoke ? 100 : 2000);
  };
  add("libcgroup/usage_and_throttling", read_ours, read_values);
  add("libcgroup/whole_group", read_ours, read_all);
  add("libcgroup/quota", write_ours, write_theirs);
}

}  // namespace headroom::bench
