// headroom-lab run: scenarios on this machine's cgroups, on a simulated node, on many of them.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "lab/fleet.hpp"
#include "lab/main_lab.hpp"
#include "lab/paths.hpp"
#include "lab/progress.hpp"
#include "lab/record.hpp"
#include "lab/report.hpp"
#include "lab/simulated.hpp"

namespace headroom::lab {
namespace {

namespace fs = std::filesystem;

volatile sig_atomic_t g_interrupted = 0;   // a signal handler can reach nothing else

void on_signal(int) { g_interrupted = 1; }

Result<Bench> make_bench(const LabOptions& options) {
  auto where = detect_hierarchy(options.cgroup_root);
  if (!where) return tl::unexpected(where.error());
  Bench bench;
  bench.where = *where;
  bench.cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  bench.daemon = options.daemon.empty() ? (program_dir() / "headroomd").string() : options.daemon;
  if (!options.daemon_config.empty()) {
    auto text = read_text(options.daemon_config);
    if (!text) return tl::unexpected(text.error());
    bench.daemon_config = *text;
  }
  bench.scratch = fmt::format("{}{}", kScratchPrefix, getpid());
  bench.dir = fmt::format("/run/{}", bench.scratch);
  bench.seed = options.seed;
  bench.interrupted = [] { return g_interrupted != 0; };
  bench.tick = show_progress;
  return bench;
}

/// As somebody would type it to measure the same again: without where the outcome goes.
std::string command_of(const LabOptions& o) {
  auto out = fmt::format("headroom-lab run {} --policies {} --seed {}", o.scenario, o.policies, o.seed);
  if (o.rounds > 0) out += fmt::format(" --rounds {}", o.rounds);
  if (o.seconds > 0) out += fmt::format(" --seconds {}", o.seconds);
  if (o.simulate) out += " --simulate";
  if (o.cpus > 0) out += fmt::format(" --cpus {}", o.cpus);
  if (!o.daemon_config.empty()) out += " --daemon-config " + o.daemon_config;
  return out + (o.smoke ? " --smoke" : o.unjudged ? " --unjudged" : "");
}

Result<> write_outputs(const LabOptions& options, const Scenario& scenario, const Outcomes& outcomes,
                       const std::string& machine) {
  auto record = record_of(scenario, outcomes, machine, command_of(options));
  if (options.simulate) record.origin = Origin::simulated;
  if (auto ok = options.json.empty() ? Result<>{} : write_text(options.json, to_json(record)); !ok) return ok;
  if (auto ok = options.csv.empty() ? Result<>{} : write_text(options.csv, to_csv({record})); !ok) return ok;
  if (options.markdown.empty()) return {};
  return write_text(options.markdown, to_text(scenario, outcomes, machine, Style::markdown));
}

/// Says whether everything outside our own tree is as it was, and that nothing of ours is left.
int verify(const Bench& bench, const TreeValues& before) {
  const auto after = read_values(bench.where);
  const auto changed = differences(before, after);
  for (const auto& line : changed) fmt::print(stderr, "changed: {}\n", line);
  const bool left = fs::exists(bench.where.cpu + "/" + bench.scratch);
  if (left) fmt::print(stderr, "left behind: {}/{}\n", bench.where.cpu, bench.scratch);
  if (changed.empty() && !left) {
    fmt::print("every cgroup file has its original value ({} files compared; nothing of the lab is left)\n",
               before.files.size());
  }
  return changed.empty() && !left ? 0 : 3;
}

void drop_dir(const LabOptions& options, const Bench& bench) {
  std::error_code none;
  if (!options.keep_logs.empty()) fs::copy(bench.dir, options.keep_logs, fs::copy_options::recursive | fs::copy_options::overwrite_existing, none);
  fs::remove_all(bench.dir, none);
}

Result<std::vector<Arm>> arms_of(const LabOptions& options, const Scenario& scenario) {
  const bool judges = scenario.kind == Kind::steady || scenario.kind == Kind::wakeup || scenario.kind == Kind::greedy ||
                      scenario.kind == Kind::workflow;
  // What is chosen under static limits is what the others are held against.
  if (scenario.kind == Kind::runtimes) return parse_arms("static," + options.policies, Twin::not_needed);
  const Twin twin = judges && !options.smoke && !options.unjudged ? Twin::needed : Twin::not_needed;   // of these nothing is judged
  return parse_arms(options.policies, twin, options.simulate ? NodeKind::simulated : NodeKind::real);
}

RunOptions how_to_run(const LabOptions& options, std::vector<Arm> arms, std::function<void(const Outcomes&)> after_void_run) {
  using Depth = RunOptions::Depth;
  return {std::move(arms), options.rounds, seconds{options.seconds},
          options.smoke ? Depth::smoke : options.unjudged ? Depth::unjudged : Depth::full, std::move(after_void_run)};
}

/// The tables, and 1 where they do not show what the scenario is for.
int tell(const LabOptions& options, const Scenario& scenario, const RunOptions& how, const Outcomes& outcomes, const std::string& machine) {
  if (options.newcomer) fmt::print("\n{}\n{}", machine, for_newcomers(scenario, outcomes));
  else fmt::print("\n{}", to_text(scenario, outcomes, machine, Style::plain));
  const auto written = write_outputs(options, scenario, outcomes, machine);
  if (!written) return complain(written.error());
  const auto lines = shortfalls(scenario, how, outcomes);
  for (const auto& line : lines) fmt::print(stderr, "{}: {}\n", scenario.name, line);
  return lines.empty() ? 0 : 1;
}

int run(const LabOptions& options) {
  const auto scenario = load_scenario(options.scenario, options.scenario_dir);
  if (!scenario) return complain(scenario.error());
  const auto arms = arms_of(options, *scenario);
  if (!arms) return complain(arms.error());
  auto bench = make_bench(options);
  if (!bench) return complain(bench.error());
  if (auto fits = check_fits(*scenario, bench->cpus); !fits) return complain(fits.error());
  sweep_stale(bench->where);
  const auto before = read_values(bench->where);
  const auto machine = machine_line(*bench);
  const auto how = how_to_run(options, *arms, [&](const Outcomes& so_far) { (void)write_outputs(options, *scenario, so_far, machine); });
  plan_progress(*scenario, how);
  auto outcomes = run_scenario(*bench, *scenario, how);
  end_progress();
  drop_dir(options, *bench);
  const int state = verify(*bench, before);
  if (g_interrupted) return 130;
  if (!outcomes) return complain(outcomes.error());
  return std::max(tell(options, *scenario, how, *outcomes, machine), state);
}

/// Every arm against static limits, node by node.
int simulate_fleet(const LabOptions& options, const Scenario& scenario, const SimBench& bench) {
  auto arms = parse_arms("static," + options.policies, Twin::not_needed, NodeKind::simulated);
  if (!arms) return complain(arms.error());
  FleetOptions how{std::move(*arms), options.nodes, seconds{options.seconds}};
  how.progress = [&, began = monotonic_ns()](int done) { show_nodes(done, options.nodes, nanoseconds{monotonic_ns() - began}); };
  const auto fleet = run_fleet(bench, scenario, how);
  end_progress();
  if (g_interrupted) return 130;
  if (!fleet) return complain(fleet.error());
  fmt::print("\n{}", to_text(*fleet, scenario, Style::plain));
  if (options.markdown.empty()) return 0;
  const auto written = write_text(options.markdown, to_text(*fleet, scenario, Style::markdown));
  return written ? 0 : complain(written.error());
}

/// No cgroup is touched, so no root is needed and nothing has to be put back.
int simulate(const LabOptions& options) {
  const auto scenario = load_scenario(options.scenario, options.scenario_dir);
  if (!scenario) return complain(scenario.error());
  const auto arms = arms_of(options, *scenario);
  if (!arms) return complain(arms.error());
  const SimBench bench{options.cpus > 0 ? options.cpus : 2, options.seed, [] { return g_interrupted != 0; }};
  if (auto fits = check_fits(*scenario, bench.cpus); !fits) return complain(fits.error());
  if (options.nodes > 0) return simulate_fleet(options, *scenario, bench);
  const auto machine = machine_line(bench);
  const auto how = how_to_run(options, *arms, [&](const Outcomes& so_far) { (void)write_outputs(options, *scenario, so_far, machine); });
  const auto outcomes = run_simulated(bench, *scenario, how);
  if (g_interrupted) return 130;
  if (!outcomes) return complain(outcomes.error());
  return tell(options, *scenario, how, *outcomes, machine);
}

}  // namespace

int complain(const Error& error) {
  fmt::print(stderr, "headroom-lab: {}: {}\n", error.where, error.detail);
  return 1;
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int run_each(const LabOptions& options) {
  int worst = 0;
  for (const auto& name : options.scenarios) {
    LabOptions mine = options;
    mine.scenario = name;
    for (const auto& [file, extension] : {std::pair<std::string*, const char*>{&mine.json, ".json"}, {&mine.csv, ".csv"}, {&mine.markdown, ".md"}}) {
      if (file->empty() || options.scenarios.size() == 1) continue;
      std::error_code none;
      fs::create_directories(*file, none);
      *file += "/" + fs::path(name).stem().string() + extension;
    }
    const int code = options.simulate ? simulate(mine) : run(mine);
    if (code == 130) return code;
    worst = std::max(worst, code);
  }
  return worst;
}

}  // namespace headroom::lab
