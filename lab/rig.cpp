#include "lab/rig.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "lab/random.hpp"

namespace headroom::lab {
namespace {

constexpr std::int64_t kLead = 100'000'000;          // from begin() to the first due time

bool is_neighbour(const Scenario& scenario, const PlannedGroup& group) {
  return group.level == Level::container && scenario.pods[group.pod].pod_class == PodClass::ls;
}

}  // namespace

Result<Rig> Rig::build(const Bench& bench, const Scenario& scenario, const Arm& arm, int rotation,
                       const std::string& phase, seconds longest) {
  Rig out;
  out.bench_ = &bench;
  out.scenario_ = &scenario;
  out.plan_ = for_arm(plan_tree(scenario, bench.cpus, phase), scenario, arm);
  auto tree = ScratchTree::create(bench.where, bench.scratch);
  if (!tree) return tl::unexpected(tree.error());
  out.tree_ = std::make_unique<ScratchTree>(std::move(*tree));
  // As heavy as kubepods: otherwise everything in it together weighs as much as one task outside.
  if (auto ok = out.tree_->write_shares("", kube_shares({MilliCpu{bench.cpus * 1000L}, {}})); !ok) return tl::unexpected(ok.error());
  if (auto ok = out.populate(rotation, longest); !ok) return tl::unexpected(ok.error());
  if (auto ok = out.wait_ready(); !ok) return tl::unexpected(ok.error());
  if (arm.kind != ArmKind::daemon) return out;
  const int port = free_port();
  const auto text = bench.daemon_config.empty() ? daemon_config(scenario, arm, bench.cpus, port)
                                                : with_port(bench.daemon_config, port);
  auto daemon = Daemon::start(bench.daemon, fmt::format("{}/{}-{}", bench.dir, arm.name, rotation), text, port,
                              out.tree_->root(), arm.policy);
  if (!daemon) return tl::unexpected(daemon.error());
  out.daemon_.emplace(std::move(*daemon));
  return out;
}

Result<> Rig::populate(int rotation, seconds longest) {
  for (const auto& group : plan_) {
    if (auto ok = tree_->make(group.path); !ok) return ok;
    if (auto ok = tree_->write_shares(group.path, group.shares); !ok) return ok;
    if (auto ok = tree_->write_quota(group.path, group.quota); !ok) return ok;
    const auto load = load_of(*scenario_, group);
    if (group.level != Level::sandbox && group.level != Level::container) continue;
    auto process = LoadProcess::start(load, bench_->cpus, load_seed(bench_->seed, rotation, load_name(*scenario_, group)),
                                      longest, [&](pid_t pid) { return tree_->attach(group.path, pid); });
    if (!process) return tl::unexpected(process.error());
    members_.push_back({group, std::move(*process)});
  }
  return {};
}

Result<> Rig::wait_ready() {
  for (int i = 0; i < 2000; ++i) {
    const bool all = std::all_of(members_.begin(), members_.end(),
                                 [](const Member& m) { return m.process.page().ready.load() != 0; });
    if (all) return {};
    std::this_thread::sleep_for(milliseconds{5});
  }
  return fail(Errc::io, "load processes", "not up after 10 s");
}

std::int64_t Rig::begin(nanoseconds length) {
  const auto at = monotonic_ns() + kLead;
  for (auto& m : members_) {
    m.process.page().end.store(at + length.count());
    const auto& after = load_of(*scenario_, m.group).after;
    m.process.page().begin.store(at + after.count());
  }
  return at;
}

Result<> Rig::wait_until(std::int64_t at, const std::string& what) {
  std::int64_t told = 0;
  for (auto now = monotonic_ns(); now < at; now = monotonic_ns()) {
    if (bench_->interrupted != nullptr && bench_->interrupted()) return fail(Errc::io, what, "interrupted");
    if (bench_->tick != nullptr && now - told >= 1'000'000'000) {
      bench_->tick(what, nanoseconds{at - now});
      told = now;
    }
    std::this_thread::sleep_for(nanoseconds{std::min<std::int64_t>(at - now, 100'000'000)});
  }
  return {};
}

Throttled Rig::throttled() {
  Throttled out;
  for (const auto& group : plan_) {
    if (!is_step(*scenario_, group)) continue;
    auto files = tree_->open(group.path);
    if (!files) continue;
    const auto counters = files->throttle();
    if (!counters) continue;
    (group.level == Level::pod ? out.pod : out.container) += static_cast<double>(counters->throttled_time.count()) / 1e9;
  }
  return out;
}

Latencies Rig::latencies(PodClass pod_class, std::optional<KubeQos> qos, std::int64_t from, std::int64_t to) const {
  Latencies out;
  for (const auto& m : members_) {
    const auto& pod = scenario_->pods[m.group.pod];
    if (m.group.level != Level::container || pod.pod_class != pod_class || (qos && pod.qos != *qos)) continue;
    const auto& page = m.process.page();
    for (std::uint64_t i = 0, n = page.count.load(std::memory_order_acquire); i < n; ++i) {
      const auto& event = page.log()[i];
      if (event.due >= from && event.due < to) out.push_back(event.done - event.due);
    }
  }
  return out;
}

std::vector<std::string> Rig::not_restored() {
  std::vector<std::string> out;
  for (const auto& group : plan_) {
    if (group.level != Level::pod && group.level != Level::container) continue;
    auto files = tree_->open(group.path);
    if (!files) continue;
    const auto bandwidth = files->bandwidth();
    if (bandwidth && bandwidth->quota == group.quota && bandwidth->burst.count() == 0) continue;
    out.push_back(group.path);
  }
  return out;
}

std::optional<double> Rig::neighbours_waited() {
  double sum = 0;
  for (const auto& group : plan_) {
    if (!is_neighbour(*scenario_, group)) continue;
    auto files = tree_->open(group.path);
    const auto waited = files ? files->pressure() : Result<nanoseconds>(tl::unexpected(files.error()));
    if (!waited) return std::nullopt;
    sum += static_cast<double>(waited->count()) / 1e9;
  }
  return sum;
}

std::size_t Rig::neighbours() const {
  return static_cast<std::size_t>(
      std::count_if(plan_.begin(), plan_.end(), [&](const PlannedGroup& g) { return is_neighbour(*scenario_, g); }));
}

void Rig::stop_daemon() { daemon_.reset(); }

std::size_t Rig::steps() const {
  return static_cast<std::size_t>(std::count_if(plan_.begin(), plan_.end(), [&](const PlannedGroup& g) {
    return g.level == Level::container && is_step(*scenario_, g);
  }));
}

}  // namespace headroom::lab
