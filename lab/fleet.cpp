#include "lab/fleet.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "lab/tables.hpp"

namespace headroom::lab {
namespace {

constexpr double kOne = 1e9;
constexpr std::size_t kMostNotes = 10;

std::int64_t ns_of(double seconds) { return std::llround(seconds * 1e9); }

void take(NodeRatios& ratios, double value, double base, std::uint64_t seed) {
  if (value <= 0 || base <= 0) return;   // nothing of the kind on this node
  const auto ratio = std::llround(value / base * kOne);
  ratios.all.add(ratio);
  if (ratio < ratios.worst || (ratio == ratios.worst && ratios.worst_seed <= seed)) return;
  ratios.worst = ratio;
  ratios.worst_seed = seed;
}

void merge(NodeRatios& to, const NodeRatios& from) {
  to.all.add(from.all);
  if (from.worst < to.worst || (from.worst == to.worst && to.worst_seed <= from.worst_seed)) return;
  to.worst = from.worst;
  to.worst_seed = from.worst_seed;
}

void take_samples(FleetArm& arm, const ArmRun& run) {
  arm.step.add(run.step);
  arm.burstable.add(run.burstable);
  arm.guaranteed.add(run.guaranteed);
  arm.throttled_container += ns_of(run.throttled_container);
  arm.throttled_pod += ns_of(run.throttled_pod);
  arm.daemon_cpu += ns_of(run.daemon_cpu_seconds);
  arm.length += ns_of(run.seconds);
  arm.refilling_writes += static_cast<std::uint64_t>(std::llround(run.refilling_writes));
  arm.step_seconds += static_cast<std::uint64_t>(std::llround(run.seconds * static_cast<double>(run.steps)));
}

void merge(FleetArm& to, const FleetArm& from) {
  to.step.add(from.step);
  to.burstable.add(from.burstable);
  to.guaranteed.add(from.guaranteed);
  merge(to.step_mean, from.step_mean);
  merge(to.burstable_p95, from.burstable_p95);
  merge(to.guaranteed_p95, from.guaranteed_p95);
  merge(to.makespan, from.makespan);
  to.throttled_container += from.throttled_container;
  to.throttled_pod += from.throttled_pod;
  to.daemon_cpu += from.daemon_cpu;
  to.length += from.length;
  to.refilling_writes += from.refilling_writes;
  to.step_seconds += from.step_seconds;
}

std::vector<FleetArm> named(const std::vector<Arm>& arms) {
  std::vector<FleetArm> out(arms.size());
  for (std::size_t i = 0; i < arms.size(); ++i) out[i].name = arms[i].name;
  return out;
}

/// One node under every arm.
Result<> run_node(const SimBench& bench, const Scenario& scenario, const RunOptions& how, std::vector<FleetArm>& arms,
                  std::vector<std::string>& notes) {
  const auto out = run_simulated(bench, scenario, how);
  if (!out) return tl::unexpected(out.error());
  const auto& base = out->arms.front();
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const auto& stats = out->arms[i];
    take(arms[i].step_mean, stats.step.mean, base.step.mean, bench.seed);
    take(arms[i].burstable_p95, stats.burstable.p95, base.burstable.p95, bench.seed);
    take(arms[i].guaranteed_p95, stats.guaranteed.p95, base.guaranteed.p95, bench.seed);
    take(arms[i].makespan, stats.makespan, base.makespan, bench.seed);
    for (const auto& run : out->raw)
      if (run.arm == arms[i].name) take_samples(arms[i], run);
  }
  for (const auto& note : out->notes)
    if (note.find("not put back") != std::string::npos) notes.push_back(fmt::format("seed {}: {}", bench.seed, note));
  return {};
}

/// What the threads share.
struct Work {
  const SimBench& bench;
  const Scenario& scenario;
  const RunOptions& how;
  int nodes = 0;
  std::atomic<int> next{0}, done{0};
  std::mutex lock{};
  std::condition_variable ended{};
  int working = 0;
  std::vector<FleetArm> arms{};
  std::map<std::uint64_t, std::string> notes{};   ///< by seed, the lowest
  std::optional<Error> error{};

