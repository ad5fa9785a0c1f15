// KERNEL 11, 16, 17: what a counter says, and when.
#include "tests/contract/suite.hpp"

namespace headroom::contract {
namespace {

class ContractReads : public Contract {
 protected:
  Kernel::Group group = kernel.make(Kernel::kTop);
  ThrottleCounters throttle() { return must(kernel.throttle(group)); }
};

TEST_P(ContractReads, ThrottledTimeIsReadInNanosecondsOnBothVersions) {
  must(set_heavy(kernel, group));
  limit(group, microseconds{5'000}, microseconds{50'000});
  const nanoseconds begin = kernel.now();
  kernel.start(group, {});
  // At 10 % of a core it is throttled nearly always, which counts at each release; a wrong unit is off by a thousand.
  EXPECT_TRUE(eventually([&] { return throttle().throttled_time > (kernel.now() - begin) / 10; }));
  const auto counters = throttle();
  EXPECT_LT(counters.throttled_time, (kernel.now() - begin) * kernel.cpus() * 2);
  EXPECT_GT(counters.throttled_periods, 0U);
  EXPECT_LE(counters.throttled_periods, counters.periods);
}

TEST_P(ContractReads, UsageSaysThatAGroupRanDryBeforeTheThrottlingIsCounted) {
  constexpr microseconds kQuota{5'000}, kPeriod{1'000'000};
  must(set_heavy(kernel, group));
  limit(group, kQuota, kPeriod);
  kernel.start(group, {});
  ThrottleCounters before, after;
  // Within one period: should one end meanwhile, fill the pool and look again.
  ASSERT_TRUE(eventually([&] {
    before = throttle();
    const nanoseconds had = used(group);
    must(set_burst(kernel, group, microseconds{0}));
    if (!eventually([&] { return used(group) >= had + kQuota; }, milliseconds{1000})) return false;
    kernel.rest(milliseconds{30});
    after = throttle();
    return after.periods == before.periods;
  }));
  EXPECT_EQ(after.throttled_periods, before.throttled_periods);
  EXPECT_TRUE(eventually([&] { return throttle().throttled_periods > before.throttled_periods; }));
}

TEST_P(ContractReads, AGroupsUsageIsPartOfItsParentsAndOfTheNodes) {
  const nanoseconds node_before = must(kernel.node_usage());
  const auto child = kernel.make(group);
  kernel.wait(kernel.start(child, {.work = milliseconds{40}}));
  EXPECT_GE(used(child), milliseconds{39});
  EXPECT_GE(used(group), used(child));
  EXPECT_TRUE(eventually([&] { return must(kernel.node_usage()) - node_before >= milliseconds{30}; }));
}

TEST_P(ContractReads, PressureCountsTheWaitForTheOwnQuota) {
  const auto pressed = kernel.pressure(group);
  if (!pressed) {
    EXPECT_EQ(code(pressed), Errc::absent) << "PSI is off, or there is no unified hierarchy";
    return;
  }
  const auto calm = kernel.make(Kernel::kTop);
  must(set_heavy(kernel, group));
  limit(group, microseconds{1'000}, microseconds{100'000});
  kernel.start(group, {});
  const nanoseconds wait = must(kernel.pressure(group)), had = used(group), begin = kernel.now();
  kernel.rest(milliseconds{400});
  const nanoseconds waited = must(kernel.pressure(group)) - wait;
  EXPECT_GT(waited, used(group) - had);
  EXPECT_GT(waited * 4, kernel.now() - begin) << "alone on its CPU, throttled nearly always";
  EXPECT_EQ(must(kernel.pressure(calm)), nanoseconds{0});
}

TEST_P(ContractReads, PopulatedFollowsTheProcessesWithoutAPid) {
  const auto child = kernel.make(group);
  const auto populated = [&](Kernel::Group g) { return must(kernel.populated(g)); };
  EXPECT_FALSE(populated(child));
  EXPECT_FALSE(populated(group));
  const auto spinner = kernel.start(child, {});
  EXPECT_TRUE(populated(child));
  EXPECT_TRUE(populated(group)) << "counts what is below";
  kernel.stop(spinner);
  EXPECT_TRUE(eventually([&] { return !populated(child) && !populated(group); }));
}

HEADROOM_CONTRACT(ContractReads);

}  // namespace
}  // namespace headroom::contract
