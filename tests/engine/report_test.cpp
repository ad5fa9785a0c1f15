#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/describe.hpp"
#include "engine/report.hpp"
#include "engine/tick.hpp"
#include "tests/engine/planner_support.hpp"

namespace headroom {
namespace {

using namespace test;
using testing::HasSubstr;

struct FixedPolicy final : Policy {
  std::vector<Lease> out;
  std::string_view name() const override { return "fixed"; }
  void decide(const Snapshot&, Desired&) override {}
  Reason explain(const Snapshot&, Slot) const override {
    Reason why;
    why.because = Because::refuse_idle;
    return why;
  }
  Terms terms(const Snapshot&, Slot) const override { return {}; }
  void save(ByteWriter&) const override {}
  bool load(ByteReader&) override { return true; }
  std::span<const Lease> leases() const override { return out; }
  std::vector<Credit> credits() const override { return {}; }
  void restore(std::span<const Credit>) override {}
  nanoseconds rhythm() const override { return nanoseconds{0}; }
};

/// A container of 0.5 core under a lease, used as told, read every 10 ms.
struct Ledgered : Loop {
  Slot a = node.container(0, "a", kStep, limited(50'000));
  Accounts accounts;

  void use(MilliCpu rate, nanoseconds time) {
    for (const TimePoint end = node.at + time; node.at < end;) {
      node.at += milliseconds{10};
      node.groups[a].usage += cpu_time(rate, milliseconds{10});
      node.groups[a].read_at = node.at;
      advance_accounts(node.snapshot(), state, accounts);
    }
  }
  void lend(std::int64_t cores) {
    desired.leases = {lease(a, cores)};
    step(milliseconds{0});
    node.groups[a].read_at = node.at;
    advance_accounts(node.snapshot(), state, accounts);
  }
};

TEST(Accounts, LentIsWhatWasUsedAboveTheOwnLimitWhileALeaseWasOut) {
  Ledgered l;
  l.use(MilliCpu{2000}, seconds{1});
  EXPECT_TRUE(l.accounts.by_slot.empty() || l.accounts.by_slot[l.a].lent_cpu.count() == 0);
  l.lend(2000);
  l.use(MilliCpu{2000}, seconds{1});
  l.lend(0);
  l.use(MilliCpu{2000}, seconds{1});
  EXPECT_EQ(l.accounts.by_slot[l.a].lent_cpu, milliseconds{1500});
}

TEST(Accounts, StallAvoidedIsTheRestOfEachPeriodAfterDryOut) {
  Ledgered l;
  l.lend(2000);
  l.use(MilliCpu{2000}, seconds{1});   // 50 ms of quota at 2 cores: dry after 25 ms of every 100
  l.lend(0);
  EXPECT_EQ(l.accounts.by_slot[l.a].stall_avoided, milliseconds{750});
}

TEST(Accounts, BelowTheOwnLimitNothingIsLentAndNothingAvoided) {
  Ledgered l;
  l.lend(2000);
  l.use(MilliCpu{490}, seconds{1});
  EXPECT_EQ(l.accounts.by_slot[l.a].lent_cpu.count(), 0);
  EXPECT_EQ(l.accounts.by_slot[l.a].stall_avoided.count(), 0);
}

TEST(Accounts, ALifeDoesNotInheritAnothersAccount) {
  Ledgered l;
  l.lend(2000);
  l.use(MilliCpu{2000}, seconds{1});
  l.node.restart(l.a, limited(50'000));
  l.desired.clear();
  l.step();
  advance_accounts(l.node.snapshot(), l.state, l.accounts);
  EXPECT_EQ(l.accounts.by_slot[l.a].lent_cpu.count(), 0);
}

TEST(Report, TellsWhatIsOutAndWhatIsLent) {
  Ledgered l;
  FixedPolicy policy;
  l.lend(2000);
  policy.out = {Lease{l.a, l.node.groups[l.a].id, LeaseKind::burst, Visibility::file, l.node.at - seconds{3},
                      l.node.at + seconds{2}, MilliCpu{2000}, {}}};
  const Report report =
      build_report(l.node.snapshot(), policy, l.state, l.rails, l.accounts, MilliCpu{1800});
  ASSERT_EQ(report.groups.size(), 1u);   // the root is nobody's
  const GroupReport& g = report.groups[0];
  ASSERT_TRUE(g.lease);
  EXPECT_EQ(g.lease->actuator, "file");
  EXPECT_EQ(g.lease->cores, MilliCpu{2000});
  EXPECT_EQ(g.lease->age, seconds{3});
  EXPECT_EQ(g.lease->ends_in, seconds{2});
  EXPECT_EQ(g.settings_writes, 1u);
  EXPECT_EQ(report.lent, MilliCpu{1500});
  EXPECT_EQ(report.lendable, MilliCpu{1800});
  EXPECT_EQ(g.base_limit, MilliCpu{500});
}

TEST(Report, TellsSinceWhenAGroupIsThrottledAndHowMuchOfItIsOfThisStretch) {
  Ledgered l;
  const FixedPolicy policy;
  const auto report = [&] { return build_report(l.node.snapshot(), policy, l.state, l.rails, l.accounts, {}).groups[0]; };
  l.node.groups[l.a].throttle = {50, 20, seconds{2}};
  EXPECT_FALSE(report().throttled_for);   // of before the first reading only the counters are known
  l.node.groups[l.a].throttled_since = l.node.at - seconds{30};
  l.node.groups[l.a].throttled_at = l.node.at - seconds{1};
  l.node.groups[l.a].throttle_before = {10, 5, seconds{1}};
  EXPECT_EQ(report().throttled_for, seconds{30});
  EXPECT_EQ(report().throttled_ago, seconds{1});
  EXPECT_EQ(report().stretch, (ThrottleCounters{40, 15, seconds{1}}));
}

TEST(Report, TellsWhatTheKernelWasFoundToDo) {
  Ledgered l;
  l.rails.can.rewrite_refills = false;
  l.rails.can.assumed = false;
  const Report report = build_report(l.node.snapshot(), FixedPolicy{}, l.state, l.rails, l.accounts, {});
  EXPECT_FALSE(report.kernel.rewrite_refills);
  EXPECT_FALSE(report.kernel.assumed);
}

TEST(Describe, EveryReasonHasASentenceOfItsOwn) {
  TestNode node;
  std::set<std::string> sentences;
  for (int b = 0; b <= static_cast<int>(Because::put_right); ++b) {
    Reason why;
    why.because = static_cast<Because>(b);
    EXPECT_TRUE(sentences.insert(describe(why, node.catalog, node.at)).second) << b;
  }
}

TEST(Describe, ShowsTheNumbersAndNamesTheNeighbour) {
  TestNode node;
  Reason why;
  why.because = Because::lend_predicted;
  why.asked = MilliCpu{2000};
  why.granted = MilliCpu{1250};
  why.rate = MilliCpu{1900};
  why.expires = node.at + milliseconds{12'300};
  const std::string text = describe(why, node.catalog, node.at);
  for (const char* part : {"2.00", "1.25", "1.90", "12.3 s"}) EXPECT_THAT(text, HasSubstr(part));
  const Slot db = node.container(0, "db", kLatency, unlimited());
  why.because = Because::revoke_harm;
  why.neighbour = db;
  node.catalog.groups[db]->ns = "shop";
  node.catalog.groups[db]->pod = "db-0";
  EXPECT_THAT(describe(why, node.catalog, node.at), HasSubstr("shop/db-0"));
}

TEST(NullSink, AnswersSuccessForEveryWriteAndRefill) {
  Ledgered l;
  Plan plan;
  plan.writes.push_back({l.a, limited(50'000), limited(200'000), {}, 0});
  plan.refills.push_back({l.a, {}});
  const auto outcomes = NullSink{}.apply(plan, l.node.catalog);
  ASSERT_EQ(outcomes.size(), 2u);
  for (const Outcome& o : outcomes) {
    EXPECT_FALSE(o.error);
    EXPECT_EQ(o.group_id, l.node.groups[l.a].id);
  }
  EXPECT_EQ(outcomes[0].to, Setting{limited(200'000)});
  EXPECT_EQ(outcomes[1].kind, WriteKind::refill);
}

}  // namespace
}  // namespace headroom
