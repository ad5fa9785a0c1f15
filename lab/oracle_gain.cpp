// How much an arm gets of what anybody could gain for steps without harm.
#include <fmt/core.h>

#include "lab/experiment.hpp"

namespace headroom::lab {
namespace {

double part(double from, double to, double got) { return 100 * (from - got) / (from - to); }

}  // namespace

void add_oracle_gain(Outcomes& out) {
  const auto* base = find_arm(out.arms, "static");
  const auto* best = find_arm(out.arms, "oracle");
  if (base == nullptr || best == nullptr) return;
  for (const std::string stat : {"makespan", "step_mean"}) {
    const auto from = statistic(*base, stat), to = statistic(*best, stat);
    if (!from || !to || *to <= 0 || *from <= *to) continue;   // no such steps here, or nothing to gain
    for (const auto& arm : out.arms) {
      const auto got = statistic(arm, stat);
      if (!got || arm.arm.starts_with("static") || &arm == best) continue;
      out.findings.push_back({fmt::format("part of oracle's gain in {}", stat), "%", arm.arm, part(*from, *to, *got), {},
                              Verdict::Says::not_judged});
    }
  }
}

void add_oracle_gain(const Values& means, Outcomes& out) {
  for (const auto& [key, got] : means) {
    const auto& [arm, stat] = key;
    const auto from = means.find({"static", stat}), to = means.find({"oracle", stat});
    if (from == means.end() || to == means.end() || from->second <= to->second) continue;
    if (arm.starts_with("static") || arm == "oracle" || stat.ends_with("_p99")) continue;
    out.findings.push_back({fmt::format("part of oracle's gain in {}", stat), "%", arm, part(from->second, to->second, got), {},
                            Verdict::Says::not_judged});
  }
}

}  // namespace headroom::lab
