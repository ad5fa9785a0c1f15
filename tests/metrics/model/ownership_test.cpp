#include "tests/metrics/model/world.hpp"

namespace headroom::test {
namespace {

using What = FileEvent::What;
using File = FileEvent::File;

struct Owned : ::testing::Test {
  World w;
  Slot pod = w.pod(), a = w.container(pod, 1), b = w.container(pod, 1), stranger = w.container(w.pod(), 1);
  void SetUp() override {
    w.settle({{a, quota_ms(50)}, {b, quota_ms(30)}, {pod, quota_ms(80)}, {stranger, quota_ms(20)}});
    w.settle({{pod, quota_ms(80)}});
  }
  const Ownership& own(Slot s) { return w.tick().groups[s].own; }
  void lend(Slot s, Bandwidth to) {
    w.wrote(s, to);
    w.tick();
    w.ms += 10;
  }
  void foreign(Slot s, Bandwidth seen) {
    w.event(s, What::changed);
    w.file(s, seen);
  }
};

TEST(Base, IsCertainWhenAReReadFiveMillisecondsLaterAgrees) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  const auto tell = [&](int after, Bandwidth b) {
    w.ms += after;
    w.file(s, b);
    return w.tick().groups[s].own;
  };
  EXPECT_FALSE(tell(0, unlimited()).certain);
  EXPECT_FALSE(tell(20, unlimited()).certain) << "no quota: not eligible yet";
  EXPECT_FALSE(tell(20, quota_ms(50)).certain);
  EXPECT_FALSE(tell(4, quota_ms(50)).certain) << "too early";
  const Ownership own = tell(2, quota_ms(50));
  EXPECT_TRUE(own.certain);
  EXPECT_EQ(own.base, quota_ms(50));
  EXPECT_EQ(own.certain_since, at_ms(w.ms));
  EXPECT_EQ(own.foreign_writes, 0u) << "a container being set up is nobody's interference";
}

TEST(Base, AValueThatStillMovesIsNotCertain) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  for (int i = 0; i < 5; ++i, w.ms += 6) {
    w.file(s, quota_ms(50 + i));
    EXPECT_FALSE(w.tick().groups[s].own.certain);
  }
}

TEST(Base, IsWhatIsReadAlsoWhereAnOutcomeCameFirst) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  w.wrote(s, quota_ms(10));
  w.settle({{s, quota_ms(10)}});
  const Ownership own = w.tick().groups[s].own;
  EXPECT_EQ(own.base, quota_ms(10));
  EXPECT_TRUE(own.certain);
}

TEST(Base, OfAPodIsCertainOnceAContainerIs) {
  World w;
  const Slot pod = w.pod(), c = w.container(pod, 1), infra = w.container(pod, 0);
  w.catalog.groups[infra]->infrastructure = true;
  ++w.catalog.generation;
  w.settle({{pod, unlimited()}, {infra, unlimited()}});
  EXPECT_FALSE(w.tick().groups[pod].own.certain);
  w.settle({{c, quota_ms(10)}});
  EXPECT_TRUE(w.tick().groups[pod].own.certain) << "no quota is a pod's base too";
}

TEST(Base, APodBeingSetUpIsNobodysInterference) {
  World w;
  const Slot pod = w.pod();
  w.settle({{pod, unlimited()}});
  w.event(pod, What::changed);
  w.file(pod, quota_ms(80));
  EXPECT_FALSE(w.tick().groups[pod].own.drop);
  w.settle({{pod, quota_ms(80)}});
  const Ownership own = w.tick().groups[pod].own;
  EXPECT_EQ(own.base, quota_ms(80));
  EXPECT_EQ(own.foreign_writes, 0u);
  EXPECT_TRUE(own.certain);
}

TEST(Base, SharesNeedTwoAgreeingReadings) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  const auto tell = [&](int after, std::uint64_t v) {
    w.ms += after;
    w.read(s).shares = Shares{v};
    return w.tick().groups[s].own.base_shares;
  };
  EXPECT_FALSE(tell(0, 1024));
  EXPECT_FALSE(tell(6, 102));
  EXPECT_FALSE(tell(1, 102));
  EXPECT_EQ(tell(6, 102), Shares{102});
}

