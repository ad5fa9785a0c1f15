// `relief` on this machine: every write to the steps' limits is seen with its time, and when they run.
#include "lab/relief.hpp"

#include <fmt/core.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "cgroups/types/text.hpp"
#include "lab/write_watch.hpp"

namespace headroom::lab {
namespace {

constexpr milliseconds kLookEvery{4};

std::optional<double> cores_of(const std::optional<microseconds>& quota, microseconds period) {
  if (!quota || period.count() <= 0) return std::nullopt;
  return static_cast<double>(quota->count()) / static_cast<double>(period.count());
}

/// One step's container with its pod.
struct Watched {
  const Member* member = nullptr;
  std::string container, pod;            ///< paths below the scratch root
  GroupFiles files;                      ///< of the container: for its usage
  ReliefHistory history;
};

/// Reads when each container ran, in a thread of its own at real-time priority where that is allowed.
class Looks {
 public:
  explicit Looks(std::vector<Watched>& watched) : watched_(watched), thread_([this] { run(); }) {}
  ~Looks() { stop(); }
  void stop() {
    quit_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    const sched_param priority{1};
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    while (!quit_) {
      for (auto& w : watched_)
        if (const auto usage = w.files.usage()) w.history.usage.emplace_back(monotonic_ns(), usage->count());
      std::this_thread::sleep_for(kLookEvery);
    }
  }
  std::vector<Watched>& watched_;
  std::atomic<bool> quit_{false};
  std::thread thread_;
};

double ceiling(const Bench& bench, const Scenario& scenario) {
  const double up_to = scenario.up_to.empty() ? 0 : std::strtod(scenario.up_to.c_str(), nullptr);
  return up_to > 0 ? std::min<double>(up_to, bench.cpus) : bench.cpus;
}

Result<std::vector<LimitStep>> limit_now(Rig& rig, const std::string& path) {
  auto files = rig.tree().open(path);
  if (!files) return tl::unexpected(files.error());
  const auto now = files->bandwidth();
  if (!now) return tl::unexpected(now.error());
  return std::vector<LimitStep>{{monotonic_ns(), cores_of(now->quota, now->period)}};
}

Result<std::vector<Watched>> steps_of(Rig& rig, const Bench& bench) {
  std::vector<Watched> out;
  for (const auto& member : rig.members()) {
    const auto& spec = rig.scenario().pods[member.group.pod];
    const auto& load = load_of(rig.scenario(), member.group);
    if (member.group.level != Level::container || spec.pod_class != PodClass::step || load.kind != LoadKind::burst) continue;
    auto files = rig.tree().open(member.group.path);
    if (!files) return tl::unexpected(files.error());
    const auto slash = member.group.path.rfind('/');
    Watched one{&member, member.group.path, member.group.path.substr(0, slash), std::move(*files), {}};
    for (const auto& group : rig.plan()) {
      if (group.path != one.container && group.path != one.pod) continue;
      if (const auto base = cores_of(group.quota, kKubePeriod)) one.history.base.push_back(*base);
    }
    one.history.wants = std::min<double>(std::max(1, load.threads), ceiling(bench, rig.scenario()));
    out.push_back(std::move(one));
  }
  return out;
}

void add_write(const SeenWrite& write, std::vector<LimitStep>& steps) {
  if (write.file == "cpu.max") {
    if (const auto parsed = parse_cpu_max(write.value, write.file)) steps.push_back({write.at, cores_of(parsed->quota, parsed->period)});
  } else if (write.file == "cpu.cfs_quota_us") {
    if (const auto parsed = parse_quota(write.value, write.file)) steps.push_back({write.at, cores_of(*parsed, kKubePeriod)});
  }
}

void add_bursts(const WorkPage& page, std::int64_t from, std::int64_t to, std::vector<SeenBurst>& out) {
  std::int64_t before = 0;
  for (std::uint64_t i = 0, n = page.count.load(std::memory_order_acquire); i < n; ++i) {
    const auto& event = page.log()[i];
    if (event.due >= from && event.done <= to) out.push_back({event.due, event.done, before == 0 ? 0 : event.due - before});
    before = event.done;
  }
}

Result<std::vector<Relief>> look(Rig& rig, const Bench& bench, const Arm& arm, const std::string& what, std::int64_t from, std::int64_t to) {
  auto steps = steps_of(rig, bench);
  if (!steps) return tl::unexpected(steps.error());
  std::vector<std::string> groups;
  for (const auto& w : *steps)
    for (const auto& path : {w.container, w.pod}) groups.push_back(rig.tree().full(path));
  auto watch = WriteWatch::start(bench.where, groups);
  if (!watch) return tl::unexpected(watch.error());
  for (auto& w : *steps) {
    for (const auto& path : {w.container, w.pod}) {
      auto now = limit_now(rig, path);
      if (!now) return tl::unexpected(now.error());
      w.history.levels.push_back(std::move(*now));
    }
  }
  Looks looks(*steps);
  if (auto ok = rig.wait_until(to, what); !ok) return tl::unexpected(ok.error());
  looks.stop();
  const auto writes = (*watch)->seen();
  std::vector<Relief> out;
  const auto sight = arm.visibility == "hidden" ? LeaseSight::running : LeaseSight::quota;
  for (auto& w : *steps) {
    for (const auto& write : writes) {
      if (write.group == rig.tree().full(w.container)) add_write(write, w.history.levels[0]);
      if (write.group == rig.tree().full(w.pod)) add_write(write, w.history.levels[1]);
    }
    add_bursts(w.member->process.page(), from, to, w.history.bursts);
    const auto judged = judge_relief(w.history, sight);
    out.insert(out.end(), judged.begin(), judged.end());
  }
  return out;
}

}  // namespace

Result<Outcomes> run_relief(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  std::map<std::string, std::vector<Relief>> seen;
  const auto look_on = [&](Rig& rig, const Arm& arm, int rotation, std::int64_t from, std::int64_t to) -> Result<> {
    if (arm.kind != ArmKind::daemon) return {};
    auto got = look(rig, bench, arm, fmt::format("rotation {} {}", rotation % kRotationsPerRun + 1, arm.name), from, to);
    if (!got) return tl::unexpected(got.error());
    seen[arm.name].insert(seen[arm.name].end(), got->begin(), got->end());
    return {};
  };
  auto out = run_rotations(bench, scenario, options, "", look_on);
  if (!out) return out;
  for (const auto& arm : options.arms)
    if (seen.contains(arm.name)) report_relief(arm, seen[arm.name], *out);
  return out;
}

}  // namespace headroom::lab
