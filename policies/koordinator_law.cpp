#include "policies/koordinator_law.hpp"

#include <algorithm>

namespace headroom::koordlet {
namespace {

constexpr std::int64_t kLeastQuota = 1000, kPeriod = 100'000;
constexpr double kUp = 1.2, kDown = 0.8, kCooling = 0.9;
constexpr std::int64_t kSpends = 100, kEarns = 60;

std::int64_t whole(double x) { return static_cast<std::int64_t>(x); }

}  // namespace

BurstPolicy burst_policy(std::string_view word) {
  if (word == "auto") return BurstPolicy::automatic;
  if (word == "cpuBurstOnly") return BurstPolicy::cpu_burst_only;
  return word == "cfsQuotaBurstOnly" ? BurstPolicy::cfs_quota_burst_only : BurstPolicy::none;
}

Config merged(Config below, const Patch& above) {
  below.policy = above.policy.value_or(below.policy);
  below.cpu_burst_percent = above.cpu_burst_percent.value_or(below.cpu_burst_percent);
  below.quota_burst_percent = above.quota_burst_percent.value_or(below.quota_burst_percent);
  below.quota_burst_period_s = above.quota_burst_period_s.value_or(below.quota_burst_period_s);
  below.share_pool_percent = above.share_pool_percent.value_or(below.share_pool_percent);
  return below;
}

std::optional<Pool> pool_of(int cpus, std::optional<double> used) {
  if (cpus <= 0 || !used) return std::nullopt;
  return Pool{static_cast<double>(cpus), *used};
}

void leave(Pool& pool, QosClass qos, std::int64_t request_milli, std::optional<double> used) {
  switch (qos) {
    case QosClass::lse:
    case QosClass::lsr:
      pool.total -= static_cast<double>(request_milli) / 1000;
      pool.used -= used.value_or(0);
      return;
    case QosClass::be:
      pool.used -= used.value_or(0);
      return;
    case QosClass::ls:
    case QosClass::step:
    case QosClass::control:
    case QosClass::system:
      return;
  }
}

double ratio_of(const Pool& pool) { return pool.total <= 0 ? 1.0 : pool.used / pool.total; }

PoolState state_of(const std::optional<Pool>& pool, std::int64_t share_pool_percent) {
  if (!pool) return PoolState::unknown;
  const double threshold = static_cast<double>(share_pool_percent) / 100, ratio = ratio_of(*pool);
  if (ratio >= threshold) return PoolState::overload;
  return ratio >= kCooling * threshold ? PoolState::cooling : PoolState::idle;
}

std::int64_t capacity_of(std::int64_t period_s, std::int64_t percent) { return period_s * (percent - 100); }

Limiter new_limiter(std::int64_t period_s, std::int64_t percent, std::uint64_t draw) {
  Limiter out;
  out.capacity = capacity_of(period_s, percent);
  const std::int64_t half = out.capacity / 2;
  if (half > 0) out.tokens = static_cast<std::int64_t>(draw % static_cast<std::uint64_t>(half));
  out.expiry = seconds{2 * period_s};
  return out;
}

void configure(Limiter& limiter, std::int64_t period_s, std::int64_t percent, std::uint64_t draw) {
  if (capacity_of(period_s, percent) == limiter.capacity) return;
  const TimePoint used_at = limiter.used_at;
  limiter = new_limiter(period_s, percent, draw);
  limiter.used_at = used_at;
}

bool allow(Limiter& limiter, std::int64_t usage_percent, nanoseconds since) {
  if (limiter.capacity < 0) return false;
  const std::int64_t dt = since / seconds{1};
  if (usage_percent >= kSpends) limiter.tokens -= (usage_percent - 100) * dt;
  else if (usage_percent < kEarns) limiter.tokens += (100 - usage_percent) * dt;
  limiter.tokens = std::clamp(limiter.tokens, -limiter.capacity, limiter.capacity);
  return limiter.tokens > 0;
}

bool expired(const Limiter& limiter, nanoseconds unused) { return unused > limiter.expiry; }

std::int64_t usage_percent(double cores, std::int64_t limit_milli) {
  return whole(cores / (static_cast<double>(limit_milli) / 1000) * 100);
}

Operation operation_of(BurstPolicy policy, bool limiter_allows, std::optional<double> throttled) {
  if (policy != BurstPolicy::automatic && policy != BurstPolicy::cfs_quota_burst_only) return Operation::reset;
  if (!limiter_allows) return Operation::down;
  return throttled && *throttled > 0 ? Operation::up : Operation::remain;
}

Operation overridden(Operation operation, PoolState state) {
  if (operation == Operation::reset || operation == Operation::down || state == PoolState::idle) return operation;
  return state == PoolState::overload ? Operation::down : Operation::remain;
}

std::optional<std::int64_t> base_quota(std::optional<std::int64_t> limit_milli) {
  if (!limit_milli || *limit_milli <= 0) return std::nullopt;
  return std::max(kLeastQuota, *limit_milli * (kPeriod / 1000));
}

std::int64_t ceiling(std::int64_t base, std::int64_t quota_burst_percent) {
  if (quota_burst_percent <= 100) return base;
  return whole(static_cast<double>(base) * static_cast<double>(quota_burst_percent) / 100);
}

std::int64_t next_quota(Operation operation, std::int64_t current, std::int64_t base, std::int64_t ceiling) {
  const auto moved = [&] {
    switch (operation) {
      case Operation::up: return whole(static_cast<double>(current) * kUp);
      case Operation::down: return whole(static_cast<double>(current) * kDown);
      case Operation::remain: return current;
      case Operation::reset: return base;
    }
    return base;
  };
  return std::max(base, std::min(moved(), ceiling));
}

std::int64_t static_burst(BurstPolicy policy, std::optional<std::int64_t> limit_milli, std::int64_t cpu_burst_percent,
                          std::int64_t period_us) {
  const bool wanted = policy == BurstPolicy::automatic || policy == BurstPolicy::cpu_burst_only;
  if (!wanted || !limit_milli || *limit_milli <= 0) return 0;
  const double cores = static_cast<double>(*limit_milli) / 1000;
  return whole(cores * static_cast<double>(cpu_burst_percent) / 100 * static_cast<double>(period_us));
}

bool burst_accepted(std::int64_t burst, Hierarchy hierarchy) {
  return burst >= 0 && (hierarchy == Hierarchy::v2 || burst <= 100'000'000);
}

std::int64_t pod_after(std::int64_t pod, std::int64_t current, std::int64_t target) {
  return pod > 0 ? pod + target - current : pod;
}

}  // namespace headroom::koordlet