TEST_F(Owned, OurOwnValueReadBackExplainsItself) {
  lend(a, quota_ms(200, 10));
  w.file(a, quota_ms(200, 10));
  const Ownership& o = own(a);
  EXPECT_EQ(o.in_force, quota_ms(200, 10));
  EXPECT_EQ(o.base, quota_ms(50));
  EXPECT_TRUE(o.certain);
  EXPECT_FALSE(o.drop);
  EXPECT_EQ(o.foreign_writes, 0u);
}

TEST_F(Owned, AFailedWriteChangesNothing) {
  w.wrote(a, quota_ms(200));
  w.next.outcomes.back().error = Error{Errc::rejected, "x", "y"};
  EXPECT_EQ(own(a).in_force, quota_ms(50));
}

TEST_F(Owned, AnOutcomeOfAnotherLifeIsNotOurs) {
  w.wrote(a, quota_ms(200));
  w.next.outcomes.back().group_id += 100;
  EXPECT_EQ(own(a).in_force, quota_ms(50));
}

TEST_F(Owned, ANewFiniteValueIsTheNewBaseAndDropsThePodForOneTick) {
  lend(a, quota_ms(200));
  foreign(a, quota_ms(70));
  const auto snapshot = w.tick();
  EXPECT_EQ(snapshot.groups[a].own.base, quota_ms(70));
  EXPECT_TRUE(snapshot.groups[a].own.certain) << "event and reading are two witnesses";
  for (const Slot s : {a, b, pod}) EXPECT_TRUE(snapshot.groups[s].own.drop) << s;
  EXPECT_FALSE(snapshot.groups[stranger].own.drop);
  w.ms += 10;
  for (const Slot s : {a, b, pod}) EXPECT_FALSE(own(s).drop) << s;
}

TEST_F(Owned, WithoutAnEventANewValueNeedsAReRead) {
  w.file(a, quota_ms(70));
  EXPECT_FALSE(own(a).certain);
  w.ms += 5;
  w.file(a, quota_ms(70));
  EXPECT_TRUE(own(a).certain);
  EXPECT_EQ(own(a).base, quota_ms(70));
}

TEST_F(Owned, TheBaseValueEndsTheLeaseFromOutside) {
  lend(a, quota_ms(200));
  foreign(a, quota_ms(50));
  const Ownership& o = own(a);
  EXPECT_EQ(o.no_lease_until, at_ms(w.ms + 1000));
  EXPECT_EQ(o.base, quota_ms(50));
  EXPECT_TRUE(o.certain && o.drop);
  EXPECT_EQ(o.hands_off_until, TimePoint{});
}

TEST_F(Owned, AFieldThatTheWriterLeftAloneIsStillTheOwners) {
  lend(a, quota_ms(50, 25));     // our kernel burst
  foreign(a, quota_ms(70, 25));  // a resize writes the quota only
  EXPECT_EQ(own(a).base, quota_ms(70, 0));
  EXPECT_EQ(own(a).in_force, quota_ms(70, 25));
}

TEST_F(Owned, WhatSomebodyWritesIsHisAlsoWhereItIsWhatWeLent) {
  struct Case {
    File file;
    Bandwidth base;
  };
  for (const Case& c : {Case{File::bandwidth, quota_ms(200)}, {File::period, quota_ms(50)}, {File::shares, quota_ms(50)}, {File::burst, quota_ms(50, 25)}}) {
    w = World{};
    pod = w.pod(), a = w.container(pod, 1);
    w.settle({{a, quota_ms(50)}, {pod, quota_ms(50)}});
    lend(a, quota_ms(200, 25));
    w.event(a, What::changed, c.file);
    w.file(a, quota_ms(200, 25));
    EXPECT_EQ(own(a).base, c.base) << static_cast<int>(c.file);
    w.ms += 10;
    w.file(a, quota_ms(200, 25));   // the next reading is no word of his any more
    EXPECT_EQ(own(a).base, c.base);
    EXPECT_TRUE(own(a).certain);
  }
}

