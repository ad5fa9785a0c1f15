// The demonstration's table, in words of somebody who meets it for the first time.
#include <fmt/core.h>

#include <algorithm>

#include "lab/report.hpp"
#include "lab/table.hpp"

namespace headroom::lab {
namespace {

const ArmStats* arm(const Outcomes& outcomes, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto* stats = find_arm(outcomes.arms, name)) return stats;
  return nullptr;
}

/// A twin arm is the same thing measured again: its samples make the "before" column the mean of both.
double mean_of(const Outcomes& outcomes, const std::string& stat) {
  const auto* a = arm(outcomes, {"static"});
  const auto* b = arm(outcomes, {"static2"});
  const double first = a != nullptr ? statistic(*a, stat).value_or(0) : 0;
  return b != nullptr ? (first + statistic(*b, stat).value_or(0)) / 2 : first;
}

Row line(const Outcomes& o, const char* words, const std::string& stat, const char* unit) {
  const auto* ours = arm(o, {"headroom", "headroom-file", "headroom-hidden", "headroom-static"});
  const auto* none = arm(o, {"nolimit"});
  const auto cell = [&](const ArmStats* s) {
    return s == nullptr ? std::string("-") : fmt::format("{:.1f} {}", statistic(*s, stat).value_or(0), unit);
  };
  const double before = mean_of(o, stat);
  const double after = ours != nullptr ? statistic(*ours, stat).value_or(0) : 0;
  const auto change = ours == nullptr || before <= 0 ? std::string("-") : fmt::format("{:+.0f} %", (after / before - 1) * 100);
  return {words, fmt::format("{:.1f} {}", before, unit), cell(ours), change, cell(none)};
}

}  // namespace

std::string for_newcomers(const Scenario&, const Outcomes& outcomes) {
  const std::vector<Row> rows{
      {"", "before: limits as they are", "after: with headroom", "change", "for comparison: limits deleted"},
      line(outcomes, "a workflow step's burst takes (mean)", "step_mean", "ms"),
      line(outcomes, "  … the slowest of 100", "step_p99", "ms"),
      line(outcomes, "steps stood still, throttled", "throttled", "s"),
      line(outcomes, "a neighbour's request, Burstable pod (95 of 100 are faster)", "b_p95", "ms"),
      line(outcomes, "a neighbour's request, Guaranteed pod (95 of 100 are faster)", "g_p95", "ms"),
  };
  return plain_table(rows) +
         "\nSteps are the containers that may borrow; neighbours are services that must not suffer for it.\n"
         "Deleting the limits is fast too, but nothing then bounds a greedy tenant, and accounting is lost.\n";
}

}  // namespace headroom::lab