  void run() {
    auto mine = named(how.arms);
    for (int node = next++; node < nodes; node = next++) {
      SimBench one = bench;
      one.seed = bench.seed + static_cast<std::uint64_t>(node);
      std::vector<std::string> said;
      const auto ok = run_node(one, scenario, how, mine, said);
      ++done;
      if (ok && said.empty()) continue;
      const std::lock_guard held(lock);
      for (auto& note : said) notes.emplace(one.seed, std::move(note));
      while (notes.size() > kMostNotes) notes.erase(std::prev(notes.end()));
      if (ok) continue;
      if (!error) error = ok.error();
      next = nodes;   // the others come to their ends
    }
    const std::lock_guard held(lock);
    for (std::size_t i = 0; i < mine.size(); ++i) merge(arms[i], mine[i]);
    --working;
    ended.notify_one();
  }
};

Row cells(const std::string& arm, const std::string& what, const NodeRatios& ratios) {
  const auto at = [&](int per_mille) { return fmt::format("{:.3f}", ratios.all.quantile(per_mille) / kOne); };
  return {arm, what, at(50), at(500), at(950), fmt::format("{:.3f}", static_cast<double>(ratios.worst) / kOne),
          std::to_string(ratios.worst_seed)};
}

std::vector<Row> ratio_rows(const std::vector<FleetArm>& arms) {
  std::vector<Row> rows{{"arm", "over static, node by node", "best 5 %", "median", "worst 5 %", "worst", "its seed"}};
  for (const auto& arm : arms) {
    if (arm.name == "static") continue;
    for (const auto& [what, ratios] : {std::pair<const char*, const NodeRatios&>{"step mean", arm.step_mean},
                                       {"makespan", arm.makespan},
                                       {"Burstable p95", arm.burstable_p95},
                                       {"Guaranteed p95", arm.guaranteed_p95}})
      if (ratios.all.count() > 0) rows.push_back(cells(arm.name, what, ratios));
  }
  return rows;
}

ArmStats stats_of(const FleetArm& arm) {
  const auto seconds_of = [](std::int64_t ns) { return static_cast<double>(ns) / 1e9; };
  ArmStats out;
  out.arm = arm.name;
  out.step = arm.step.summary();
  out.burstable = arm.burstable.summary();
  out.guaranteed = arm.guaranteed.summary();
  out.throttled_container = seconds_of(arm.throttled_container);
  out.throttled_pod = seconds_of(arm.throttled_pod);
  out.seconds = seconds_of(arm.length);
  if (arm.step_seconds > 0) out.refills_per_group_second = static_cast<double>(arm.refilling_writes) / static_cast<double>(arm.step_seconds);
  if (arm.length > 0) out.daemon_cpu = static_cast<double>(arm.daemon_cpu) / static_cast<double>(arm.length);
  return out;
}

}  // namespace

Result<Fleet> run_fleet(const SimBench& bench, const Scenario& scenario, const FleetOptions& options) {
  if (scenario.kind == Kind::startup)
    return fail(Errc::malformed, "--nodes", fmt::format("scenario {} times single starts: there is nothing to pool over nodes", scenario.name));
  RunOptions how{options.arms, 1, options.length.count() > 0 ? options.length : scenario.length, RunOptions::Depth::unjudged, {}};
  const auto base = std::find_if(how.arms.begin(), how.arms.end(), [](const Arm& a) { return a.name == "static"; });
  if (base == how.arms.end()) return fail(Errc::malformed, "--policies", "want static among the arms: nodes are held against it");
  std::rotate(how.arms.begin(), base, base + 1);
  Work work{bench, scenario, how, options.nodes};
  work.arms = named(how.arms);
  const auto here = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  work.working = std::clamp(options.threads > 0 ? options.threads : here, 1, options.nodes);
  std::vector<std::thread> threads;
  for (int i = work.working; i > 0; --i) threads.emplace_back([&work] { work.run(); });
  {
    std::unique_lock held(work.lock);
    while (!work.ended.wait_for(held, std::chrono::milliseconds{500}, [&] { return work.working == 0; })) {
      held.unlock();
      if (options.progress) options.progress(work.done);
      held.lock();
    }
  }
  for (auto& thread : threads) thread.join();
  if (work.error) return tl::unexpected(*work.error);
  Fleet out{options.nodes, bench.cpus, bench.seed, std::move(work.arms), {}};
  for (auto& [seed, note] : work.notes) out.notes.push_back(std::move(note));
  return out;
}

std::string to_text(const Fleet& fleet, const Scenario& scenario, Style style) {
  const auto table = style == Style::plain ? plain_table : markdown_table;
  const auto what = fmt::format("{} simulated nodes of {} CPUs (SimNode: a model of Linux 6.18), seeds {} to {}", fleet.nodes, fleet.cpus,
                                fleet.first_seed, fleet.first_seed + static_cast<std::uint64_t>(fleet.nodes) - 1);
  std::string out = style == Style::plain ? fmt::format("{}: {}\n{}\n\n", scenario.name, scenario.description, what)
                                          : fmt::format("## {}\n\n{}\n\n{}\n\n", scenario.name, scenario.description, what);
  std::vector<ArmStats> arms;
  for (const auto& arm : fleet.arms) arms.push_back(stats_of(arm));
  out += table(arm_rows(arms)) + "\n";
  if (fleet.arms.size() > 1) out += table(ratio_rows(fleet.arms)) + "\n";
  for (const auto& note : fleet.notes) out += (style == Style::plain ? "" : "- ") + note + "\n";
  return out;
}

}  // namespace headroom::lab
