// The command line of headroomd as values.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "config/config.hpp"
#include "metrics/model/snapshot.hpp"

namespace headroom {

enum class GuardUse { start, none };
constexpr const char* kDefaultRunDir = "/run/headroom";

enum class Task { run, check_config, restore };

struct Options {
  Task task = Task::run;
  std::string config;                  ///< file; empty: built-in defaults
  std::string koordinator_config;      ///< file; empty: none
  std::optional<Mode> mode;            ///< overrides the file's
  std::optional<std::string> policy;   ///< overrides the file's; also those that are for comparing only
  std::string node_name;               ///< $NODE_NAME, else the host's name
  std::string node_labels;             ///< "a=b,c=d"; empty: not known
  std::string feature_dir;             ///< of node-feature-discovery
  std::string cgroup_root;             ///< empty: the host's mounts
  std::string run_dir = kDefaultRunDir;
  std::string state_dir;               ///< default_state_dir() where not given
  std::optional<Judge> judge;          ///< nullopt: the best that there is
  GuardUse guard = GuardUse::start;
  std::string guard_path;              ///< empty: headroom-guard beside this program
};

/// Exit code of the program where there is nothing to run: help, version, wrong arguments.
struct ExitCode { int value = 0; };

/// Prints help and errors itself.
std::variant<Options, ExitCode> parse_options(int argc, char** argv);

/// $STATE_DIRECTORY (systemd), /var/lib/headroom for root, else /tmp/headroom-<uid>.
std::string default_state_dir();

/// <directory of this program>/<name>.
std::string beside_this_program(const char* name);

constexpr const char* kVersion = "0.1.0";

}  // namespace headroom
