// The scenario's bars: which hold, and what keeps the others from being judged.
#include <fmt/core.h>

#include <algorithm>

#include "lab/experiment.hpp"
#include "lab/tables.hpp"

namespace headroom::lab {
namespace {

bool ran(const std::vector<Arm>& arms, const std::string& name) {
  return std::any_of(arms.begin(), arms.end(), [&](const Arm& a) { return a.name == name; });
}

std::optional<double> value_of(const Values& values, const std::string& arm, const std::string& stat) {
  const auto at = values.find({arm, stat});
  return at == values.end() ? std::nullopt : std::optional{at->second};
}

/// nullopt: an empty sample, on either side.
std::optional<double> value_of(const Bar& bar, const Values& values) {
  const auto left = value_of(values, bar.arm, bar.stat);
  if (bar.against.empty() || !left) return left;
  const auto right = value_of(values, bar.against, bar.stat);
  return right ? ratio(*left, *right) : std::nullopt;
}

std::string why(const Verdict& v, const std::vector<Arm>& arms) {
  for (const auto& arm : {v.bar.arm, v.bar.against})
    if (!arm.empty() && !ran(arms, arm)) return fmt::format("arm {} did not run", arm);
  if (!v.value) return "there is no sample, or too small a one";
  return fmt::format("{:.3f}, at most {:.2f}", *v.value, v.bar.at_most);
}

/// A run that was too small for the neighbour rule judges nothing either.
Judging judging_of(const RunOptions& options, const Outcomes& outcomes) {
  const bool small = !outcomes.runs.empty() && outcomes.runs.back().fate == RunRecord::Fate::smoke;
  return small ? Judging::off : judging_of(options);
}

}  // namespace

Judging judging_of(const RunOptions& options) { return options.depth == RunOptions::Depth::full ? Judging::on : Judging::off; }

Values values_of(const std::vector<ArmStats>& arms) {
  Values out;
  for (const auto& arm : arms) {
    for (const std::string name : kStatistics)
      if (const auto value = statistic(arm, name)) out[{arm.arm, name}] = *value;
  }
  return out;
}

std::vector<Verdict> apply_bars(const std::vector<Bar>& bars, const Values& values, const std::vector<Arm>& arms, Judging judging) {
  std::vector<Verdict> out;
  for (const auto& bar : bars) {
    Verdict verdict{bar, value_of(bar, values), Verdict::Says::not_judged};
    const bool both = ran(arms, bar.arm) && (bar.against.empty() || ran(arms, bar.against));
    if (judging == Judging::on && both)
      verdict.says = verdict.value && *verdict.value <= bar.at_most ? Verdict::Says::pass : Verdict::Says::miss;
    out.push_back(std::move(verdict));
  }
  return out;
}

void judge(const Scenario& scenario, const RunOptions& options, Outcomes& out) {
  const auto judging = judging_of(options, out);
  out.verdicts = apply_bars(scenario.bars, out.values, options.arms, judging);
  add_dominance(scenario, options.arms, judging, out);
}

std::vector<std::string> shortfalls(const Scenario& scenario, const RunOptions& options, const Outcomes& outcomes) {
  std::vector<std::string> out;
  if (judging_of(options) == Judging::off) return out;
  for (const auto& v : outcomes.verdicts)
    if (v.says != Verdict::Says::pass) out.push_back(fmt::format("{}: {}: {}", word(v.says), name_of(v.bar), why(v, options.arms)));
  for (const auto& f : outcomes.findings) {
    if (!f.at_most || f.says == Verdict::Says::pass) continue;
    out.push_back(fmt::format("{}: {} of {}: {:.3f}, at most {:.3f}", word(f.says), f.name, f.arm, f.value, *f.at_most));
  }
  for (const auto& arm : scenario.beside)
    if (!ran(options.arms, arm)) out.push_back(fmt::format("left out: arm {} did not run", arm));
  return out;
}

}  // namespace headroom::lab
