// headroom-lab: scenarios on real cgroups with real load.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "cli/complaint.hpp"
#include "cli/generate.hpp"
#include "lab/main_lab.hpp"
#include "lab/paths.hpp"
#include "lab/progress.hpp"
#include "lab/record.hpp"
#include "lab/replay.hpp"
#include "lab/report.hpp"
#include "lab/report_command.hpp"
#include "lab/simulated.hpp"

namespace {

using namespace headroom;
using namespace headroom::lab;
namespace fs = std::filesystem;

constexpr const char* kFooter =
    "\nExit status:\n"
    "  0    done; what was judged holds\n"
    "  1    failed, or not root\n"
    "  3    a file of the node has another value than before: named on stderr\n"
    "  130  interrupted; everything was put back\n"
    "See also:\n"
    "  headroomd(8), headroomctl(1)\n";

volatile sig_atomic_t g_interrupted = 0;   // a signal handler can reach nothing else

void on_signal(int) { g_interrupted = 1; }

/// Ctrl-C must not stop the putting back, nor a second one.
void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int complain(const Error& error) {
  fmt::print(stderr, "headroom-lab: {}: {}\n", error.where, error.detail);
  return 1;
}

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
  return out + (o.smoke ? " --smoke" : "");
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
  const Twin twin = judges && !options.smoke ? Twin::needed : Twin::not_needed;   // of a smoke nothing is judged
  return parse_arms(options.policies, twin, options.simulate ? NodeKind::simulated : NodeKind::real);
}

RunOptions how_to_run(const LabOptions& options, std::vector<Arm> arms, std::function<void(const Outcomes&)> after_void_run) {
  return {std::move(arms), options.rounds, seconds{options.seconds},
          options.smoke ? RunOptions::Depth::smoke : RunOptions::Depth::full, std::move(after_void_run)};
}

int tell(const LabOptions& options, const Scenario& scenario, const Outcomes& outcomes, const std::string& machine) {
  if (options.newcomer) fmt::print("\n{}\n{}", machine, for_newcomers(scenario, outcomes));
  else fmt::print("\n{}", to_text(scenario, outcomes, machine, Style::plain));
  const auto written = write_outputs(options, scenario, outcomes, machine);
  return written ? 0 : complain(written.error());
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
  const int told = tell(options, *scenario, *outcomes, machine);
  return told != 0 ? told : state;
}

/// No cgroup is touched, so no root is needed and nothing has to be put back.
int simulate(const LabOptions& options) {
  const auto scenario = load_scenario(options.scenario, options.scenario_dir);
  if (!scenario) return complain(scenario.error());
  const auto arms = arms_of(options, *scenario);
  if (!arms) return complain(arms.error());
  const SimBench bench{options.cpus > 0 ? options.cpus : 2, options.seed, [] { return g_interrupted != 0; }};
  if (auto fits = check_fits(*scenario, bench.cpus); !fits) return complain(fits.error());
  const auto machine = machine_line(bench);
  const auto how = how_to_run(options, *arms, [&](const Outcomes& so_far) { (void)write_outputs(options, *scenario, so_far, machine); });
  const auto outcomes = run_simulated(bench, *scenario, how);
  if (g_interrupted) return 130;
  if (!outcomes) return complain(outcomes.error());
  return tell(options, *scenario, *outcomes, machine);
}

int clean() {
  auto where = detect_hierarchy("");
  if (!where) return complain(where.error());
  fmt::print("{} scratch trees of ended labs removed\n", sweep_stale(*where));
  return 0;
}

int list(const LabOptions& options) {
  std::map<std::string, std::string> found;
  for (const auto& dir : scenario_dirs(options.scenario_dir)) {
    std::error_code none;
    for (fs::directory_iterator it(dir, none), end; it != end; it.increment(none)) {
      if (it->path().extension() != ".yaml") continue;
      const auto scenario = load_scenario(it->path().stem().string(), dir);
      if (!scenario) return complain(scenario.error());
      found.emplace(scenario->name, scenario->description);
    }
  }
  for (const auto& [name, description] : found) fmt::print("{:<15} {}\n", name, description);
  return 0;
}

CLI::App* add_replay(CLI::App& app, ReplayOptions& options) {
  CLI::App* command = app.add_subcommand("replay", "decide again what a journal says was decided, and compare the plans");
  command->add_option("journal", options.journal, "a recorded file, or a daemon's state directory")->required();
  command->add_option("--at", options.at, "show tick N: its plan, or its explanation")->type_name("N");
  command->add_option("--explain", options.group, "path or name of a group: why it borrowed or did not at tick N (or the last)");
  command->add_option("--policy", options.policy, "what this policy would have done with the same inputs, and what that would have cost")->type_name("NAME");
  command->add_flag("--json", options.json, "the explanation, or what the policy would have done, as JSON");
  return command;
}

CLI::App* add_audit(CLI::App& app, AuditOptions& options) {
  CLI::App* command = app.add_subcommand("audit", "hold the explanations of journals against their inputs");
  command->add_option("journals", options.roots, "files, or directories in which daemons' journals lie")->required();
  command->add_option("--leases", options.leases, "so many leases at least")->default_val(100);
  command->add_option("--refusals", options.refusals, "so many refusals at least")->default_val(100);
  command->add_option("--markdown", options.markdown, "append the table to this file");
  return command;
}

CLI::App* add_report(CLI::App& app, ReportOptions& options) {
  CLI::App* command = app.add_subcommand("report", "draw what `run --json` has kept: one page, tables, figures for a spreadsheet");
  command->add_option("files", options.files, "files that `run --json` wrote")->required()->type_name("FILE");
  command->add_option("--html", options.html, "write one page that needs nothing else to this file")->type_name("FILE");
  command->add_option("--markdown", options.markdown, "write a table of arms for each scenario to this file (default: to stdout)")->type_name("FILE");
  command->add_option("--csv", options.csv, "write one row per arm, rotation and statistic to this file")->type_name("FILE");
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "worker") return run_worker();
  CLI::App app{"scenarios on real cgroups and on simulated ones: what headroom does to steps and to their neighbours", "headroom-lab"};
  app.require_subcommand(1);
  app.failure_message(cli::complaint);
  LabOptions options;
  auto* run_command = app.add_subcommand("run", "run a scenario and judge it");
  run_flags(*run_command, options);
  auto* list_command = app.add_subcommand("list", "the scenarios there are");
  list_command->add_option("--scenario-dir", options.scenario_dir, "where scenario files are")->type_name("DIR");
  ReplayOptions replay;
  const CLI::App* replay_command = add_replay(app, replay);
  AuditOptions audit;
  const CLI::App* audit_command = add_audit(app, audit);
  ReportOptions drawn;
  const CLI::App* report_command = add_report(app, drawn);
  app.add_subcommand("clean", "remove what a killed lab left behind");
  app.footer(kFooter);   // after the commands, which would inherit it
  if (const auto code = cli::generate({app, 1}, argc, argv)) return *code;
  CLI11_PARSE(app, argc, argv);
  if (list_command->parsed()) return list(options);
  if (replay_command->parsed()) return run_replay(replay);
  if (audit_command->parsed()) return run_audit(audit);
  if (report_command->parsed()) return run_report(drawn);
  catch_signals();
  if (run_command->parsed() && options.simulate) return simulate(options);
  if (geteuid() != 0) {
    fmt::print(stderr, "headroom-lab: needs root: it makes cgroups of its own under the node's cpu hierarchy\n");
    return 1;
  }
  return run_command->parsed() ? run(options) : clean();
}
