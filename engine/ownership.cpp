#include "engine/plan_steps.hpp"

namespace headroom::planning {
namespace {

constexpr seconds kRetry{1};  // one refused value is tried again at most once a second

/// By field: a plan undone half-way leaves a mixture, and somebody who wrote one field left us the other.
bool ours_or_base(const Bandwidth& held, const Bandwidth& base, const Standing& s) {
  const Bandwidth &a = *s.bandwidth_written, &b = *s.bandwidth_before;
  const bool quota = held.quota == base.quota || held.quota == a.quota || held.quota == b.quota;
  const bool burst = held.burst == base.burst || held.burst == a.burst || held.burst == b.burst;
  return quota && burst;
}

}  // namespace

bool bandwidth_is_ours(const Context& c, Slot slot) {
  const Ownership& own = c.group(slot).own;
  if (!own.base || !own.in_force || own.in_force->period != own.base->period) return false;
  if (!own.in_force->quota && own.base->quota) return false;  // we never write "unlimited" over a limit
  const Standing& s = c.standing(slot);
  if (s.bandwidth_written) return ours_or_base(*own.in_force, *own.base, s);
  return own.certain && c.now.at >= own.hands_off_until;
}

bool shares_are_ours(const Context& c, Slot slot) {
  const Ownership& own = c.group(slot).own;
  if (!own.base_shares || !own.shares_in_force) return false;
  const Standing& s = c.standing(slot);
  if (s.shares_written) return *own.shares_in_force == *s.shares_written || *own.shares_in_force == *s.shares_before;
  return own.certain && c.now.at >= own.hands_off_until;
}

bool refused_lately(const Context& c, Slot slot, const Bandwidth& to) {
  const Standing& s = c.standing(slot);
  const auto& held = c.group(slot).own.in_force;
  return s.bandwidth_written == to && held && *held != to && c.now.at - s.bandwidth_at < kRetry;
}

bool refused_lately(const Context& c, Slot slot, Shares to) {
  const Standing& s = c.standing(slot);
  const auto& held = c.group(slot).own.shares_in_force;
  return s.shares_written == to && held && *held != to && c.now.at - s.shares_at < kRetry;
}

}  // namespace headroom::planning
