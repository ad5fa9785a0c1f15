#include "lab/main_lab.hpp"

namespace headroom::lab {
namespace {

/// What a simulated node has no use for.
void real_flags(CLI::App& command, LabOptions& options, CLI::Option* simulate) {
  command.add_option("--daemon", options.daemon, "headroomd to run (default: beside this program)")->type_name("FILE")->excludes(simulate);
  command.add_option("--daemon-config", options.daemon_config, "configuration for it, but for its port (default: generated)")->type_name("FILE")->excludes(simulate);
  command.add_option("--cgroup-root", options.cgroup_root, "where the hierarchies are (default: the host's mounts)")->type_name("DIR")->excludes(simulate);
  command.add_option("--keep-logs", options.keep_logs, "copy the daemon's directories here at the end")->type_name("DIR")->excludes(simulate);
}

}  // namespace

void run_flags(CLI::App& command, LabOptions& options) {
  command.add_option("scenario", options.scenarios, "names (see `list`) or files; of several, the options that name a file name a directory")->required();
  command.add_option("--policies", options.policies,
                     "arms, comma-separated: static nolimit nolimit_low headroom headroom-hidden headroom-file "
                     "headroom-static, and every other policy by its name, with parameters as in headroom@hold=300;least=100;start=0s; static runs twice wherever neighbours are judged; with "
                     "--simulate also oracle")
      ->default_val("nolimit,headroom");
  command.add_option("--rounds", options.rounds, "rotations; startup: completed starts per variant (default: the scenario's)");
  command.add_option("--seconds", options.seconds, "measured seconds of one arm in one rotation (default: the scenario's)");
  command.add_option("--seed", options.seed, "of loads and of the order of arms")->default_val(1);
  auto* json = command.add_option("--json", options.json, "write everything measured to this file, for `report`")->type_name("FILE");
  auto* csv = command.add_option("--csv", options.csv, "write one row per arm, rotation and statistic to this file")->type_name("FILE");
  command.add_option("--markdown", options.markdown, "write the tables to this file")->type_name("FILE");
  command.add_option("--scenario-dir", options.scenario_dir, "where scenario files are")->type_name("DIR");
  auto* simulate = command.add_flag("--simulate", options.simulate,
                                    "on a simulated node, in simulated time: no root, no cgroup, the same engine and tables");
  command.add_option("--cpus", options.cpus, "CPUs of the simulated node (default: 2)")
      ->check(CLI::Range(1, 1024))->type_name("N")->needs(simulate);
  command.add_option("--nodes", options.nodes, "so many simulated nodes, each with a seed of its own, on all cores: what an arm does to a fleet")
      ->check(CLI::Range(1, 1'000'000))->type_name("N")->needs(simulate)->excludes(json)->excludes(csv);
  real_flags(command, options, simulate);
  auto* smoke = command.add_flag("--smoke", options.smoke, "one short rotation; nothing is judged");
  command.add_flag("--unjudged", options.unjudged, "one run of full size, without twins; nothing is judged")->excludes(smoke);
  command.add_flag("--for-newcomers", options.newcomer, "a before/after table in plain words");
}

}  // namespace headroom::lab
