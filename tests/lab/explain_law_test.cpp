// Laws of every explanation, over drawn nodes that live: its sums are those of the model's state, the change that it names
// does what it says, and it is the same whether the daemon or a journal is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "lab/replay.hpp"
#include "tests/engine/random_node.hpp"

namespace headroom::lab {
namespace {

using testing::HasSubstr;

/// What a run of drawn nodes came across.
struct Seen {
  std::map<Because, int> refused;
  std::set<ChangeKind> changes;
  std::map<Bound, int> bounds;
  int leases = 0, of_this_tick = 0;
};

/// Calls `look` with every container's explanation at every seventh tick of a node of that seed.
template <class Look>
void run(std::uint64_t seed, const std::string& policy, Look look) {
  test::RandomNode node(seed);
  Engine engine = node.engine(policy);
  for (std::uint64_t number = 1; number <= 300; ++number) {
    if (node.percent(1)) engine.rails.off = !engine.rails.off;
    if (node.percent(1)) engine.rails.guard_up = !engine.rails.guard_up;
    const TickResult r = tick(node, node, engine);
    if (number % 7 != 0) continue;
    for (Slot s = 0; s < r.snapshot.groups.size(); ++s) {
      const Group* g = r.snapshot.catalog.find(s);
      if (g == nullptr || g->identity.kind != GroupKind::container) continue;
      look(r.snapshot, engine, explain_fully(r.snapshot, *engine.policy, engine.plans, engine.rails, number, s));
    }
  }
}

TEST(ExplainLaw, ArithmeticAddsUpWhenMadeAnewAndTheNamedChangeDoesWhatItSays) {
  Seen seen;
  for (std::uint64_t seed = 1; seed <= 80; ++seed)
    run(seed, "headroom", [&](const Snapshot& now, const Engine& engine, const Explanation& e) {
      const std::string where = fmt::format("seed {}, tick {}, slot {}\n{}", seed, e.tick, e.slot, explain_text(e, now.catalog));
      ASSERT_EQ(check_arithmetic(e, now), "") << where;
      EXPECT_EQ(e.borrows, has_lease(engine.plans, e.slot)) << where;
      if (e.borrows) {
        ++seen.leases;
        ++seen.bounds[e.bound];
        seen.of_this_tick += e.of_this_tick;
        return;
      }
      ++seen.refused[e.why.because];
      seen.changes.insert(e.change.kind);
      ASSERT_EQ(check_changes(e, now, *engine.policy, engine.plans, engine.rails), "") << where;
    });
  EXPECT_GT(seen.leases, 200);
  EXPECT_GT(seen.of_this_tick, 100);
  EXPECT_GE(seen.bounds.size(), 4u);
  EXPECT_GE(seen.refused.size(), 8u) << "the drawn nodes have to be refused for many reasons";
  EXPECT_GE(seen.changes.size(), 8u);
}

TEST(ExplainLaw, WhatIsRefusedByThePolicyThatOnlyWatchesIsToldSo) {
  run(1, "static", [&](const Snapshot& now, const Engine& engine, const Explanation& e) {
    EXPECT_FALSE(e.borrows);
    if (now.catalog.find(e.slot)->infrastructure || engine.rails.off) return;
    EXPECT_EQ(e.change.kind, ChangeKind::policy);
    EXPECT_EQ(check_changes(e, now, *engine.policy, engine.plans, engine.rails), "");
  });
}

/// koordlet's next quota, made anew from what is told of it: down on overload or without tokens, up where it was throttled while
/// the pool is idle, base where its strategy raises none; then its bounds.
std::int64_t next_us(const koordlet::Decision& d) {
  const bool raises = d.config.policy == koordlet::BurstPolicy::automatic || d.config.policy == koordlet::BurstPolicy::cfs_quota_burst_only;
  const double threshold = static_cast<double>(d.config.share_pool_percent) / 100, ratio = d.pool ? d.pool->used / d.pool->total : 0;
  const bool overload = d.pool && ratio >= threshold, idle = d.pool && ratio < 0.9 * threshold;
  const bool throttled = d.since && d.since->throttled_periods > 0;
  double factor = 1;
  if (!d.limiter_allows || overload) factor = 0.8;
  else if (throttled && idle) factor = 1.2;
  const auto moved = raises ? static_cast<std::int64_t>(static_cast<double>(d.current) * factor) : d.base;
  return std::max(d.base, std::min(moved, std::max(d.base, d.base * d.config.quota_burst_percent / 100)));
}

TEST(ExplainLaw, WhatKoordinatorDecidedIsToldWithItsOwnArithmetic) {
  std::map<koordlet::Operation, int> operations;
  int refused = 0, raised = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed)
    run(seed, "koordinator", [&](const Snapshot& now, const Engine& engine, const Explanation& e) {
      const std::string text = explain_text(e, now.catalog), head = text.substr(0, text.find('\n'));
      EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 24) << text;
      EXPECT_THAT(text, testing::Not(HasSubstr("lendable"))) << "that is no matter to it";
      if (!e.by_law) {
        ++refused;
        EXPECT_THAT(head, HasSubstr(" does not borrow: ")) << text;
        EXPECT_EQ(check_changes(e, now, *engine.policy, engine.plans, engine.rails), "") << text;
        return;
      }
      EXPECT_THAT(head, HasSubstr("policy koordinator decides")) << text;
      EXPECT_THAT(text, HasSubstr("to change"));
      const auto& held = now.groups[e.slot].own.in_force;
      EXPECT_EQ(e.in_all, limit_of(*held)) << text;
      raised += e.in_all > e.limit;
      EXPECT_EQ(head.find("raised") != std::string::npos, e.in_all > e.limit) << text;
      if (!e.law) return;   // its first cycle is still to come
      ++operations[e.law->operation];
      EXPECT_EQ(e.law->target, next_us(*e.law)) << text;
      EXPECT_THAT(text, HasSubstr(fmt::format("quota      {} us = max(base {}, min(", e.law->target, e.law->base)));
    });
  EXPECT_GT(refused, 50);
  EXPECT_GT(raised, 10);
  EXPECT_GE(operations.size(), 3u);
}