TEST_F(Owned, NoLimitIsNotEligible) {
  foreign(a, unlimited());
  EXPECT_FALSE(own(a).certain);
  EXPECT_EQ(own(a).base, unlimited());
  w.settle({{a, quota_ms(40)}});
  EXPECT_TRUE(own(a).certain) << "and is examined again";
}

TEST_F(Owned, TwoForeignWritesWithinAMinuteMeanHandsOff) {
  struct Case {
    int apart;
    bool off;
    std::uint32_t writes;
  };
  for (const Case c : {Case{1'900, false, 1}, Case{2'100, true, 2}, Case{59'000, true, 2}, Case{61'000, false, 2}}) {
    w = World{};
    pod = w.pod(), a = w.container(pod, 1);
    w.settle({{a, quota_ms(50)}});
    foreign(a, quota_ms(60));
    w.tick();
    w.ms += c.apart;
    foreign(a, quota_ms(70));
    const Ownership& o = own(a);
    EXPECT_EQ(o.hands_off_until, c.off ? at_ms(w.ms) + minutes{10} : TimePoint{});
    EXPECT_EQ(o.foreign_writes, c.writes) << c.apart;
  }
}

TEST_F(Owned, ARefusedValueDropsBurstsForTenMinutesAndItsRetriesCountOnce) {
  for (int i = 0; i < 20; ++i, w.ms += 1000) {
    w.event(a, What::refused);
    const auto snapshot = w.tick();
    EXPECT_TRUE(snapshot.groups[b].own.drop);
    EXPECT_EQ(snapshot.groups[a].own.no_burst_until, at_ms(w.ms) + minutes{10});
    EXPECT_EQ(snapshot.groups[pod].own.no_burst_until, at_ms(w.ms) + minutes{10});
    EXPECT_EQ(snapshot.groups[a].own.hands_off_until, TimePoint{});
    EXPECT_EQ(snapshot.groups[a].own.foreign_writes, 1u);
  }
}

TEST_F(Owned, OvertakingSomebodyMeansBackToBaseAndHandsOff) {
  lend(a, quota_ms(200));
  w.event(a, What::overtaken);
  w.file(a, quota_ms(200));
  auto o = w.tick().groups[a].own;
  EXPECT_TRUE(o.overtaken && o.drop);
  EXPECT_EQ(o.hands_off_until, at_ms(w.ms) + minutes{10});
  EXPECT_EQ(o.in_force, quota_ms(200)) << "ours is still in the file";
  EXPECT_EQ(o.base, quota_ms(50));
  w.ms += 10;
  EXPECT_FALSE(own(a).overtaken);
}

TEST_F(Owned, ForeignSharesStand) {
  for (int i = 0; i < 2; ++i, w.ms += 6) w.read(pod).shares = Shares{512}, w.tick();
  w.wrote(pod, Shares{64});
  w.read(pod).shares = Shares{64};
  EXPECT_EQ(own(pod).base_shares, Shares{512});
  EXPECT_FALSE(own(pod).drop);
  w.event(pod, What::changed, File::shares);
  w.read(pod).shares = Shares{300};
  const auto o = w.tick().groups[pod].own;
  EXPECT_EQ(o.base_shares, Shares{300});
  EXPECT_EQ(o.shares_in_force, Shares{300});
  EXPECT_TRUE(o.drop);
  w.ms += 10;
  w.wrote(pod, Shares{37});
  w.event(pod, What::changed, File::shares);   // he happens to want what we have lowered it to
  w.read(pod).shares = Shares{37};
  EXPECT_EQ(own(pod).base_shares, Shares{37});
  w.ms += 10;
  w.read(pod).shares = Shares{37};
  EXPECT_FALSE(own(pod).drop);
}

TEST(Observe, OutcomesAreIgnoredSoThatNothingLooksForeign) {
  ModelParams params;
  params.observe = true;
  World w(params);
  const Slot s = w.container(w.pod(), 1);
  w.settle({{s, quota_ms(50)}});
  for (int i = 0; i < 5; ++i, w.ms += 10) {
    w.wrote(s, quota_ms(200));
    w.file(s, quota_ms(50));
    const Ownership& o = w.tick().groups[s].own;
    EXPECT_EQ(o.in_force, quota_ms(50));
    EXPECT_EQ(o.foreign_writes, 0u);
    EXPECT_TRUE(o.certain);
  }
}

