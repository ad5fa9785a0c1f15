#include "lab/report.hpp"

#include <fmt/core.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "lab/table.hpp"

namespace headroom::lab {
namespace {

/// Three significant digits, without an exponent.
std::string ms(double value) { return value >= 100 ? fmt::format("{:.0f}", value) : value >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value); }

std::string of(const Summary& s, double value) { return s.count == 0 ? "" : ms(value); }

std::string optional_ratio(const std::optional<double>& value) { return value ? fmt::format("{:.3f}", *value) : "-"; }

const char* word(Verdict::Says says) {
  switch (says) {
    case Verdict::Says::pass: return "pass";
    case Verdict::Says::miss: return "MISS";
    case Verdict::Says::not_judged: return "not judged";
  }
  return "";
}

const char* word(RunRecord::Fate fate) {
  switch (fate) {
    case RunRecord::Fate::counts: return "counts";
    case RunRecord::Fate::is_void: return "void";
    case RunRecord::Fate::smoke: return "not judged";
  }
  return "";
}

std::vector<Row> arm_rows(const std::vector<ArmStats>& arms) {
  std::vector<Row> rows{{"arm (ms)", "bursts", "step mean", "p50", "p99", "throttled s: container", "pod", "requests B",
                         "B p50", "p95", "p99", "requests G", "G p50", "p95", "p99", "refilling writes /group/s",
                         "daemon CPU"}};
  for (const auto& a : arms) {
    const auto& s = a.step;
    const auto& b = a.burstable;
    const auto& g = a.guaranteed;
    rows.push_back({a.arm, std::to_string(s.count), of(s, s.mean), of(s, s.p50), of(s, s.p99),
                    fmt::format("{:.2f}", a.throttled_container), fmt::format("{:.2f}", a.throttled_pod),
                    std::to_string(b.count), of(b, b.p50), of(b, b.p95), of(b, b.p99), std::to_string(g.count),
                    of(g, g.p50), of(g, g.p95), of(g, g.p99), fmt::format("{:.2f}", a.refills_per_group_second),
                    fmt::format("{:.2f} %", a.daemon_cpu * 100)});
  }
  return rows;
}

std::vector<Row> run_rows(const std::vector<RunRecord>& runs) {
  std::vector<Row> rows{{"run"}};
  for (const auto& twin : runs.front().twins) rows[0].push_back("A'/A " + twin.stat);
  rows[0].push_back("neighbour rule 0.95..1.05");
  for (const auto& run : runs) {
    Row row{run.run >= 5 ? std::string("pooled") : std::to_string(run.run + 1)};
    for (const auto& twin : run.twins) row.push_back(optional_ratio(twin.value));
    row.push_back(word(run.fate));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> verdict_rows(const std::vector<Verdict>& verdicts) {
  std::vector<Row> rows{{"bar", "ratio", "at most", "verdict"}};
  for (const auto& v : verdicts) {
    const auto against = v.bar.against.empty() ? std::string() : " / " + v.bar.against;
    rows.push_back({fmt::format("{} of {}{}", v.bar.stat, v.bar.arm, against), optional_ratio(v.value),
                    fmt::format("{:.2f}", v.bar.at_most), word(v.says)});
  }
  return rows;
}

std::vector<Row> finding_rows(const std::vector<Finding>& findings) {
  std::vector<Row> rows{{"finding", "arm", "value", "at most", "verdict"}};
  for (const auto& f : findings) {
    rows.push_back({f.name, f.arm, fmt::format("{:.3f} {}", f.value, f.unit),
                    f.at_most ? fmt::format("{:.3f}", *f.at_most) : "", f.at_most ? word(f.says) : "printed"});
  }
  return rows;
}

/// A curve in at most twenty points, so that it can be read in a terminal; all of them are in the JSON file.
std::vector<Row> series_rows(const Series& series) {
  std::vector<Row> rows{{series.name, series.unit}};
  const auto step = std::max<std::size_t>(1, (series.points.size() + 19) / 20);
  for (std::size_t i = 0; i < series.points.size(); i += step) {
    rows.push_back({fmt::format("{:g}", std::round(series.points[i].first * 10) / 10),
                    fmt::format("{:.3f}", series.points[i].second)});
  }
  return rows;
}

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
