// Koordinator's CPU burst loop as functions of plain values, its rounding included. Source of every formula: Koordinator
// a7a1b76, pkg/koordlet/qosmanager/plugins/cpuburst/cpu_burst.go; docs/policies/koordinator.md says it in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cgroups/types/archive.hpp"
#include "cgroups/types/bandwidth.hpp"
#include "cgroups/types/burst_strategy.hpp"
#include "cgroups/types/catalog.hpp"

namespace headroom::koordlet {

/// As its JSON writes it; any other word acts as `none`.
BurstPolicy burst_policy(std::string_view word);

/// Koordinator's own defaults.
struct Config {
  BurstPolicy policy = BurstPolicy::none;
  std::int64_t cpu_burst_percent = 1000;        ///< kernel burst, of the limit
  std::int64_t quota_burst_percent = 300;       ///< ceiling of the quota, of the limit
  std::int64_t quota_burst_period_s = -1;       ///< for so long at the ceiling; -1: no limiter
  std::int64_t share_pool_percent = 50;         ///< use of the share pool that is overload
};
Config merged(Config below, const Patch& above);

/// The CPUs that are not bound to LSE and LSR, and their use, in cores.
struct Pool { double total = 0, used = 0; };
/// nullopt: use or CPUs of the node are not known.
std::optional<Pool> pool_of(int cpus, std::optional<double> used);
/// One pod or a sum of them: LSE and LSR leave with request and use, BE with its use, others stay.
void leave(Pool& pool, QosClass qos, std::int64_t request_milli, std::optional<double> used);
/// used / total; 1 where no CPU is left.
double ratio_of(const Pool& pool);

enum class PoolState { idle, cooling, overload, unknown };
PoolState state_of(const std::optional<Pool>& pool, std::int64_t share_pool_percent);

/// Tokens are percents of the limit times seconds: spent at and above 100 %, earned below 60 %.
struct Limiter {
  std::int64_t capacity = 0, tokens = 0;
  seconds expiry{0};        ///< unused for longer: forgotten
  TimePoint used_at;
};
std::int64_t capacity_of(std::int64_t period_s, std::int64_t percent);
/// @param draw  any number: tokens begin anywhere in [0, capacity / 2)
Limiter new_limiter(std::int64_t period_s, std::int64_t percent, std::uint64_t draw);
/// A changed capacity begins anew, anything else stays as it was (the expiry of the same capacity, too).
void configure(Limiter& limiter, std::int64_t period_s, std::int64_t percent, std::uint64_t draw);
/// @param since  the call before; whole seconds count. @return whether the quota may stay above its base
bool allow(Limiter& limiter, std::int64_t usage_percent, nanoseconds since);
bool expired(const Limiter& limiter, nanoseconds unused);
/// Of the limit, cut to a whole number. @param limit_milli  > 0
std::int64_t usage_percent(double cores, std::int64_t limit_milli);

enum class Operation { up, remain, down, reset };
/// @param throttled  share of the periods since the sample before; nullopt: there is no sample
Operation operation_of(BurstPolicy policy, bool limiter_allows, std::optional<double> throttled);
Operation overridden(Operation operation, PoolState state);

/// us in a period of 100 ms. nullopt: no limit, so the container is skipped.
std::optional<std::int64_t> base_quota(std::optional<std::int64_t> limit_milli);
std::int64_t ceiling(std::int64_t base, std::int64_t quota_burst_percent);
/// max(base, min(current x 1.2 | current | current x 0.8 | base, ceiling)), cut to whole us.
std::int64_t next_quota(Operation operation, std::int64_t current, std::int64_t base, std::int64_t ceiling);

/// Kernel burst in us; 0 without a limit or where the policy has none. Not compared with any quota.
std::int64_t static_burst(BurstPolicy policy, std::optional<std::int64_t> limit_milli, std::int64_t cpu_burst_percent,
                          std::int64_t period_us = 100'000);
/// What koordlet's own check lets through: v1 takes 0..100 s, v2 anything.
enum class Hierarchy { v1, v2 };
bool burst_accepted(std::int64_t burst, Hierarchy hierarchy);

/// The pod's quota after a container went from `current` to `target`, relative as koordlet writes it; -1 stays. Ours is
/// absolute instead: this one drifts (docs/policies/koordinator.md).
std::int64_t pod_after(std::int64_t pod, std::int64_t current, std::int64_t target);

/// One cycle's decision about one container, and all that it was made of.
struct Decision {
  TimePoint at;                            ///< epoch: none yet
  Config config;                           ///< in force for this container
  std::optional<ThrottleCounters> since;   ///< since the cycle before; nullopt: no sample
  std::optional<Limiter> limiter;          ///< after it was asked; nullopt: there is none
  bool limiter_allows = true;
  std::optional<Pool> pool;                ///< over five cycles; nullopt: not known
  PoolState state = PoolState::unknown;
  Operation operation = Operation::remain;
  std::int64_t base = 0, current = 0, ceiling = 0, target = 0;   ///< us in the file's period
  std::int64_t burst = 0;                  ///< us, before it is cut to the quota
};

template <class Archive, Of<Pool> T>
void fields(Archive& a, T& v) {
  auto& [total, used] = v;
  a(total, used);
}
template <class Archive, Of<Decision> T>
void fields(Archive& a, T& v) {
  auto& [at, config, since, limiter, limiter_allows, pool, state, operation, base, current, ceiling, target, burst] = v;
  a(at);
  if (at != TimePoint{}) a(config, since, limiter, limiter_allows, pool, state, operation, base, current, ceiling, target, burst);
}
template <class Archive, Of<Config> T>
void fields(Archive& a, T& v) {
  auto& [policy, cpu_burst_percent, quota_burst_percent, quota_burst_period_s, share_pool_percent] = v;
  a(policy, cpu_burst_percent, quota_burst_percent, quota_burst_period_s, share_pool_percent);
}
template <class Archive, Of<Limiter> T>
void fields(Archive& a, T& v) {
  auto& [capacity, tokens, expiry, used_at] = v;
  a(capacity, tokens, expiry, used_at);
}

}  // namespace headroom::koordlet
