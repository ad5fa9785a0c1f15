#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/metrics/model/world.hpp"

namespace headroom::test {
namespace {

/// A snapshot by hand: nothing has been added up, so lendable() does it itself.
struct ByHand {
  World w;
  Slot service = w.container(w.pod(), 0), step = w.container(w.pod(), 1), hog = w.container(w.pod(), 2);
  std::vector<GroupState> groups{w.catalog.groups.size()};
  NodeView node;
  ByHand() {
    node.cpus = 2;
    node.target = MilliCpu{1900};
    groups[step].own.base = quota_ms(50);
  }
  MilliCpu lend(const CpuSet& cpus, std::vector<Claim> claims = {}) const {
    return lendable(Snapshot{at_ms(1), w.catalog, groups, node, {}, {}}, cpus, claims);
  }
  MilliCpu everywhere(std::vector<Claim> claims = {}) const { return lend(CpuSet{0b11}, std::move(claims)); }
};

TEST(Lendable, IsTheTargetLessWhatOthersAreExpectedToWant) {
  ByHand h;
  EXPECT_EQ(h.everywhere().value, 1900);
  h.groups[h.service].use_100ms = MilliCpu{200};
  EXPECT_EQ(h.everywhere().value, 1700);
  h.groups[h.service].p90_10s = MilliCpu{300};
  EXPECT_EQ(h.everywhere().value, 1600);
  h.groups[h.service].own.base = quota_ms(25);
  EXPECT_EQ(h.everywhere().value, 1650) << "at most its limit";
  h.groups[h.hog].use_100ms = MilliCpu{2000};
  EXPECT_EQ(h.everywhere().value, 1650) << "best effort counts for nothing";
  h.groups[h.step].use_100ms = MilliCpu{100};
  EXPECT_EQ(h.everywhere().value, 1550) << "an idle step counts with its use";
  EXPECT_EQ(h.everywhere({Claim{h.step, {}, 1, 0, {}}}).value, 1150) << "a claiming one with its limit";
}

TEST(Lendable, TheSiblingOfABusyCpuCountsFourTenths) {
  ByHand h;
  h.node.cpus = 4;
  h.node.target = MilliCpu{4000};
  h.w.catalog.cores = 2;
  EXPECT_EQ(h.lend(CpuSet{0b1111}).value, 4000) << "an idle node has all its CPUs";
  h.groups[h.service].use_100ms = MilliCpu{1000};
  EXPECT_EQ(h.lend(CpuSet{0b1111}).value, 2400) << "a core of its own, and 0.4 beside the busy one";
  h.groups[h.service].use_100ms = MilliCpu{3000};
  EXPECT_EQ(h.lend(CpuSet{0b1111}).value, 400) << "only a sibling is left";
  h.w.catalog.cores = 4;
  EXPECT_EQ(h.lend(CpuSet{0b1111}).value, 1000) << "no SMT";
}

TEST(Lendable, WhoWakesIsBelievedToWantItsLimitUntilItsUseHasLevelledOff) {
  ByHand h;
  GroupState& service = h.groups[h.service];
  service.own.base = quota_ms(60);
  service.p90_10s = MilliCpu{50};
  service.rate = service.use_100ms = MilliCpu{90};
  EXPECT_EQ(h.everywhere().value, 1810) << "no more than usual";
  service.rate = MilliCpu{240};
  service.use_100ms = MilliCpu{120};
  EXPECT_EQ(h.everywhere().value, 1300) << "its last window began while it slept";
  service.use_100ms = MilliCpu{200};
  EXPECT_EQ(h.everywhere().value, 1660) << "levelled off: what it uses now";
  service.own.base = std::nullopt;
  service.use_100ms = MilliCpu{120};
  EXPECT_EQ(h.everywhere().value, 1420) << "no limit: twice its use";
}

TEST(MostAwake, IsTheProtectedGroupThatRoseMostAboveWhatWasKeptFreeForIt) {
  ByHand h;
  const Slot second = h.w.container(h.w.pod(), 0);
  h.groups.resize(h.w.catalog.groups.size());
  const auto awake = [&] { return most_awake(Snapshot{at_ms(1), h.w.catalog, h.groups, h.node, {}, {}}); };
  EXPECT_EQ(awake(), kNoSlot);
  h.groups[h.service].rate = MilliCpu{900};
  h.groups[h.service].p90_10s = MilliCpu{880};
  h.groups[second].rate = MilliCpu{300};
  h.groups[h.step].rate = h.groups[h.hog].rate = MilliCpu{2000};
  EXPECT_EQ(awake(), second) << "not who always uses much, nor a borrower or best effort";
}

TEST(Lendable, NothingWhenTheHypervisorSteals) {
  ByHand h;
  EXPECT_EQ(h.everywhere().value, 1900);
  h.node.stolen = true;
  EXPECT_EQ(h.everywhere().value, 0);
}

TEST(Lendable, AConfinedClaimantGetsAtMostWhatItsCpusHaveFree) {
  ByHand h;
  EXPECT_EQ(h.lend(CpuSet{0b01}).value, 0) << "nobody has looked at the CPUs";
  h.node.cpu_busy = {MilliCpu{1000}, MilliCpu{100}};
  EXPECT_EQ(h.lend(CpuSet{0b01}).value, 0);
  EXPECT_EQ(h.lend(CpuSet{0b10}).value, 850);
  EXPECT_EQ(h.lend(CpuSet{}).value, 0) << "unreadable: what every CPU has free";
  EXPECT_EQ(h.everywhere().value, 1900);
}

TEST(Lendable, WhatTheClaimantHasBorrowedIsNotSomebodyElses) {
  ByHand h;
  h.w.catalog.groups[h.step]->cpus = CpuSet{0b10};
  h.node.cpu_busy = {MilliCpu{0}, MilliCpu{950}};
  h.groups[h.step].use_100ms = MilliCpu{950};
  EXPECT_EQ(h.lend(CpuSet{0b10}).value, 0);
  EXPECT_EQ(h.lend(CpuSet{0b10}, {Claim{h.step, {}, 1, 0, {}, MilliCpu{2000}}}).value, 450);
  EXPECT_EQ(h.lend(CpuSet{0b10}, {Claim{h.step, {}, 1, 0, {}}}).value, 0) << "it holds no lease: two quotas in a window";
}

RC_GTEST_PROP(Lendable, NeverGrowsWithANeighboursUseAndIsNeverNegative, ()) {
  ByHand h;
  const auto small = [] { return MilliCpu{*rc::gen::inRange<std::int64_t>(0, 2500)}; };
  for (const Slot s : {h.service, h.step, h.hog}) h.groups[s].use_100ms = small(), h.groups[s].p90_10s = small();
  h.node.cpu_busy = {small(), small()};
  const CpuSet cpus(*rc::gen::inRange<unsigned long>(0, 4));
  const MilliCpu before = h.lend(cpus);
  RC_ASSERT(before.value >= 0);
  RC_ASSERT(h.lend(cpus, {Claim{h.step, {}, 1, 0, {}}}) <= before + MilliCpu{2000});
  h.groups[h.service].use_100ms += small();
  h.node.cpu_busy[0] += small();
  RC_ASSERT(h.lend(cpus) <= before);
}

RC_GTEST_PROP(Lendable, WhatTheModelAddsUpEqualsWhatTheSnapshotShows, ()) {
  World w;
  const Slot pod = w.pod();
  for (int i = 0; i < 5; ++i) w.container(pod, static_cast<std::uint32_t>(i % 4));
  std::vector<nanoseconds> used(w.catalog.groups.size());
  for (int i = 0; i < 20; ++i, w.ms += 100) {
    for (Slot s = 0; s < used.size(); ++s) {
      used[s] += milliseconds{*rc::gen::inRange(0, 60)};
      w.use(s, used[s]);
      if (i == 3) w.file(s, quota_ms(20));
    }
    w.node(milliseconds{i});
    w.tick();
  }
  const Snapshot added = w.tick();
  NodeView node = added.node;
  node.expected.reset();
  const Snapshot by_hand{added.at, added.catalog, added.groups, node, {}, {}};
  RC_ASSERT(lendable(added, CpuSet{0b11}, {}) == lendable(by_hand, CpuSet{0b11}, {}));
}

std::vector<Claim> some_claims() {
  const auto n = *rc::gen::inRange<std::size_t>(1, 9);
  std::vector<Claim> claims(n);
  for (Claim& c : claims)
    c = {0, MilliCpu{*rc::gen::inRange<std::int64_t>(0, 3000)}, *rc::gen::inRange(1, 6), *rc::gen::inRange(0, 3), {}};
  return claims;
}
std::int64_t sum(const std::vector<Claim>& claims) {
  return std::accumulate(claims.begin(), claims.end(), std::int64_t{0},
                         [](std::int64_t s, const Claim& c) { return s + c.granted.value; });
}

RC_GTEST_PROP(Share, GivesAtMostWhatThereIsAndAtMostWhatWasAsked, ()) {
  auto claims = some_claims();
  const auto amount = *rc::gen::inRange<std::int64_t>(0, 9000);
  share(MilliCpu{amount}, claims);
  std::int64_t asked = 0;
  for (const Claim& c : claims) {
    RC_ASSERT(c.granted.value >= 0 && c.granted <= c.asked);
    asked += c.asked.value;
  }
  RC_ASSERT(sum(claims) <= amount);
  RC_ASSERT(sum(claims) + static_cast<std::int64_t>(claims.size()) >= std::min(amount, asked));  // and wastes nothing
}

RC_GTEST_PROP(Share, ALaterClassGetsSomethingOnlyWhenTheEarlierHasAll, ()) {
  auto claims = some_claims();
  share(MilliCpu{*rc::gen::inRange<std::int64_t>(0, 9000)}, claims);
  for (const Claim& first : claims)
    for (const Claim& later : claims)
      if (first.order < later.order && later.granted.value > static_cast<std::int64_t>(claims.size()))
        RC_ASSERT(first.granted == first.asked);
}

RC_GTEST_PROP(Share, IsMaxMinFair, ()) {
  auto claims = some_claims();
  share(MilliCpu{*rc::gen::inRange<std::int64_t>(0, 9000)}, claims);
  for (const Claim& poor : claims)  // who did not get all gets per weight at least what anybody of his class gets
    for (const Claim& rich : claims)
      if (poor.order == rich.order && poor.granted < poor.asked)
        RC_ASSERT((poor.granted.value + 1) * rich.weight >= rich.granted.value * poor.weight);
}

}  // namespace
}  // namespace headroom::test
