// Laws of every registered policy, whoever it is for, over drawn nodes that live. What a peer's law breaks is said on its
// page and left out here by name.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "tests/engine/random_node.hpp"
#include "tests/policies/peer_node.hpp"

namespace headroom::testing {
namespace {

constexpr nanoseconds kTick = milliseconds{100};

std::vector<std::string> every() {
  std::vector<std::string> names;
  for (const PolicyUse use : {PolicyUse::production, PolicyUse::lab})
    for (const auto name : policy_names(use)) names.emplace_back(name);
  return names;
}

/// With what it draws by lot.
std::unique_ptr<Policy> made(const std::string& name) {
  return name == "koordinator" ? policy(name, tuning({{"cfsQuotaBurstPeriodSeconds", "1"}})) : policy(name);
}

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

rc::Gen<bool> mostly() { return rc::gen::weightedElement<bool>({{8, true}, {1, false}}); }
rc::Gen<Drawn> drawn() {
  return rc::gen::build<Drawn>(rc::gen::set(&Drawn::rule, rc::gen::element(0U, kStep, kStep, kLatency, kExclusive, kBatch)),
                               rc::gen::set(&Drawn::limit, rc::gen::inRange<std::int64_t>(10, 500)),
                               rc::gen::set(&Drawn::finite, mostly()), rc::gen::set(&Drawn::certain, mostly()),
                               rc::gen::set(&Drawn::sane, mostly()));
}
rc::Gen<Doing> doing() {
  return rc::gen::build<Doing>(rc::gen::set(&Doing::rate, rc::gen::inRange<std::int64_t>(0, 900)), rc::gen::set(&Doing::throttled),
                               rc::gen::set(&Doing::fate, rc::gen::inRange(0, 40)));
}
rc::Gen<Story> stories() {
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

/// What is asked, by the group's life: kind, three numbers.
using Said = std::set<std::tuple<std::uint64_t, int, std::int64_t, std::int64_t>>;
Said said(const Desired& d, const std::vector<GroupState>& states) {
  Said out;
  const auto us = [](const std::optional<microseconds>& t) { return t ? t->count() : -1; };
  for (const auto& w : d.leases) out.insert({states[w.slot].id, 0, w.cores.value, 0});
  for (const auto& w : d.bursts) out.insert({states[w.slot].id, 1, w.burst.count(), 0});
  for (const auto& w : d.weights) out.insert({states[w.slot].id, 2, w.eighths, 0});
  for (const auto& w : d.quotas) out.insert({states[w.slot].id, 3, us(w.quota), us(w.burst)});
  return out;
}

/// Every tick of the story, lived, and looked at before the policy decides.
template <class Look>
void play(const Story& story, Look look) {
  World w(story);
  for (const Tick& tick : story.ticks) {
    w.suffer(tick);
    w.live(kTick);
    look(w);
    w.fresh.clear();
  }
}

RC_GTEST_PROP(EveryPolicy, SaysTheSameOfTheSameAndGoesOnFromItsSavedState, ()) {
  const Story story = *stories();
  for (const auto& name : every()) {
    auto one = made(name), two = made(name);
    play(story, [&](World& w) {
      Desired a, b;
      one->decide(w.snapshot(), a);
      two->decide(w.snapshot(), b);
      RC_ASSERT(said(a, w.states) == said(b, w.states));
      w.apply(a);
      ByteWriter bytes;
      bytes.base = w.now;
      two->save(bytes);
      two = made(name);
      ByteReader read(bytes.bytes());
      read.base = w.now;
      RC_ASSERT(two->load(read) && read.at_end());
    });
  }
}

/// The same node with its groups in other slots.
struct Moved {
  Catalog catalog;
  std::vector<GroupState> states;
  std::vector<Slot> fresh;
  Moved(const World& w, const std::vector<Slot>& to) : catalog(w.catalog), states(w.states.size()) {
    for (Slot s = 0; s < to.size(); ++s) {
      catalog.groups[to[s]] = w.catalog.groups[s];
      if (auto& g = catalog.groups[to[s]]; g && g->parent != kNoSlot) g->parent = to[g->parent];
      states[to[s]] = w.states[s];
    }
    for (const Slot s : w.fresh) fresh.push_back(to[s]);
    std::sort(fresh.begin(), fresh.end());
  }
};

RC_GTEST_PROP(EveryPolicy, DoesNotDependOnWhichSlotAGroupHas, ()) {
  const Story story = *stories();
  const auto seed = *rc::gen::arbitrary<unsigned>();
  for (const auto& name : every()) {
    auto one = made(name), two = made(name);
    std::vector<Slot> to;
    play(story, [&](World& w) {
      if (to.empty()) {
        for (Slot s = 0; s < w.states.size(); ++s) to.push_back(s);
        std::mt19937 random{seed};
        std::shuffle(to.begin(), to.end(), random);
      }
      const Moved m(w, to);
      Desired a, b;
      one->decide(w.snapshot(), a);
      two->decide({w.now, m.catalog, m.states, w.node, m.fresh, {}}, b);
      RC_ASSERT(said(a, w.states) == said(b, m.states));
      w.apply(a);
    });
  }
}

/// Slots are reused, groups come before their limits are known and go, reads fail: the real tick over a drawn node.
RC_GTEST_PROP(EveryPolicy, IsTotal, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  for (const auto& name : every()) {
    test::RandomNode node(seed);
    Engine engine = node.engine(name);
    for (int i = 0; i < 150; ++i) {
      const TickResult r = tick(node, node, engine);
      for (const QuotaWant& w : engine.desired.quotas) {
        const Group* g = r.snapshot.catalog.find(w.slot);
        RC_ASSERT(g != nullptr && r.snapshot.groups[w.slot].own.base && r.snapshot.groups[w.slot].own.base->quota);
        if (w.quota && w.burst) RC_ASSERT(*w.burst <= *w.quota);
        if (w.quota) RC_ASSERT(*w.quota >= milliseconds{1});
      }
    }
    const Catalog nothing;
    const NodeView blind;
    const Snapshot empty{node.catalog().groups.empty() ? TimePoint{} : TimePoint{seconds{5000}}, nothing, {}, blind, {}, {}};
    Desired none;
    engine.policy->decide(empty, none);
    RC_ASSERT(none.quotas.empty());
    for (Slot s = 0; s < 40; ++s) engine.policy->terms(empty, s), engine.policy->explain(empty, s);
  }
}

/// A policy after a long stretch of the same, with what it asked in force. With another stretch before it the node is large:
/// on a busy one quotaTurbo takes back what it gave by a tenth of a tenth at a time, for minutes.
enum class Past { none, other };
struct Settled {
  World w;
  std::unique_ptr<Policy> p;
  std::map<std::tuple<std::uint64_t, int>, std::tuple<std::int64_t, std::int64_t>> standing;

  Settled(const Story& story, const std::string& name, Past past) : w(story), p(policy(name)) {
    if (past == Past::other) w.catalog.cpus = w.node.cpus = 16;
    for (std::size_t kept = past == Past::other ? 2 : 1; kept-- > 0;) {
      for (std::size_t i = 0; i < w.slots.size(); ++i)
        w.work[w.slots[i]] = {MilliCpu{story.ticks[kept][i].rate}, story.ticks[kept][i].throttled};
      for (int i = 0; i < 200; ++i) changes();
    }
  }
  /// What one more tick asks that does not stand already. An exact value is said once; leases are repeated.
  Said changes() {
    Said out;
    const Desired d = w.tick(*p, kTick);
    for (const QuotaWant& want : d.quotas) out.insert({w.states[want.slot].id, 4, 0, 0});
    for (const auto& [id, kind, first, second] : said(d, w.states)) {
      auto& now = standing[{id, kind}];
      if (now != std::tuple(first, second)) out.insert({id, kind, first, second});
      now = {first, second};
    }
    return out;
  }
};

RC_GTEST_PROP(EveryPolicy, AsksForNothingNewWhileNothingChanges, ()) {
  const Story story = *stories();
  for (const auto& name : every())
    for (const Past past : {Past::none, Past::other}) {
      Settled settled(story, name, past);
      for (int i = 0; i < 30; ++i) RC_ASSERT(settled.changes().empty());
    }
}

RC_GTEST_PROP(EveryPolicy, DoesNotJumpWhenCountersBeginAgain, ()) {
  Story story = *rc::gen::suchThat(stories(), [](const Story& s) { return !s.containers.empty(); });
  for (Doing& d : story.ticks[0]) d.throttled = false;   // or it would be raised for that
  const auto who = *rc::gen::inRange<std::size_t>(0, story.containers.size());
  const auto which = *rc::gen::inRange(0, 3);
  for (const auto& name : every()) {
    Settled settled(story, name, Past::other);
    GroupState& g = settled.w.states[settled.w.slots[who]];
    if (which != 1) g.usage = {};
    if (which != 2) g.throttle = {};
    for (int i = 0; i < 80; ++i) RC_ASSERT(settled.changes().empty());
  }
}

RC_GTEST_PROP(EveryPolicy, BeginsAnotherLifeAtItsOwnersQuota, ()) {
  const Story story = *rc::gen::suchThat(stories(), [](const Story& s) { return !s.containers.empty(); });
  const auto who = *rc::gen::inRange<std::size_t>(0, story.containers.size());
  for (const auto& name : every()) {
    Settled settled(story, name, Past::other);
    const Slot slot = settled.w.slots[who];
    settled.w.work[slot] = {};
    settled.w.recreate(slot);
    const Desired d = settled.w.tick(*settled.p, kTick);
    if (const QuotaWant* want = quota_for_slot(d, slot)) RC_ASSERT(!want->quota);
    RC_ASSERT(want_for(d, slot) == nullptr);
  }
}

/// Quotas that are asked exactly; leases have a law of their own (headroom_law_test.cpp). Not Captain (C12a, C12b of its
/// vectors) and not quotaTurbo (its page): theirs break it.
RC_GTEST_PROP(EveryPolicy, AsksNoLessForWhoIsThrottled, ()) {
  const Story story = *rc::gen::suchThat(stories(), [](const Story& s) { return !s.containers.empty(); });
  const auto who = *rc::gen::inRange<std::size_t>(0, story.containers.size());
  for (const auto& name : every()) {
    if (name == "captain" || name == "quota_turbo") continue;
    const auto quota = [&](bool throttled) {
      Settled settled(story, name, Past::other);
      const Slot slot = settled.w.slots[who];
      settled.w.work[slot].throttled = throttled;
      for (int i = 0; i < 30; ++i) settled.changes();
      const auto& held = settled.w.states[slot].own.in_force;
      return held && held->quota ? held->quota->count() : 0;
    };
    RC_ASSERT(quota(true) >= quota(false));
  }
}

}  // namespace
}  // namespace headroom::testing
