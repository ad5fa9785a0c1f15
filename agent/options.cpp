#include "agent/options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <map>

#include "agent/node_label.hpp"
#include "agent/pages.hpp"
#include "cli/complaint.hpp"
#include "config/rollout.hpp"

namespace headroom {
namespace {

constexpr const char* kAbout =
    "headroomd lends idle CPU to containers that their limit throttles, and takes it back when somebody needs it.\n"
    "Without a configuration it observes only: it says what it would do and writes nothing.\n";

constexpr const char* kFooter =
    "\nModes:\n"
    "  observe   reads cgroups, plans, writes nothing (default); needs no writable host path\n"
    "  enforce   writes cpu quota, burst and shares of the classes that the configuration names; a guard process\n"
    "            stands by and puts every file back should the daemon die or freeze\n"
    "  off       puts back what an earlier run left and touches nothing\n"
    "  In enforce the daemon raises its own priority to nice -10 where it may: a late loop lends nothing.\n"
    "  SIGTERM and SIGINT put everything back within 2 s. After a crash the guard, the next start in\n"
    "  enforce or off, or 'headroomd --restore' do.\n"
    "  SIGHUP reads the configuration again; so does a change of the file. A bad one is refused, the last good one\n"
    "  stays. Either also tries enforce again where it was asked for and could not be had.\n"
    "Exit status:\n"
    "  0  done; --restore: everything is back, or there was nothing to put back\n"
    "  1  failed, or wrong configuration; --restore: not everything is back, or the directory named does not exist\n"
    "  2  wrong arguments\n"
    "  3  another daemon holds the lock\n"
    "Files:\n"
    "  /etc/headroom/headroom.yaml     configuration, by convention (--config)\n"
    "  /run/headroom                   lock, ledger, heartbeat and fence (--run-dir)\n"
    "  /var/lib/headroom/control.sock  what headroomctl asks (--state-dir)\n"
    "See also:\n"
    "  headroomctl(1), headroom.yaml(5), headroom-guard(8), headroom-lab(1)\n";

struct Flags { bool check = false, restore = false, no_guard = false; };

std::vector<std::string> every_policy() {
  std::vector<std::string> names;
  for (const PolicyUse use : {PolicyUse::production, PolicyUse::lab})
    for (const std::string_view name : policy_names(use)) names.emplace_back(name);
  return names;
}

std::string default_node_name() {
  if (const char* given = std::getenv("NODE_NAME"); given != nullptr && *given != 0) return given;
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string for_comparing() {
  std::string list;
  for (const std::string_view name : policy_names(PolicyUse::lab)) list += (list.empty() ? "" : ", ") + std::string(name);
  return list.empty() ? "none" : list;
}

void add_options(CLI::App& app, Options& o, Flags& flags) {
  app.add_option("--config", o.config, "configuration in YAML; built-in defaults (observe) where not given")->type_name("FILE");
  app.add_option("--koordinator-config", o.koordinator_config,
                 "Koordinator's slo-controller-config, or its key cpu-burst-config, as it is: for policy koordinator; what `tuning` says comes over it")
      ->type_name("FILE");
  app.add_option("--mode", o.mode, "off, observe or enforce; overrides the configuration")
      ->transform(cli::one_of<Mode>({{"off", Mode::off}, {"observe", Mode::observe}, {"enforce", Mode::enforce}}));
  app.add_option("--policy", o.policy, "overrides the configuration; also takes policies that are for comparing in the lab only: " + for_comparing())
      ->check(cli::one_of(every_policy()));
  app.add_option("--node-name", o.node_name, "of this node, for shares of a rollout")->type_name("NAME")->default_str("$NODE_NAME, else the host's name");
  app.add_option("--node-labels", o.node_labels, "KEY=VALUE,… of this node, for rollouts by label; without them such a rollout does not match")
      ->type_name("LABELS")
      ->check([](const std::string& text) { return parse_labels(text) ? std::string{} : parse_labels(text).error().detail; });
  app.add_option("--nfd-dir", o.feature_dir, "feature files of node-feature-discovery, for signals.nodeLabel: nfd")->type_name("DIR")->default_str(kFeatureDir);
  app.add_option("--cgroup-root", o.cgroup_root,
                 "group below which to work, or directory under which the host's hierarchies lie (host mounts if empty)")
      ->type_name("DIR");
  app.add_option("--run-dir", o.run_dir, "lock, ledger, heartbeat and fence; a tmpfs of the host; enforce only")
      ->type_name("DIR")->capture_default_str();
  app.add_option("--state-dir", o.state_dir, "control socket and credit")->type_name("DIR")->default_str(default_state_dir());
  app.add_option_function<std::string>(
         "--judge",
         [&o](const std::string& name) {
           static const std::map<std::string, Judge> judges{{"pressure", Judge::pressure}, {"wait-sum", Judge::wait_sum},
                                                            {"run-delay", Judge::run_delay}, {"none", Judge::none}};
           const auto found = judges.find(name);
           if (found != judges.end()) o.judge = found->second;
         },
         "signal of a neighbour's waiting: auto, pressure, wait-sum, run-delay or none")
      ->check(cli::one_of({"auto", "pressure", "wait-sum", "run-delay", "none"}))
      ->default_str("auto");
  app.add_flag("--no-guard", flags.no_guard, "start no guard: one that somebody else has started serves as well; without any, only leases that leave nothing behind are given");
  app.add_option("--guard", o.guard_path, "the guard's program (default: headroom-guard beside headroomd)")->type_name("FILE");
  app.add_flag("--check-config", flags.check, "read the configuration, print every fault with its place, and exit");
  app.add_flag("--restore", flags.restore, "put back what an earlier run left (needs the ledger in --run-dir only), and exit");
  app.set_version_flag("--version", std::string("headroomd ") + kVersion);
}

}  // namespace

std::variant<Options, ExitCode> parse_options(int argc, char** argv) {
  Options o;
  Flags flags;
  CLI::App app{kAbout, "headroomd"};
  app.footer(kFooter);
  app.failure_message(cli::complaint);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);   // a unit's drop-in may add to it
  add_options(app, o, flags);
  std::string positional;
  app.add_option("file", positional, "configuration for --check-config")->type_name("FILE");
  if (const auto code = generate_pages(app, argc, argv)) return ExitCode{*code};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return ExitCode{code == 0 ? 0 : 2};
  }
  if (!positional.empty() && (!flags.check || !o.config.empty())) {
    app.exit(CLI::ExtrasError({positional}));
    return ExitCode{2};
  }
  if (flags.check) o.task = Task::check_config;
  if (flags.restore) o.task = Task::restore;
  if (!positional.empty()) o.config = positional;
  if (flags.no_guard) o.guard = GuardUse::none;
  if (o.node_name.empty()) o.node_name = default_node_name();
  if (o.feature_dir.empty()) o.feature_dir = kFeatureDir;
  if (o.state_dir.empty()) o.state_dir = default_state_dir();
  if (o.guard_path.empty()) o.guard_path = beside_this_program("headroom-guard");
  return o;
}

std::string default_state_dir() {
  if (const char* given = std::getenv("STATE_DIRECTORY"); given != nullptr && *given == '/') {
    const std::string all = given;               // systemd joins several with ':'
    return all.substr(0, all.find(':'));
  }
  if (geteuid() == 0) return "/var/lib/headroom";
  return "/tmp/headroom-" + std::to_string(geteuid());
}

std::string beside_this_program(const char* name) {
  std::array<char, 4096> buffer{};
  const ssize_t n = readlink("/proc/self/exe", buffer.data(), buffer.size() - 1);
  const std::string self(buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  const auto slash = self.rfind('/');
  return (slash == std::string::npos ? std::string(".") : self.substr(0, slash)) + "/" + name;
}

}  // namespace headroom
