// The command line of `headroom-lab run`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace headroom::lab {

struct LabOptions {
  std::string scenario, policies, json, csv, markdown, scenario_dir, daemon, daemon_config, cgroup_root, keep_logs;
  int rounds = 0, seconds = 0, cpus = 0;
  std::uint64_t seed = 1;
  bool smoke = false, newcomer = false, simulate = false;
};

void run_flags(CLI::App& command, LabOptions& options);

}  // namespace headroom::lab
