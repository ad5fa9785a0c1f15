// One closed loop around make_plan: desires in, writes held against the kernel's rules, what is in force fed back.
#pragma once

#include <gtest/gtest.h>

#include "engine/planner.hpp"
#include "tests/engine/kernel_rules.hpp"
#include "tests/engine/node_builder.hpp"

namespace headroom::test {

inline Guardrails open_rails(int cores = 8) {
  Guardrails rails;
  rails.node_cores = MilliCpu{cores * 1000};
  rails.guard_up = true;
  rails.may_write = true;
  return rails;
}

inline LeaseWant lease(Slot slot, std::int64_t cores, LeaseKind kind = LeaseKind::burst,
                       Visibility seen = Visibility::automatic) {
  LeaseWant w;
  w.slot = slot;
  w.cores = MilliCpu{cores};
  w.kind = kind;
  w.visibility = seen;
  return w;
}
inline BurstWant burst(Slot slot, std::int64_t us) { return {slot, microseconds{us}, {}}; }
inline QuotaWant set(Slot slot, std::optional<microseconds> quota, std::optional<microseconds> burst = std::nullopt) {
  return {slot, quota, burst, {}};
}
inline WeightWant weight(Slot slot, int eighths) { return {slot, eighths, {}}; }

/// First law that the plan breaks when applied write by write; empty: none. Units in `refused` change nothing.
inline std::string apply(TestNode& node, const Plan& plan, Version version, const std::vector<std::uint32_t>& refused = {}) {
  KernelRules kernel(node.catalog, version);
  for (Slot s = 0; s < node.groups.size(); ++s) {
    kernel.set(s, *node.own(s).in_force);
    kernel.set(s, *node.own(s).shares_in_force);
  }
  for (const Write& w : plan.writes) {
    const std::string place = node.catalog.groups[w.slot]->path;
    if (w.from == w.to) return place + ": from == to";
    if (std::find(refused.begin(), refused.end(), w.unit) != refused.end()) continue;
    const bool bandwidth = std::holds_alternative<Bandwidth>(w.from);
    const Setting held = bandwidth ? Setting{kernel.bandwidth(w.slot)} : Setting{kernel.shares(w.slot)};
    if (held != w.from) return place + ": from is not what the file holds";
    if (const auto why = kernel.write(w.slot, w.to)) return place + ": " + *why;
  }
  for (Slot s = 0; s < node.groups.size(); ++s) {
    node.own(s).in_force = kernel.bandwidth(s);
    node.own(s).shares_in_force = kernel.shares(s);
  }
  return {};
}

struct Loop {
  TestNode node;
  Guardrails rails = open_rails();
  PlanState state;
  Desired desired;

  /// Plans and applies at once; expects every write to be legal on v1.
  Plan step(milliseconds later = milliseconds{10}) {
    node.at += later;
    Plan plan = make_plan(node.snapshot(), desired, rails, state);
    EXPECT_EQ(apply(node, plan, Version::v1), "");
    return plan;
  }
};

inline microseconds quota_of(const TestNode& node, Slot s) { return *node.groups[s].own.in_force->quota; }

}  // namespace headroom::test
