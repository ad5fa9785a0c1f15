// A node of two CPUs built by hand: a Kubernetes tree with steps, neighbours and what the model would say of them.
#pragma once

#include <deque>
#include <string>

#include "policies/policy.hpp"

namespace headroom::testing {

class SmallNode {
 public:
  SmallNode() {
    catalog.cpus = 2;
    catalog.rules.push_back({"step", QosClass::step, BorrowRule{}, WeightRule::automatic});
    catalog.rules.push_back({"latency", QosClass::ls, std::nullopt, WeightRule::automatic});
    root = add("", kNoSlot, GroupKind::other, 0);
    burstable = add("kubepods/burstable", add("kubepods", root, GroupKind::qos, 0), GroupKind::qos, 0);
    node.cpus = 2;
    node.state = LoadState::normal;
    node.target = MilliCpu{1900};
    node.judge = Judge::pressure;
    now = TimePoint{seconds{1000}};
  }

  Slot add(const std::string& path, Slot parent, GroupKind kind, std::uint32_t rule) {
    Group g;
    g.id = ++last_id;
    g.path = path;
    g.parent = parent;
    g.identity.kind = kind;
    g.rule = rule;
    g.first_seen = TimePoint{seconds{1}};   // long ago: no start lease
    for (int c = 0; c < 2; ++c) g.cpus.set(static_cast<std::size_t>(c));
    catalog.groups.emplace_back(g);
    states.emplace_back();
    states.back().id = g.id;
    return static_cast<Slot>(catalog.groups.size() - 1);
  }

  /// A pod with one container. @return the container; its pod is its parent.
  Slot pod(const std::string& uid, std::uint32_t rule, std::optional<MilliCpu> limit, Slot qos = kNoSlot) {
    const Slot p = add("kubepods/burstable/pod" + uid, qos == kNoSlot ? burstable : qos, GroupKind::pod, 0);
    catalog.groups[p]->identity.pod_uid = uid;
    const Slot c = add(catalog.groups[p]->path + "/c", p, GroupKind::container, rule);
    catalog.groups[c]->identity.pod_uid = uid;
    for (const Slot s : {p, c}) own(s, limit);
    return c;
  }

  void own(Slot s, std::optional<MilliCpu> limit) {
    Bandwidth b;
    if (limit) b.quota = quota_for(*limit, b.period);
    states[s].own.base = states[s].own.in_force = b;
    states[s].own.base_shares = states[s].own.shares_in_force = Shares{256};
    states[s].own.certain = true;
  }

  /// The container runs at `rate` and has used `used` of the present period.
  void run(Slot s, MilliCpu rate, milliseconds used) {
    GroupState& g = states[s];
    g.rate = g.use_100ms = g.use_1s = rate;
    g.used_in_period = used;
    g.period_left = milliseconds{100} - used;
    read(s);
  }
  void read(Slot s) {
    states[s].read_at = now;
    fresh.push_back(s);
  }

  Desired decide(Policy& policy) {
    Desired out;
    policy.decide(snapshot(), out);
    fresh.clear();
    return out;
  }
  Snapshot snapshot() const { return {now, catalog, states, node, fresh, {}}; }
  void pass(nanoseconds t) {
    now += t;
    node.at = now;
  }

  Catalog catalog;
  std::vector<GroupState> states;
  NodeView node;
  std::vector<Slot> fresh;
  TimePoint now;
  Slot root = kNoSlot, burstable = kNoSlot;
  std::uint64_t last_id = 0;
};

inline const LeaseWant* want_for(const Desired& d, Slot slot) {
  for (const auto& w : d.leases)
    if (w.slot == slot) return &w;
  return nullptr;
}

inline std::unique_ptr<Policy> policy(std::string_view name, const Node& tuning = {}) {
  Faults faults;
  auto made = make_policy(name, tuning, faults);
  return made;
}

}  // namespace headroom::testing
