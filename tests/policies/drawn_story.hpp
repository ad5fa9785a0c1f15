// A drawn node and what happens to its containers, tick by tick. Include gtest before.
#pragma once

#include <rapidcheck.h>

#include <utility>

#include "tests/policies/peer_node.hpp"

namespace headroom::testing {

struct Drawn {
  std::uint32_t rule = kStep;
  std::int64_t limit = 500;
  bool finite = true, certain = true, sane = true;   ///< sane: its file holds what a kernel would take
};
struct Doing {
  std::int64_t rate = 0;
  bool throttled = false;
  int fate = 9;   ///< 0: another life, 1: its counters begin again, 2: gone or back, 3: its owner's limit moves; else none
};
using Tick = std::vector<Doing>;
struct Story {
  std::vector<Drawn> containers;
  std::vector<Tick> ticks;
  std::int64_t others = 0;
};

inline rc::Gen<bool> mostly() { return rc::gen::weightedElement<bool>({{8, true}, {1, false}}); }
inline rc::Gen<Drawn> drawn() {
  return rc::gen::build<Drawn>(rc::gen::set(&Drawn::rule, rc::gen::element(0U, kStep, kStep, kLatency, kExclusive, kBatch)),
                               rc::gen::set(&Drawn::limit, rc::gen::inRange<std::int64_t>(10, 500)),
                               rc::gen::set(&Drawn::finite, mostly()), rc::gen::set(&Drawn::certain, mostly()),
                               rc::gen::set(&Drawn::sane, mostly()));
}
inline rc::Gen<Doing> doing() {
  return rc::gen::build<Doing>(rc::gen::set(&Doing::rate, rc::gen::inRange<std::int64_t>(0, 900)), rc::gen::set(&Doing::throttled),
                               rc::gen::set(&Doing::fate, rc::gen::inRange(0, 40)));
}
inline rc::Gen<Story> stories() {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, 5), [](std::size_t groups) {
    return rc::gen::build<Story>(
        rc::gen::set(&Story::containers, rc::gen::container<std::vector<Drawn>>(groups, drawn())),
        rc::gen::set(&Story::ticks, rc::gen::container<std::vector<Tick>>(40, rc::gen::container<Tick>(groups, doing()))),
        rc::gen::set(&Story::others, rc::gen::inRange<std::int64_t>(0, 1500)));
  });
}

struct World : PeerNode {
  std::vector<Slot> slots;
  std::vector<std::optional<Group>> away;

  explicit World(const Story& story) {
    others = MilliCpu{story.others};
    node.cpu_busy = {MilliCpu{300}, MilliCpu{600}};
    for (const Drawn& d : story.containers) {
      const Slot s = pod("p" + std::to_string(slots.size()), d.rule, d.finite ? std::optional{MilliCpu{d.limit}} : std::nullopt);
      states[s].own.certain = d.certain;
      if (!d.sane) states[s].own.base = states[s].own.in_force = Bandwidth{microseconds{0}, microseconds{0}, microseconds{0}};
      slots.push_back(s);
    }
    away.resize(slots.size());
  }
  void suffer(const Tick& tick) {
    for (std::size_t i = 0; i < slots.size() && i < tick.size(); ++i) {
      work[slots[i]] = {MilliCpu{tick[i].rate}, tick[i].throttled};
      meet_fate(i, tick[i].fate);
    }
  }

 private:
  void meet_fate(std::size_t i, int fate) {
    const Slot s = slots[i];
    const bool here = catalog.groups[s].has_value();
    if (here && fate == 0) recreate(s);
    if (here && fate == 1) states[s].usage = {}, states[s].throttle = {};
    if (const auto limit = limit_of(*states[s].own.base); here && fate == 3 && limit) own(s, MilliCpu{50 + limit->value / 2});
    if (fate != 2) return;
    ++catalog.generation;
    if (here) {
      away[i] = std::exchange(catalog.groups[s], std::nullopt);
      const std::optional<Bandwidth> base = states[s].own.base;
      states[s] = {};
      states[s].own.base = base;   // for its return
    } else {
      catalog.groups[s] = std::exchange(away[i], std::nullopt);
      recreate(s);
    }
  }
};

}  // namespace headroom::testing
