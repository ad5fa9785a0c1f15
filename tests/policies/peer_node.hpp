// A small node that lives: its containers work, are throttled, and what a policy asks for is in force at the next tick.
#pragma once

#include <map>

#include "tests/policies/small_node.hpp"

namespace headroom::testing {

constexpr std::uint32_t kStep = 1, kLatency = 2, kExclusive = 3, kBatch = 4;

class PeerNode : public SmallNode {
 public:
  struct Work {
    MilliCpu rate;
    bool throttled = false;   ///< in every second period that elapses, for a tenth of it and longer the more it runs
  };

  PeerNode() {
    catalog.rules.push_back({"exclusive", QosClass::lsr, std::nullopt, WeightRule::automatic});
    catalog.rules.push_back({"batch", QosClass::be, std::nullopt, WeightRule::automatic});
    node.usage = seconds{100};
  }

  /// Time passes, everybody is read, the policy decides.
  Desired tick(Policy& policy, nanoseconds dt) {
    live(dt);
    Desired d = decide(policy);
    if (writes) apply(d);
    return d;
  }

  void live(nanoseconds dt) {
    pass(dt);
    node.usage += cpu_time(others, dt);
    for (Slot s = 0; s < states.size(); ++s) {
      if (!catalog.groups[s] || catalog.groups[s]->identity.kind != GroupKind::container) continue;
      const Work& w = work[s];
      GroupState& g = states[s];
      const nanoseconds used = cpu_time(w.rate, dt);
      g.counted = true;
      g.usage += used;
      node.usage += used;
      g.rate = g.use_100ms = g.use_1s = w.rate;
      count(g, w, dt);
      read(s);
    }
  }

  /// What a planner that is asked for nothing illegal makes of it.
  void apply(const Desired& d) {
    for (const QuotaWant& want : d.quotas) {
      const Bandwidth& base = *states[want.slot].own.base;
      states[want.slot].own.in_force = {want.quota ? want.quota : base.quota, base.period, want.burst.value_or(base.burst)};
    }
  }

  /// Another life in the same slot, with the same limit.
  void recreate(Slot s) {
    const std::optional<MilliCpu> limit = limit_of(*states[s].own.base);
    states[s] = {};
    states[s].id = catalog.groups[s]->id = ++last_id;
    own(s, limit);
    ++catalog.generation;
  }

  std::map<Slot, Work> work;
  MilliCpu others;            ///< used by nobody that is looked at
  bool writes = true;         ///< what is asked comes into force

 private:
  static void count(GroupState& g, const Work& w, nanoseconds dt) {
    const nanoseconds period = g.own.base ? nanoseconds{g.own.base->period} : nanoseconds{milliseconds{100}};
    const auto periods = period.count() > 0 ? static_cast<std::uint64_t>(dt / period) : 0;
    g.throttle.periods += periods;
    if (!w.throttled) return;
    g.throttle.throttled_periods += (periods + 1) / 2;
    g.throttle.throttled_time += (period / 10 + microseconds{w.rate.value}) * static_cast<std::int64_t>((periods + 1) / 2);
  }
};

inline const QuotaWant* quota_for_slot(const Desired& d, Slot slot) {
  for (const auto& w : d.quotas)
    if (w.slot == slot) return &w;
  return nullptr;
}

/// In us; what is in force there.
inline std::int64_t quota_of(const SmallNode& node, Slot slot) { return node.states[slot].own.in_force->quota->count(); }
inline std::int64_t burst_of(const SmallNode& node, Slot slot) { return node.states[slot].own.in_force->burst.count(); }

inline Node tuning(std::initializer_list<std::pair<const char*, const char*>> values) {
  Node out;
  for (const auto& [name, value] : values) out.values[name] = {value, std::string("tuning.") + name};
  return out;
}

}  // namespace headroom::testing
