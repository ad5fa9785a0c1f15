// What a policy of exact values decided about somebody, with that policy's own arithmetic.
#include <fmt/format.h>

#include "engine/describe.hpp"
#include "engine/explain_parts.hpp"
#include "engine/json_object.hpp"

namespace headroom {
namespace {

using koordlet::Decision;
using koordlet::Operation;
using koordlet::PoolState;

std::string cores(MilliCpu c) { return fmt::format("{:.3f}", static_cast<double>(c.value) / 1000); }
MilliCpu milli(double cores) { return MilliCpu{static_cast<std::int64_t>(cores * 1000 + 0.5)}; }

std::string_view word(Operation operation) {
  switch (operation) {
    case Operation::up: return "up";
    case Operation::remain: return "remain";
    case Operation::down: return "down";
    case Operation::reset: return "reset";
  }
  return "";
}

std::string_view word(PoolState state) {
  switch (state) {
    case PoolState::idle: return "idle";
    case PoolState::cooling: return "cooling";
    case PoolState::overload: return "overload";
    case PoolState::unknown: return "unknown";
  }
  return "";
}

/// What decided the step, in the order in which the law asks.
enum class Ground { policy, limiter, pool, no_sample, throttled, not_throttled };
Ground ground_of(const Decision& d) {
  if (d.operation == Operation::reset) return Ground::policy;
  if (!d.limiter_allows) return Ground::limiter;
  const bool throttled = d.since && d.since->throttled_periods > 0;
  if (d.operation == Operation::down || (throttled && d.operation == Operation::remain)) return Ground::pool;
  if (!d.since) return Ground::no_sample;
  return throttled ? Ground::throttled : Ground::not_throttled;
}

std::string because(const Decision& d) {
  switch (ground_of(d)) {
    case Ground::policy: return "its strategy raises no quotas";
    case Ground::limiter:
      return fmt::format("its limiter allows no more: {} of {} tokens are left", d.limiter ? d.limiter->tokens : 0, d.limiter ? d.limiter->capacity : 0);
    case Ground::pool: return fmt::format("the share pool is {}", d.state == PoolState::unknown ? "not known" : word(d.state));
    case Ground::no_sample: return "there is no earlier sample of its throttling to compare with";
    case Ground::throttled:
      return fmt::format("throttled in {} of {} periods since the cycle before", d.since->throttled_periods, d.since->periods);
    case Ground::not_throttled: return fmt::format("not throttled in any of {} periods since the cycle before", d.since->periods);
  }
  return {};
}

/// What `current` becomes before it is bounded.
std::string step(const Decision& d) {
  switch (d.operation) {
    case Operation::up: return fmt::format("{} x 1.2", d.current);
    case Operation::down: return fmt::format("{} x 0.8", d.current);
    case Operation::remain: return fmt::format("{} as it is", d.current);
    case Operation::reset: return fmt::format("the base {}", d.base);
  }
  return {};
}

std::string pool_line(const Decision& d) {
  const std::int64_t threshold = d.config.share_pool_percent;
  const std::string bounds = fmt::format("cooling from {:g} %, overload from {} % on", 0.9 * static_cast<double>(threshold), threshold);
  if (!d.pool) return explain_line("pool", "what the node uses is not known; " + bounds);
  return explain_line("pool", fmt::format("{} of {} CPUs used over 5 s = {:.1f} %: {} ({})", cores(milli(d.pool->used)), cores(milli(d.pool->total)),
                                          100 * koordlet::ratio_of(*d.pool), word(d.state), bounds));
}

bool at_ceiling(const Decision& d) { return d.operation == Operation::up && d.target == d.ceiling; }

}  // namespace

std::string law_headline(const Explanation& e, const std::string& name) {
  const MilliCpu now = e.in_all;
  const std::string_view is = e.writes ? "is" : "would be";
  const std::string what = now == e.limit ? fmt::format("has its own limit of {} cores", cores(e.limit))
                                          : fmt::format("{} {} to {} cores, its own limit is {}", is, now > e.limit ? "raised" : "lowered",
                                                        cores(now), cores(e.limit));
  return fmt::format("{} {}: policy {} decides\n", name, what, e.policy);
}

std::string law_lines(const Explanation& e, const Catalog& names) {
  if (!e.law) return explain_line("because", describe(e.why, names, e.at));
  const Decision& d = *e.law;
  const double ago = static_cast<double>((e.at - d.at).count()) / 1e9;
  std::string out = explain_line("because", fmt::format("{}; decided {:.1f} s ago, once a second", because(d), ago));
  out += pool_line(d);
  out += explain_line("quota", fmt::format("{} us = max(base {}, min({}, ceiling {}))", d.target, d.base, step(d), d.ceiling));
  out += explain_line("", fmt::format("ceiling: {} % of the base", std::max<std::int64_t>(100, d.config.quota_burst_percent)));
  if (d.limiter) out += explain_line("limiter", fmt::format("{} of {} tokens left: spent above 100 % of the limit, earned below 60 %", d.limiter->tokens, d.limiter->capacity));
  return out + explain_line("burst", fmt::format("{} us = min({} % of the limit, the quota)", std::min(d.burst, d.target),
                                                 d.burst > 0 ? d.config.cpu_burst_percent : 0));
}

void put_law(Object& out, const Explanation& e) {
  const Decision& d = *e.law;
  Object o(out.key("law"));
  const auto whole = [&o](std::string_view key, std::int64_t v) { o.key(key).number(v); };
  o.ns("ageNs", e.at - d.at);
  o.text("operation", word(d.operation));
  o.text("because", because(d));
  if (d.since) o.count("periods", d.since->periods);
  if (d.since) o.count("throttledPeriods", d.since->throttled_periods);
  o.text("pool", word(d.state));
  if (d.pool) o.milli("poolUsedMilli", milli(d.pool->used));
  if (d.pool) o.milli("poolTotalMilli", milli(d.pool->total));
  whole("sharePoolThresholdPercent", d.config.share_pool_percent);
  if (d.limiter) whole("limiterTokens", d.limiter->tokens);
  if (d.limiter) whole("limiterCapacity", d.limiter->capacity);
  whole("baseUs", d.base);
  whole("currentUs", d.current);
  whole("ceilingUs", d.ceiling);
  whole("targetUs", d.target);
  whole("burstUs", std::min(d.burst, d.target));
}

std::string law_change(const Explanation& e) {
  if (!e.law) return fmt::format("what policy {} makes of its use and throttling, or another policy", e.policy);
  const Decision& d = *e.law;
  if (at_ceiling(d)) return "it is at the ceiling: tuning.cfsQuotaBurstPercent, or its pod's annotation koordinator.sh/cpuBurst";
  switch (ground_of(d)) {
    case Ground::policy: return "tuning.policy: auto, or its pod's annotation koordinator.sh/cpuBurst";
    case Ground::limiter: return "it has to run below 60 % of its limit; or a longer tuning.cfsQuotaBurstPeriodSeconds, -1: no limiter";
    case Ground::pool:
      if (d.state == PoolState::unknown) return "the node's use has to be readable: see headroomctl doctor";
      return fmt::format("the share pool has to be used below {:g} %, or a higher tuning.sharePoolThresholdPercent",
                         0.9 * static_cast<double>(d.config.share_pool_percent));
    case Ground::no_sample: return "wait for the next cycle, a second after the last";
    case Ground::throttled:
    case Ground::not_throttled: return "it rises by a fifth in each second in which it is throttled while the share pool is idle";
  }
  return {};
}

}  // namespace headroom
