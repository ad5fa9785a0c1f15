#include "engine/accounts.hpp"

#include <algorithm>

namespace headroom {
namespace {

void close(const GroupState& g, Account& a) {
  AccountWindow& w = a.window;
  const Bandwidth& base = *g.own.base;
  const nanoseconds wall = w.last - w.began;
  const nanoseconds own = cpu_time(*limit_of(base), wall);
  a.lent_cpu += std::max(nanoseconds{0}, w.usage_last - w.usage_began - own);
  const nanoseconds period = std::min<nanoseconds>(base.period, wall);
  if (w.dry_after.count() > 0) a.stall_avoided += std::max(nanoseconds{0}, period - w.dry_after);
  w = AccountWindow{};
}

void open(const GroupState& g, AccountWindow& w) {
  w = AccountWindow{};
  w.began = w.last = g.read_at;
  w.usage_began = w.usage_last = g.usage;
}

/// Where between two readings the quota was used up, on the straight line between them.
void note_dry_out(const GroupState& g, AccountWindow& w) {
  const nanoseconds quota{*g.own.base->quota};
  const nanoseconds before = w.usage_last - w.usage_began, after = g.usage - w.usage_began;
  if (w.dry_after.count() > 0 || after <= quota) return;
  const nanoseconds step = g.read_at - w.last;
  const std::int64_t part = (quota - before) / microseconds{1},
                     whole = std::max<std::int64_t>(1, (after - before) / microseconds{1});
  w.dry_after = w.last - w.began + step / 1000 * (std::clamp<std::int64_t>(part, 0, whole) * 1000 / whole);
}

void read(const GroupState& g, Account& a) {
  AccountWindow& w = a.window;
  if (w.began.time_since_epoch().count() == 0) return open(g, w);
  if (g.read_at <= w.last) return;
  note_dry_out(g, w);
  w.last = g.read_at;
  w.usage_last = g.usage;
  if (w.last - w.began < g.own.base->period) return;
  close(g, a);
  open(g, w);
}

bool finite_base(const GroupState& g) { return g.own.base && g.own.base->quota; }

}  // namespace

void advance_accounts(const Snapshot& snapshot, const PlanState& plans, Accounts& accounts) {
  if (accounts.by_slot.size() < snapshot.groups.size()) accounts.by_slot.resize(snapshot.groups.size());
  for (const Slot slot : plans.active)
    if (has_lease(plans, slot) && std::find(accounts.open.begin(), accounts.open.end(), slot) == accounts.open.end())
      accounts.open.push_back(slot);
  std::erase_if(accounts.open, [&](Slot slot) {
    if (slot >= snapshot.groups.size()) return true;
    const GroupState& g = snapshot.groups[slot];
    Account& a = accounts.by_slot[slot];
    if (a.id != g.id) {
      a = Account{};
      a.id = g.id;
    }
    const bool leased = g.id != 0 && has_lease(plans, slot) && finite_base(g);
    if (finite_base(g)) read(g, a);
    if (leased) return false;
    if (finite_base(g) && a.window.began.time_since_epoch().count() != 0) close(g, a);
    a.window = AccountWindow{};
    return true;
  });
}

}  // namespace headroom