TEST(ExplainLaw, TheContractsBudgetIsToldWithItsWindow) {
  test::RandomNode node(3);
  Engine engine = node.engine();
  engine.model.params.contract_window = seconds{600};
  for (std::uint64_t number = 1; number <= 30; ++number) {
    const TickResult r = tick(node, node, engine);
    for (Slot s = 1; s < r.snapshot.groups.size(); ++s) {
      if (r.snapshot.catalog.find(s) == nullptr) continue;
      const Explanation e = explain(r.snapshot, *engine.policy, engine.plans, engine.rails, number, s);
      EXPECT_EQ(e.allowed_per, seconds{600});
      EXPECT_EQ(e.allowed, seconds{6});
      EXPECT_THAT(explain_text(e, r.snapshot.catalog), HasSubstr("6.0 s in 600 s are allowed each"));
    }
  }
}

TEST(ExplainLaw, AJournalExplainsAsTheDaemonDid) {
  for (std::uint64_t seed = 50; seed < 55; ++seed) {
    test::RandomNode node(seed);
    Engine engine = node.engine();
    JournalEncoder encoder;
    std::string journal(kJournalMagic);
    std::map<std::uint64_t, std::vector<std::string>> told;
    const auto tell = [](const Snapshot& now, const Engine& by, std::uint64_t number) {
      std::vector<std::string> out;
      for (Slot s = 0; s < now.groups.size(); ++s)
        if (now.catalog.find(s)) out.push_back(explain_json(explain_fully(now, *by.policy, by.plans, by.rails, number, s), now.catalog));
      return out;
    };
    for (std::uint64_t number = 1; number <= 200; ++number) {
      const TickResult r = tick(node, node, engine);
      if (number == 1) encoder.checkpoint(number, r.snapshot.at, engine, r.snapshot.catalog, journal);
      else encoder.tick(number, r.sample, r.snapshot.catalog, engine.rails, r.plan, journal);
      if (number % 10 == 0) told[number] = tell(r.snapshot, engine, number);
    }
    Replay replay({journal});
    while (const Replay::Tick* t = replay.next()) {
      if (told.contains(t->number)) {
        EXPECT_EQ(tell(t->snapshot, *replay.engine(), t->number), told[t->number]) << "seed " << seed << ", tick " << t->number;
      }
    }
    EXPECT_EQ(replay.count().agreeing, 199u);
  }
}

TEST(ExplainLaw, ItFitsOneScreenAndBeginsWithTheDecision) {
  int told = 0;
  run(8, "headroom", [&](const Snapshot& now, const Engine&, const Explanation& e) {
    const std::string text = explain_text(e, now.catalog);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 24) << text;
    EXPECT_THAT(text.substr(0, text.find('\n')), HasSubstr(e.borrows ? " borrows " : " does not borrow"));
    EXPECT_THAT(text, HasSubstr("undo"));
    EXPECT_THAT(text, HasSubstr(e.borrows ? "bound" : "to change"));
    ++told;
  });
  EXPECT_GT(told, 50);
}

}  // namespace
}  // namespace headroom::lab
