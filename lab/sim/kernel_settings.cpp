// What may be written, and what every write of a limit gives away (KERNEL 1, 3-7).
#include <algorithm>

#include "lab/sim/kernel.hpp"

namespace headroom::lab::sim {
namespace {

constexpr Ns kMicro = 1000;
constexpr Ns kLeastPeriod = 1'000'000, kMostPeriod = 1'000'000'000;   // of a quota, too [min_cfs_quota_period]
constexpr std::uint64_t kFree = UINT64_MAX;

/// quota / period in 2^-20, rounded down [to_ratio].
std::uint64_t ratio(Ns quota, Ns period) {
  if (quota == kUnlimited) return kFree;
  return (static_cast<std::uint64_t>(quota) << 20) / static_cast<std::uint64_t>(period);
}

tl::unexpected<Error> refused(std::string_view file, std::string detail) {
  return fail(Errc::rejected, std::string(file), std::move(detail));
}

}  // namespace

Bandwidth Kernel::bandwidth(GroupId group) const {
  const TaskGroup& g = groups_[group];
  Bandwidth out;
  if (g.quota != kUnlimited) out.quota = microseconds{g.quota / kMicro};
  out.period = microseconds{g.period / kMicro};
  out.burst = microseconds{g.burst / kMicro};
  return out;
}

/// [__cfs_schedulable] v1 only: nobody above the nearest limited ancestor, no limited descendant above it.
bool Kernel::fits_tree(GroupId group, Ns quota, Ns period) const {
  if (machine_.version == Version::v2) return true;
  std::uint64_t allowed = kFree;
  for (GroupId up = groups_[group].parent; up != kNoGroup && allowed == kFree; up = groups_[up].parent)
    allowed = ratio(groups_[up].quota, groups_[up].period);
  const std::uint64_t own = ratio(quota, period);
  if (own != kFree && own > allowed) return false;
  return fits_below(group, own == kFree ? allowed : own);
}

bool Kernel::fits_below(GroupId group, std::uint64_t allowed) const {
  const auto& children = groups_[group].children;
  return std::all_of(children.begin(), children.end(), [&](GroupId child) {
    const std::uint64_t own = ratio(groups_[child].quota, groups_[child].period);
    if (own != kFree && own > allowed) return false;
    return fits_below(child, own == kFree ? allowed : own);
  });
}

/// [tg_set_cfs_bandwidth]
Result<> Kernel::write_limit(GroupId group, const LimitWrite& write) {
  if (!alive(group)) return fail(Errc::gone, "limit", "the group is not there any more");
  if (group == kRoot) return refused("limit", "the root has none");
  TaskGroup& g = groups_[group];
  Ns quota = g.quota, period = g.period, burst = g.burst;
  if (write.quota) quota = *write.quota ? (*write.quota)->count() * kMicro : kUnlimited;
  if (write.period) period = write.period->count() * kMicro;
  if (write.burst) burst = write.burst->count() * kMicro;
  if (quota != kUnlimited && quota < kLeastPeriod) return refused("quota", "below 1000 us");
  if (period < kLeastPeriod || period > kMostPeriod) return refused("period", "outside 1000..1000000 us");
  if (quota != kUnlimited && burst > quota) return refused("burst", "above the quota");
  if (!fits_tree(group, quota, period)) return refused("quota", "above its parent's, or below a child's");
  g.quota = quota;
  g.period = period;
  g.burst = burst;
  if (quota != kUnlimited) {
    refill(g);
    start_period(group);
  }
  for (int on = 0; on < static_cast<int>(cpus_.size()); ++on) {
    Queue& q = queue(group, on);
    q.limited = quota != kUnlimited;
    q.left = 1;   // debts are forgiven, and what was in hand is void; what runs is not accounted first
    if (q.throttled) unthrottle(q);
    if (cpu(on).resched) reschedule(on);
    arm(on);
  }
  return {};
}

Result<> Kernel::write_shares(GroupId group, Shares shares) {
  constexpr std::uint64_t kLeast = 2, kMost = 262'144, kMostWeight = 10'000;
  if (!alive(group)) return fail(Errc::gone, "shares", "the group is not there any more");
  if (group == kRoot) return refused("shares", "the root has none");
  TaskGroup& g = groups_[group];
  if (machine_.version == Version::v2) {
    if (shares.value < 1 || shares.value > kMostWeight) return refused("weight", "outside 1..10000");
    g.shares = shares;
    g.weight = static_cast<double>(shares.value) * kNiceZero / 100;
  } else {
    g.shares = Shares{std::clamp(shares.value, kLeast, kMost)};
    g.weight = static_cast<double>(g.shares.value);
  }
  for (int on = 0; on < static_cast<int>(cpus_.size()); ++on) {
    account(on);
    for (Queue* q = &queue(group, on); above(*q) != nullptr; q = above(*q)) reweigh(*q);
    if (cpu(on).resched) reschedule(on);
    arm(on);
  }
  return {};
}

}  // namespace headroom::lab::sim
