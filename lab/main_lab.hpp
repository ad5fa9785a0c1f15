// The command line of `headroom-lab run`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cgroups/types/result.hpp"

namespace headroom::lab {

struct LabOptions {
  std::vector<std::string> scenarios;
  std::string scenario, policies, json, csv, markdown, scenario_dir, daemon, daemon_config, cgroup_root, keep_logs;
  int rounds = 0, seconds = 0, cpus = 0, nodes = 0;
  std::uint64_t seed = 1;
  bool smoke = false, unjudged = false, newcomer = false, simulate = false;
};

void run_flags(CLI::App& command, LabOptions& options);

/// Ctrl-C must not stop the putting back, nor a second one.
void catch_signals();
/// One scenario after the other; what they write goes into directories where there are several. @return exit status
int run_each(const LabOptions& options);
/// Says it on stderr. @return exit status
int complain(const Error& error);

}  // namespace headroom::lab
