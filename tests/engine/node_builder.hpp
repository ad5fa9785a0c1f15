// Builds catalogs and snapshots by hand, without the model.
#pragma once

#include "metrics/model/snapshot.hpp"

namespace headroom::test {

constexpr std::uint32_t kNone = 0, kStep = 1, kControl = 2, kBestEffort = 3, kLatency = 4, kHiddenStep = 5;

inline Bandwidth limited(std::int64_t quota_us, std::int64_t period_us = 100'000) {
  return {microseconds{quota_us}, microseconds{period_us}, microseconds{0}};
}
inline Bandwidth unlimited() { return {std::nullopt, microseconds{100'000}, microseconds{0}}; }

struct TestNode {
  Catalog catalog;
  std::vector<GroupState> groups;
  NodeView view;
  std::vector<Slot> fresh, touched;
  TimePoint at{seconds{1000}};
  std::uint64_t next_id = 1;

  TestNode() {
    catalog.rules.resize(6);
    catalog.rules[kStep] = {"step", QosClass::step, BorrowRule{}, WeightRule::automatic};
    catalog.rules[kControl] = {"control", QosClass::control, BorrowRule{}, WeightRule::automatic};
    catalog.rules[kBestEffort] = {"be", QosClass::be, std::nullopt, WeightRule::automatic};
    catalog.rules[kLatency] = {"ls", QosClass::ls, std::nullopt, WeightRule::automatic};
    catalog.rules[kHiddenStep] = {"hidden", QosClass::step, BorrowRule{}, WeightRule::automatic};
    catalog.rules[kHiddenStep].borrow->visibility = Visibility::hidden;
    add(kNoSlot, "", GroupKind::other, kNone, unlimited());
  }

  Slot add(Slot parent, std::string path, GroupKind kind, std::uint32_t rule, const Bandwidth& base) {
    const auto slot = static_cast<Slot>(catalog.groups.size());
    Group g;
    g.id = next_id++;
    g.path = std::move(path);
    g.parent = parent;
    g.rule = rule;
    g.identity.kind = kind;
    g.first_seen = at;
    catalog.groups.emplace_back(std::move(g));
    ++catalog.generation;
    groups.emplace_back();
    restart(slot, base);
    groups[slot].id = catalog.groups[slot]->id;
    return slot;
  }
  Slot pod(Slot parent, const std::string& name, const Bandwidth& base) {
    return add(parent, "kubepods/" + name, GroupKind::pod, kNone, base);
  }
  Slot container(Slot parent, const std::string& name, std::uint32_t rule, const Bandwidth& base) {
    return add(parent, catalog.groups[parent]->path + "/" + name, GroupKind::container, rule, base);
  }

  /// The group begins (again) with its owner's values and a new id.
  void restart(Slot slot, const Bandwidth& base) {
    GroupState g;
    g.id = catalog.groups[slot]->id = next_id++;
    ++catalog.generation;
    g.own.base = g.own.in_force = base;
    g.own.base_shares = g.own.shares_in_force = Shares{1024};
    g.own.certain = true;
    g.period_left = base.period;
    g.counted = catalog.groups[slot]->identity.kind == GroupKind::container;
    groups[slot] = g;
  }

  Ownership& own(Slot s) { return groups[s].own; }
  Snapshot snapshot() const { return {at, catalog, groups, view, fresh, touched}; }
};

}  // namespace headroom::test
