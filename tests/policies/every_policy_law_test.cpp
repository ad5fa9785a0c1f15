// Laws of every registered policy, whoever it is for, over drawn nodes that live. What a peer's law breaks is said on its
// page and left out here by name.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "tests/engine/random_node.hpp"
#include "tests/policies/drawn_story.hpp"

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

/// What is asked, by the group's life: kind, two numbers.
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
  /// What one more tick asks that does not stand already.
  Said changes() {
    Said out;
    const Desired d = w.tick(*p, kTick);
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
    if (name == "harmful") continue;   // that is what it is for
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
