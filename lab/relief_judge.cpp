#include <fmt/core.h>

#include <algorithm>

#include "lab/relief.hpp"

namespace headroom::lab {
namespace {

constexpr double kNearly = 0.99;                     // a quota is whole microseconds
constexpr double kLent = 1.01;
constexpr std::int64_t kStretch = 20'000'000;        // in which it has to run
constexpr std::size_t kLeastReliefs = 100;           // the p99 of fewer is their worst

/// Index of the step that is in force at `at`.
std::size_t in_force(const std::vector<LimitStep>& steps, std::int64_t at) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), at, [](std::int64_t t, const LimitStep& s) { return t < s.at; });
  return after == steps.begin() ? 0 : static_cast<std::size_t>(after - steps.begin()) - 1;
}

bool gives(const LimitStep& step, double cores) { return !step.cores || *step.cores >= cores * kNearly; }

/// From when on a level gives so much, at or after `from`; nullopt: not before `until`.
std::optional<std::int64_t> first_enough(const std::vector<LimitStep>& steps, double cores, std::int64_t from, std::int64_t until) {
  for (auto i = in_force(steps, from); i < steps.size() && steps[i].at <= until; ++i)
    if (gives(steps[i], cores)) return std::max(from, steps[i].at);
  return std::nullopt;
}

/// The first moment at which every level gives it.
std::optional<std::int64_t> all_enough(const ReliefHistory& h, std::int64_t from, std::int64_t until) {
  for (;;) {
    std::int64_t latest = from;
    for (const auto& level : h.levels) {
      const auto at = first_enough(level, h.wants, from, until);
      if (!at) return std::nullopt;
      latest = std::max(latest, *at);
    }
    if (latest == from) return from;
    from = latest;   // the others may have gone down again meanwhile
  }
}

/// What it may use at `at` by its quotas: the least of all levels.
double effective(const std::vector<std::vector<LimitStep>>& levels, std::int64_t at) {
  double least = 1e9;
  for (const auto& steps : levels) least = std::min(least, steps[in_force(steps, at)].cores.value_or(1e9));
  return least;
}

bool leased(const ReliefHistory& h, std::int64_t at) {
  const double base = h.base.empty() ? 0 : *std::min_element(h.base.begin(), h.base.end());
  return effective(h.levels, at) > base * kLent;
}

/// End of the last 20 ms in which it did not run; its begin if there were none. nullopt: it never ran through.
std::optional<std::int64_t> ran_from(const ReliefHistory& h, const SeenBurst& burst) {
  std::optional<std::int64_t> from = burst.due;
  std::int64_t ran_at = burst.due, used = -1;
  for (const auto& [at, usage] : h.usage) {
    if (at > burst.done) break;
    if (at < burst.due) {
      used = usage;
      continue;
    }
    if (used < 0 || usage > used) {
      if (at - ran_at > kStretch) from = at;
      ran_at = at;
    }
    used = usage;
  }
  return burst.done - ran_at > kStretch ? std::nullopt : from;
}

/// @param stat  its p99 by name, where there are enough of them
void percentiles(const std::string& name, const std::string& stat, Latencies sample, const Arm& arm, Outcomes& out) {
  const auto s = summarize(std::move(sample));
  if (s.count == 0) return;
  for (const auto& [which, value] : {std::pair{"p50", s.p50}, {"p99", s.p99}})
    out.findings.push_back({fmt::format("{}: {} of {}", name, which, s.count), "ms", arm.name, value, {}, Verdict::Says::not_judged});
  if (s.count >= kLeastReliefs) out.values[{arm.name, stat}] = s.p99;
}

}  // namespace

std::vector<Relief> judge_relief(const ReliefHistory& h, LeaseSight sight) {
  std::vector<Relief> out;
  for (const auto& burst : h.bursts) {
    Relief one{Relief::How::ended, burst.idle, 0};
    const bool had = sight == LeaseSight::quota && leased(h, burst.due);
    const auto at = sight == LeaseSight::quota ? all_enough(h, burst.due, burst.done) : ran_from(h, burst);
    if (had) one.how = Relief::How::leased;
    else if (at) one.how = Relief::How::relieved;
    if (at) one.after = *at - burst.due;
    out.push_back(one);
  }
  return out;
}

void report_relief(const Arm& arm, const std::vector<Relief>& all, Outcomes& out) {
  Latencies fast, between, idle;
  double leased = 0, ended = 0;
  for (const auto& one : all) {
    if (one.how == Relief::How::leased) ++leased;
    else if (one.how == Relief::How::ended) ++ended;
    else (one.idle < kFastGap.count() ? fast : one.idle < kIdleGap.count() ? between : idle).push_back(one.after);
  }
  percentiles("relief on the fast clock", "relief_fast_p99", std::move(fast), arm, out);
  percentiles("relief after 2 to 10 s", "relief_between_p99", std::move(between), arm, out);
  percentiles("relief after 10 s of idleness", "relief_idle_p99", std::move(idle), arm, out);
  for (const auto& [name, value] : {std::pair{"bursts with a lease at their beginning", leased}, {"bursts that ended before relief", ended}})
    out.findings.push_back({name, fmt::format("of {}", all.size()), arm.name, value, {}, Verdict::Says::not_judged});
}

}  // namespace headroom::lab
