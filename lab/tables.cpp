#include "lab/tables.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace headroom::lab {
namespace {

std::string of(const Summary& s, double value) { return s.count == 0 ? "" : ms(value); }

}  // namespace

std::string ms(double value) { return fmt::format("{:.{}f}", value, value >= 100 ? 0 : value >= 10 ? 1 : 2); }

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

std::string name_of(const Bar& bar) {
  return fmt::format("{} of {}{}", bar.stat, bar.arm, bar.against.empty() ? std::string() : " / " + bar.against);
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
    Row row{run.run >= kMostRuns ? std::string("pooled") : std::to_string(run.run + 1)};
    for (const auto& twin : run.twins) row.push_back(optional_ratio(twin.value));
    row.push_back(word(run.fate));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> verdict_rows(const std::vector<Verdict>& verdicts) {
  std::vector<Row> rows{{"bar", "ratio", "at most", "verdict"}};
  for (const auto& v : verdicts) {
    rows.push_back({name_of(v.bar), optional_ratio(v.value),
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

std::vector<Row> series_rows(const Series& series) {
  std::vector<Row> rows{{series.name, series.unit}};
  const auto step = std::max<std::size_t>(1, (series.points.size() + 19) / 20);
  for (std::size_t i = 0; i < series.points.size(); i += step) {
    rows.push_back({fmt::format("{:g}", std::round(series.points[i].first * 10) / 10),
                    fmt::format("{:.3f}", series.points[i].second)});
  }
  return rows;
}

}  // namespace headroom::lab
