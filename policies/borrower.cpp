#include "policies/borrower.hpp"

#include <algorithm>

#include "cgroups/types/weights.hpp"

namespace headroom {

void charge(Borrower& b, const GroupState& g, MilliCpu limit, nanoseconds cap) {
  if (b.charged_at == TimePoint{} || g.usage < b.usage) {  // first sight, or a counter that was reset
    b.charged_at = g.read_at;
    b.usage = g.usage;
    return;
  }
  const nanoseconds wall = g.read_at - b.charged_at;
  if (wall <= nanoseconds{0}) return;
  b.credit = std::min(cap, b.credit + cpu_time(limit, wall) - (g.usage - b.usage));
  b.credit = std::max(b.credit, nanoseconds{0});
  b.charged_at = g.read_at;
  b.usage = g.usage;
}

void charge_write(Borrower& b, const Bandwidth& base) {
  if (base.quota) b.credit = std::max(nanoseconds{0}, b.credit - nanoseconds{*base.quota});
}

bool wants_more(const GroupState& g, const HeadroomParams& p, MilliCpu limit) {
  if (g.throttling) return true;
  if (!g.own.base || !g.own.base->quota || g.rate <= limit) return false;
  const nanoseconds quota = *g.own.base->quota;
  if (g.used_in_period * 100 < quota * p.early_percent) return false;
  return g.used_in_period + cpu_time(g.rate, g.period_left) > quota;
}

MilliCpu wish(const Borrower& b, const GroupState& g, MilliCpu granted, MilliCpu ceiling) {
  if (granted.value == 0 || g.throttling) return ceiling;
  // A rate over a few milliseconds is no use yet: two bursts of one thread would move the limit to and fro.
  constexpr int kLastingPercent = 33;   // of what is granted for a period
  const nanoseconds quota = g.own.base ? cpu_time(granted, g.own.base->period) : nanoseconds{0};
  const bool lasting = g.used_in_period * 100 >= quota * kLastingPercent;
  const MilliCpu use = lasting ? std::max(g.use_100ms, g.rate) : g.use_100ms;
  if (use.value * 10 >= granted.value * 9) return ceiling;   // it takes what it gets: the need is not known
  return std::min(ceiling, MilliCpu{use.value * (100 + b.margin_percent) / 100 + 100});
}

MilliCpu steady(Borrower& b, MilliCpu wish, TimePoint now) {
  constexpr milliseconds kSteady{1000}, kWindow{100};
  const bool less = wish < b.wished, a_little_less = less && wish.value * 2 > b.wished.value;
  b.wished_lately = std::max(b.wished_lately, wish);
  if (less && now - b.wished_at < (a_little_less ? kSteady : kWindow)) return b.wished;
  b.wished = a_little_less ? b.wished_lately : wish;
  b.wished_lately = wish;
  b.wished_at = now;
  return b.wished;
}

MilliCpu request_of(Shares weight, bool v2) {
  const auto milli = [](std::uint64_t shares) { return MilliCpu{static_cast<std::int64_t>(shares * 1000 / 1024)}; };
  if (!v2) return milli(weight.value);
  const std::uint64_t w = std::max<std::uint64_t>(weight.value, 1);
  return milli(std::min(shares_from_weight(weight).value, w * 1024 / 100));  // at 100 the quadratic formula says 1024 shares
}

}  // namespace headroom
