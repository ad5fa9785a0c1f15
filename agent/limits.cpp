#include "agent/limits.hpp"

namespace headroom::limits {
namespace {

/// Less is what any program that starts threads now and then is throttled.
constexpr std::int64_t kLeastThrottledPermille = 1;   // of the stretch, summed over CPUs

bool is_throttled(const Seen& c, nanoseconds stretch) {
  return c.throttle.throttled_time.count() * 1000 > stretch.count() * kLeastThrottledPermille;
}

bool takes_all(const Seen& c, nanoseconds stretch) {
  if (c.throttle.periods == 0) return false;
  const bool always = c.throttle.throttled_periods * 10 >= c.throttle.periods * 9;
  return always && c.used * 10 >= cpu_time(c.limit, stretch) * 9;
}

}  // namespace

Why why(const Seen& c, nanoseconds stretch) {
  if (takes_all(c, stretch)) return Why::greedy;
  if (c.qos == KubeQos::guaranteed) return Why::forced;
  if (!c.runtime.empty()) return Why::sizing;
  return is_throttled(c, stretch) ? Why::throttled : Why::untouched;
}

Verdict verdict(const Facts& facts) {
  bool throttled = false, kept = false;
  for (const auto& c : facts.limited) {
    if (!is_throttled(c, facts.stretch)) continue;   // whatever it is, its limit costs nothing
    throttled = true;
    const Why reason = why(c, facts.stretch);
    kept = kept || reason == Why::greedy || reason == Why::forced || reason == Why::sizing;
  }
  return !throttled ? Verdict::leave : kept ? Verdict::keep : Verdict::remove;
}

const char* word(Why why) {
  switch (why) {
    case Why::greedy: return "greedy";
    case Why::forced: return "forced";
    case Why::sizing: return "sizing";
    case Why::throttled: return "throttled";
    case Why::untouched: return "untouched";
  }
  return "";
}

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::leave: return "leave";
    case Verdict::remove: return "delete";
    case Verdict::keep: return "keep";
  }
  return "";
}

}  // namespace headroom::limits