// systemd puts every unit's own value back when it reloads (KERNEL 18): that ends leases and says nothing about anybody's will.
TEST_F(Owned, AReloadEndsLeasesAndNeverCounts) {
  for (int i = 0; i < 20; ++i, w.ms += 1000) {
    lend(a, quota_ms(200));
    w.event(a, i % 4 == 3 ? What::overtaken : What::changed, File::bandwidth, true);
    w.event(a, What::changed, File::shares, true);
    w.file(a, quota_ms(50));
    const Ownership at_once = own(a);
    EXPECT_TRUE(at_once.drop) << i;
    EXPECT_EQ(at_once.base, quota_ms(50)) << i;
    EXPECT_TRUE(at_once.certain) << i;
    EXPECT_EQ(at_once.foreign_writes, 0u) << i;
    EXPECT_EQ(at_once.hands_off_until, TimePoint{}) << i;
    EXPECT_EQ(at_once.no_lease_until, TimePoint{}) << i << ": it may be lent again at once";
  }
}

TEST_F(Owned, AReloadMayBringANewBase) {
  lend(a, quota_ms(200));
  w.event(a, What::changed, File::bandwidth, true);
  w.file(a, quota_ms(70));
  const Ownership o = own(a);
  EXPECT_EQ(o.base, quota_ms(70));
  EXPECT_TRUE(o.certain);
  EXPECT_EQ(o.foreign_writes, 0u);
}

TEST_F(Owned, WhatSomebodyWritesAfterAReloadCountsAgain) {
  w.event(a, What::changed, File::bandwidth, true);
  w.file(a, quota_ms(50));
  w.tick();
  for (int i = 0; i < 2; ++i) {
    w.ms += 3000;
    foreign(a, quota_ms(60 + i));
    w.tick();
  }
  EXPECT_EQ(own(a).foreign_writes, 2u);
  EXPECT_NE(own(a).hands_off_until, TimePoint{});
}

// systemd writes a unit's new limit once and takes it for done, also where the kernel refused it because of our burst.
TEST(Unit, WhoseOwnerWasRefusedGetsWhatHeAskedFor) {
  World w;
  const Slot unit = w.add(GroupKind::scope, 0, 1, "dflow.slice/run-u1.scope");
  w.settle({{unit, quota_ms(20)}});
  Bandwidth with_burst = quota_ms(20);
  with_burst.burst = milliseconds{20};
  w.wrote(unit, with_burst);
  w.tick();
  w.ms += 10;
  w.event(unit, What::refused);
  w.file(unit, with_burst);
  EXPECT_FALSE(w.tick().groups[unit].own.put_right) << "nobody has said yet what he wanted";
  w.ms += 10;
  w.wrote(unit, quota_ms(20));
  const FiniteLimit wanted{milliseconds{5}, milliseconds{50}};
  w.catalog.groups[unit]->owners_limit = wanted;
  ++w.catalog.generation;
  EXPECT_EQ(w.tick().groups[unit].own.put_right, wanted) << "with the period that he wants it over";
  w.ms += 10;
  w.wrote(unit, Bandwidth{wanted.quota, wanted.period, {}});
  w.tick();
  w.ms += 10;
  const Ownership own = w.tick().groups[unit].own;
  EXPECT_EQ(own.base, (Bandwidth{wanted.quota, wanted.period, {}}));
  EXPECT_FALSE(own.put_right);
}

TEST(Unit, WhoseOwnerWasRefusedForAnotherReasonIsLeftAlone) {
  World w;
  const Slot unit = w.add(GroupKind::scope, 0, 1, "dflow.slice/run-u1.scope");
  w.settle({{unit, quota_ms(20)}});
  w.ms += 2000;
  w.event(unit, What::refused);
  w.catalog.groups[unit]->owners_limit = FiniteLimit{milliseconds{10}};
  ++w.catalog.generation;
  EXPECT_FALSE(w.tick().groups[unit].own.put_right) << "nothing of ours was in the way";
}

}  // namespace
}  // namespace headroom::test
