#include "lab/report.hpp"

#include <fmt/core.h>
#include <sys/utsname.h>

#include <fstream>

#include "lab/tables.hpp"

namespace headroom::lab {
namespace {

long kernel_hz() {
  utsname name{};
  uname(&name);
  std::ifstream config(fmt::format("/boot/config-{}", name.release));
  for (std::string line; std::getline(config, line);) {
    if (line.rfind("CONFIG_HZ=", 0) == 0) return std::stol(line.substr(10));
  }
  return 0;
}

/// Where no kernel configuration is at hand: the timer wheel of a coarse clock moves once per scheduler tick.
long measured_hz() {
  timespec resolution{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
  return resolution.tv_nsec > 0 ? 1'000'000'000L / resolution.tv_nsec : 0;
}

}  // namespace

std::string machine_line(const Bench& bench) {
  utsname name{};
  uname(&name);
  const auto hz = kernel_hz();
  const std::string release = name.release, version = release.substr(0, release.find('-'));   // without the builder's suffix
  return fmt::format("{} CPUs, Linux {}, cgroup {}, HZ {}", bench.cpus,
                     version, bench.where.v2 ? "v2" : bench.where.unified.empty() ? "v1" : "v1 with a unified mount",
                     hz > 0 ? hz : measured_hz());
}

std::string to_text(const Scenario& scenario, const Outcomes& outcomes, const std::string& machine, Style style) {
  const auto table = style == Style::plain ? plain_table : markdown_table;
  std::string out = style == Style::plain ? fmt::format("{}: {}\n{}\n\n", scenario.name, scenario.description, machine)
                                          : fmt::format("## {}\n\n{}\n\n{}\n\n", scenario.name, scenario.description,
                                                        machine);
  if (!outcomes.arms.empty()) out += table(arm_rows(outcomes.arms)) + "\n";
  if (!outcomes.runs.empty()) out += table(run_rows(outcomes.runs)) + "\n";
  if (!outcomes.verdicts.empty()) out += table(verdict_rows(outcomes.verdicts)) + "\n";
  if (!outcomes.findings.empty()) out += table(finding_rows(outcomes.findings)) + "\n";
  for (const auto& series : outcomes.series) out += table(series_rows(series)) + "\n";
  for (const auto& note : outcomes.notes) out += (style == Style::plain ? "" : "- ") + note + "\n";
  return out;
}

}  // namespace headroom::lab
