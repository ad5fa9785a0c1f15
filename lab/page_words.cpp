#include <fmt/core.h>

#include <algorithm>

#include "lab/page.hpp"
#include "lab/tables.hpp"

namespace headroom::lab {

std::string verdict_in_words(const Record& record) {
  std::size_t judged = 0, passed = 0, all = 0;
  const auto count = [&](Verdict::Says says) {
    ++all;
    if (says != Verdict::Says::not_judged) ++judged;
    if (says == Verdict::Says::pass) ++passed;
  };
  for (const auto& v : record.verdicts) count(v.says);
  for (const auto& f : record.findings) {
    if (f.at_most) count(f.says);
  }
  if (all == 0) return "no bar applies to these arms";
  if (judged == 0) return "nothing was judged";
  auto out = fmt::format("{} of {} bars pass", passed, judged);
  if (judged < all) out += fmt::format(", {} not judged", all - judged);
  return out;
}

std::string command_of(const Record& record) {
  if (!record.command.empty()) return record.command;
  std::string arms;
  for (const auto& arm : record.arms) {
    if (arm.arm != "static" && arm.arm != "static2") arms += (arms.empty() ? "" : ",") + arm.arm;
  }
  return fmt::format("headroom-lab run {}{}", record.scenario, arms.empty() ? "" : " --policies " + arms);
}

std::string to_markdown(const std::vector<Record>& records) {
  std::string out;
  for (const auto& r : records) {
    out += fmt::format("{}### {}\n\n", out.empty() ? "" : "\n", r.scenario);
    if (!r.description.empty()) out += r.description + "\n\n";
    out += fmt::format("{}{}. {}.\n\n", r.origin == Origin::simulated ? "**Simulation, not a measurement.** " : "", r.machine, verdict_in_words(r));
    auto rows = arm_rows(r.arms);
    for (std::size_t i = 0; i < r.arms.size(); ++i) {
      if (!not_judged(r, r.arms[i]).empty()) rows[i + 1][0] += " (not judged)";
    }
    if (!r.arms.empty()) out += markdown_table(rows);
    else if (!r.findings.empty()) out += markdown_table(finding_rows(r.findings));
    out += fmt::format("\n`{}`\n", command_of(r));
  }
  return out;
}

}  // namespace headroom::lab
