// headroom-lab: scenarios on real cgroups with real load, and on simulated nodes; journals decided again.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>

#include "cli/complaint.hpp"
#include "cli/generate.hpp"
#include "lab/draw.hpp"
#include "lab/main_lab.hpp"
#include "lab/paths.hpp"
#include "lab/replay.hpp"
#include "lab/report_command.hpp"
#include "lab/tree.hpp"
#include "lab/work.hpp"

namespace {

using namespace headroom;
using namespace headroom::lab;
namespace fs = std::filesystem;

constexpr const char* kFooter =
    "\nExit status:\n"
    "  0    done; what was judged holds\n"
    "  1    failed, or not root\n"
    "  2    a wrong command line\n"
    "  3    a file of the node has another value than before: named on stderr\n"
    "  130  interrupted; everything was put back\n"
    "See also:\n"
    "  headroomd(8), headroomctl(1)\n";

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
  command->add_option("--flip", options.flip, "change one usage counter that tick N read, and see where the plans part")->type_name("N");
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
  std::uint64_t drawn_seed = 1;
  auto* draw_command = app.add_subcommand("draw", "a scenario with drawn load, as YAML");
  draw_command->add_option("seed", drawn_seed, "the same scenario for the same seed")->required();
  app.add_subcommand("clean", "remove what a killed lab left behind");
  app.footer(kFooter);   // after the commands, which would inherit it
  if (const auto code = cli::generate({app, 1}, argc, argv)) return *code;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (list_command->parsed()) return list(options);
  if (draw_command->parsed()) return fmt::print("{}", draw_scenario(drawn_seed)), 0;
  if (replay_command->parsed()) return run_replay(replay);
  if (audit_command->parsed()) return run_audit(audit);
  if (report_command->parsed()) return run_report(drawn);
  catch_signals();
  if (run_command->parsed() && options.simulate) return run_each(options);
  if (geteuid() != 0) {
    fmt::print(stderr, "headroom-lab: needs root: it makes cgroups of its own under the node's cpu hierarchy\n");
    return 1;
  }
  return run_command->parsed() ? run_each(options) : clean();
}
