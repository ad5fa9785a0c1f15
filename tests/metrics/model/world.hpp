// A small node for the model's tests: a catalog, a clock, and ticks from one line each.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>

#include "metrics/model/advance.hpp"
#include "metrics/model/lendable.hpp"

namespace headroom::test {

using std::chrono::minutes;

inline TimePoint at_ms(std::int64_t ms) { return TimePoint{milliseconds{ms}}; }
inline Bandwidth quota_ms(std::int64_t quota, std::int64_t burst = 0) {
  return {microseconds{quota * 1000}, microseconds{100'000}, microseconds{burst * 1000}};
}
inline Bandwidth unlimited() { return {std::nullopt, microseconds{100'000}, microseconds{0}}; }

struct World {
  Catalog catalog;
  ModelState state;
  Sample next;
  std::int64_t ms = 10'000;
  std::uint64_t ids = 0;

  explicit World(ModelParams params = {}) : state(params) {
    catalog.cpus = 2;
    catalog.rules = {ClassRule{}, rule("step", QosClass::step), rule("be", QosClass::be),
                     rule("system", QosClass::system)};
    catalog.rules[1].borrow = BorrowRule{};
    add(GroupKind::other, kNoSlot, 0, "");
  }
  static ClassRule rule(const char* name, QosClass qos) {
    ClassRule r;
    r.name = name;
    r.qos = qos;
    return r;
  }
  Slot add(GroupKind kind, Slot parent, std::uint32_t rule_index, std::string path) {
    Group g;
    g.id = ++ids;
    g.path = std::move(path);
    g.parent = parent;
    g.identity.kind = kind;
    g.rule = rule_index;
    g.cpus.set(0).set(1);
    catalog.groups.push_back(g);
    ++catalog.generation;
    return static_cast<Slot>(catalog.groups.size() - 1);
  }
  Slot pod() { return add(GroupKind::pod, 0, 0, "pod"); }
  Slot container(Slot pod_slot, std::uint32_t rule_index) {
    return add(GroupKind::container, pod_slot, rule_index, "c");
  }

  Reading& read(Slot slot) {
    next.readings.push_back(Reading{});
    next.readings.back().slot = slot;
    next.readings.back().at = at_ms(ms);
    return next.readings.back();
  }
  void use(Slot slot, nanoseconds usage) { read(slot).usage = usage; }
  void file(Slot slot, Bandwidth b) { read(slot).bandwidth = b; }
  void event(Slot slot, FileEvent::What what, FileEvent::File file = FileEvent::File::bandwidth, bool reload = false) {
    next.events.push_back({slot, catalog.groups[slot]->id, file, what, at_ms(ms), reload});
  }
  void wrote(Slot slot, Setting to) {
    Outcome o;
    o.slot = slot;
    o.group_id = catalog.groups[slot]->id;
    o.to = to;
    o.at = at_ms(ms);
    next.outcomes.push_back(o);
  }
  void node(nanoseconds usage) {
    next.node = NodeReading{};
    next.node->at = at_ms(ms);
    next.node->usage = usage;
  }
  Snapshot tick() {
    next.at = at_ms(ms);
    const Sample sample = std::move(next);
    next = Sample{};
    return advance(state, sample, catalog);
  }
  /// Two agreeing readings 6 ms apart.
  void settle(std::initializer_list<std::pair<Slot, Bandwidth>> files) {
    for (int i = 0; i < 2; ++i, ms += 6) {
      for (const auto& [slot, b] : files) file(slot, b);
      tick();
    }
  }
};

}  // namespace headroom::test
