#include <algorithm>

#include "engine/plan_steps.hpp"

namespace headroom::planning {
namespace {

/// Order that is legal at every step on v1, whose rules are the stricter ones (KERNEL 3, 5): first what lowers bursts,
/// then the pod up, the containers down, the containers up, the pod down, and at last what raises bursts.
enum class Step { burst_down, pod_up, quota_down, quota_up, pod_down, burst_up };
constexpr Step kSteps[] = {Step::burst_down, Step::pod_up,   Step::quota_down,
                           Step::quota_up,   Step::pod_down, Step::burst_up};

/// One group on its way from what its files hold to its target.
struct Move {
  Slot slot = kNoSlot;
  bool pod = false;
  Bandwidth at, to;
};

/// More of a CPU: a put right limit may have another period. A quota is below 2^44 us and a period below 2^20: it fits.
bool above(const Bandwidth& a, const Bandwidth& b) {
  if (!a.quota || !b.quota) return !a.quota && b.quota;
  const auto us = [](microseconds t) { return static_cast<std::uint64_t>(t.count()); };
  return us(*a.quota) * us(b.period) > us(*b.quota) * us(a.period);
}

/// The value after `step`; equal to m.at where the step does not concern it.
Bandwidth after(const Move& m, Step step) {
  Bandwidth next = m.at;
  const bool up = above(m.to, m.at), down = !up && finite(m.to) != finite(m.at);
  const auto move_limit = [&] { next.quota = m.to.quota, next.period = m.to.period; };
  switch (step) {
    case Step::burst_down:
      next.burst = std::min(m.at.burst, m.to.burst);
      break;
    case Step::pod_up:
      if (m.pod && up) move_limit();
      break;
    case Step::quota_down:
      if (!m.pod && down) move_limit();
      break;
    case Step::quota_up:
      if (!m.pod && up) move_limit();
      break;
    case Step::pod_down:
      if (m.pod && down) move_limit();
      break;
    case Step::burst_up:
      next.burst = m.to.burst;
      break;
  }
  return next;
}

std::vector<Move> moves_of(const Context& c, const Unit& unit, std::span<const Target> targets) {
  std::vector<Move> moves;
  for (const Target& t : targets) {
    const auto& held = c.group(t.slot).own.in_force;
    if (!t.bandwidth || *held == *t.bandwidth) continue;
    moves.push_back({t.slot, has_pod(unit) && t.slot == unit.root, *held, *t.bandwidth});
  }
  return moves;
}

/// A pod moves because of its containers: the reason is theirs, unless its owner's own value is put right.
Reason reason_of(const Context& c, const std::vector<Move>& moves, const Move& m, const Bandwidth& next) {
  const auto& owners = c.group(m.slot).own.put_right;
  if (owners && finite(next) == owners) {
    Reason why;
    why.because = Because::put_right;
    return why;
  }
  if (m.pod)
    for (const Move& other : moves)
      if (!other.pod) return c.standing(other.slot).why;
  return c.standing(m.slot).why;
}

void remember(const Context& c, const Move& m) {
  Standing& s = c.standing(m.slot);
  s.bandwidth_before = m.at;
  s.bandwidth_written = m.to;
  s.bandwidth_at = c.now.at;
}

void emit_bandwidth(const Context& c, std::vector<Move> moves, std::uint32_t& next_unit, std::vector<Write>& out) {
  if (moves.empty()) return;
  const std::uint32_t unit = next_unit++;
  for (const Move& m : moves) remember(c, m);
  for (const Step step : kSteps) {
    for (Move& m : moves) {
      const Bandwidth next = after(m, step);
      if (next == m.at) continue;
      out.push_back({m.slot, m.at, next, reason_of(c, moves, m, next), unit});
      ++c.standing(m.slot).writes;
      m.at = next;
    }
  }
}

enum class WeightPass { lower, raise };

/// A weight is a unit of its own: a refused one must not undo a lease.
void emit_weights(const Context& c, std::span<const Target> targets, WeightPass pass, std::uint32_t& next_unit,
                  const Unit& unit, std::vector<Write>& out) {
  for (const Target& t : targets) {
    if (!t.shares) continue;
    const Shares held = *c.group(t.slot).own.shares_in_force;
    const bool lowers = *t.shares < held;
    if (*t.shares == held || lowers != (pass == WeightPass::lower)) continue;
    if (!unit.forced && refused_lately(c, t.slot, *t.shares)) continue;
    Standing& s = c.standing(t.slot);
    s.shares_before = held;
    s.shares_written = *t.shares;
    s.shares_at = c.now.at;
    ++s.writes;
    out.push_back({t.slot, held, *t.shares, s.why_weight, next_unit++});
  }
}

}  // namespace

void emit_writes(const Context& c, const Unit& unit, std::span<const Target> targets, std::uint32_t& next_unit,
                 std::vector<Write>& out) {
  emit_weights(c, targets, WeightPass::lower, next_unit, unit, out);
  emit_bandwidth(c, moves_of(c, unit, targets), next_unit, out);
  emit_weights(c, targets, WeightPass::raise, next_unit, unit, out);
}

}  // namespace headroom::planning
