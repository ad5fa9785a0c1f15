// KERNEL 3 to 7: what the kernel refuses decides the order of every write.
#include "tests/contract/suite.hpp"

namespace headroom::contract {
namespace {

constexpr microseconds kPeriod{100'000};

class ContractOrder : public Contract {
 protected:
  Kernel::Group group = kernel.make(Kernel::kTop);

  Result<> quota(std::optional<int> us) {
    return set_limit(kernel, group, us ? std::optional(microseconds{*us}) : std::nullopt, kPeriod);
  }
  Result<> burst(int us) { return set_burst(kernel, group, microseconds{us}); }
  Bandwidth now() { return must(kernel.bandwidth(group)); }
};

TEST_P(ContractOrder, BurstAboveQuotaIsRefused) {
  must(quota(10'000));
  EXPECT_EQ(code(burst(10'001)), Errc::rejected);
  EXPECT_TRUE(burst(10'000));
  EXPECT_EQ(now(), (Bandwidth{microseconds{10'000}, kPeriod, microseconds{10'000}}));
}

TEST_P(ContractOrder, QuotaBelowBurstIsRefusedAndChangesNothing) {
  must(quota(10'000));
  must(burst(5'000));
  EXPECT_TRUE(quota(5'000)) << "a decrease to half goes through beside a burst of half";
  EXPECT_EQ(code(quota(4'999)), Errc::rejected);
  EXPECT_EQ(now(), (Bandwidth{microseconds{5'000}, kPeriod, microseconds{5'000}}));
  must(burst(1'000));
  EXPECT_TRUE(quota(4'999)) << "burst first, then quota";
}

TEST_P(ContractOrder, UnlimitedKeepsTheBurstWhichThenBlocksTheNextQuota) {
  must(quota(10'000));
  must(burst(8'000));
  ASSERT_TRUE(quota(std::nullopt));
  EXPECT_EQ(now(), (Bandwidth{std::nullopt, kPeriod, microseconds{8'000}}));
  EXPECT_EQ(code(quota(7'999)), Errc::rejected);
  ASSERT_TRUE(burst(0)) << "cleared first";
  EXPECT_TRUE(quota(7'999));
}

TEST_P(ContractOrder, AChildAboveItsParentIsRefusedOnV1AndTakenOnV2) {
  const auto child = kernel.make(group);
  must(quota(10'000));
  const auto above = set_limit(kernel, child, microseconds{20'000}, kPeriod);
  if (kernel.v2()) {
    EXPECT_TRUE(above);
    EXPECT_TRUE(quota(5'000)) << "nor is a parent below its child";
    return;
  }
  EXPECT_EQ(code(above), Errc::rejected);
  limit(child, microseconds{10'000}, kPeriod);
  EXPECT_EQ(code(quota(9'999)), Errc::rejected) << "a parent below its child";
  EXPECT_TRUE(quota(20'000)) << "up: the parent first";
  EXPECT_TRUE(set_limit(kernel, child, microseconds{20'000}, kPeriod));
  EXPECT_TRUE(set_limit(kernel, child, microseconds{5'000}, kPeriod)) << "down: the child first";
  EXPECT_TRUE(quota(5'000));
}

TEST_P(ContractOrder, ThePeriodCountsInTheParentsRule) {
  const auto child = kernel.make(group);
  must(quota(10'000));
  // The same quota in half of the period is twice the CPU.
  const auto twice = set_limit(kernel, child, microseconds{10'000}, kPeriod / 2);
  EXPECT_EQ(twice.has_value(), kernel.v2());
  EXPECT_TRUE(set_limit(kernel, child, microseconds{5'000}, kPeriod / 2));
}

TEST_P(ContractOrder, TheSmallestLimitOnThePathIsTheOneThatThrottles) {
  const auto child = kernel.make(group);
  must(set_heavy(kernel, group));
  limit(group, microseconds{2'000}, microseconds{20'000});
  // v1 refuses a finite one above the parent's; unlimited is above everything.
  limit(child, kernel.v2() ? std::optional(microseconds{15'000}) : std::nullopt, microseconds{20'000});
  kernel.start(child, {});
  EXPECT_TRUE(eventually([&] { return must(kernel.throttle(group)).throttled_periods >= 8; }));
  // Not 0: a guest that stalls for a whole period empties the larger pool too.
  EXPECT_LT(must(kernel.throttle(child)).throttled_periods * 2, must(kernel.throttle(group)).throttled_periods);
}

TEST_P(ContractOrder, QuotaAndPeriodHaveBounds) {
  for (const int us : {0, 1, 999}) EXPECT_EQ(code(quota(us)), Errc::rejected) << us;
  EXPECT_TRUE(quota(1'000));
  EXPECT_TRUE(quota(std::nullopt));
  for (const int us : {0, 999, 1'000'001})
    EXPECT_EQ(code(set_limit(kernel, group, std::nullopt, microseconds{us})), Errc::rejected) << us;
  for (const int us : {1'000, 1'000'000}) EXPECT_TRUE(set_limit(kernel, group, std::nullopt, microseconds{us})) << us;
}

TEST_P(ContractOrder, OnV1AnyNegativeQuotaIsUnlimitedOnV2OnlyMax) {
  must(quota(10'000));
  const auto negative = kernel.write(group, File::quota, kernel.v2() ? "-5 100000" : "-5");
  EXPECT_EQ(negative.has_value(), !kernel.v2());
  if (kernel.v2()) must(kernel.write(group, File::quota, "max"));
  EXPECT_EQ(now(), (Bandwidth{std::nullopt, kPeriod, microseconds{0}}));
}

TEST_P(ContractOrder, WeightsOutsideTheirRangeAreClampedOnV1AndRefusedOnV2) {
  const char* low = kernel.v2() ? "0" : "1";
  const char* high = kernel.v2() ? "10001" : "262145";
  const auto before = must(kernel.shares(group));
  for (const auto& [text, clamped] : {std::pair{low, Shares{2}}, std::pair{high, Shares{262'144}}}) {
    const auto wrote = kernel.write(group, File::shares, text);
    EXPECT_EQ(wrote.has_value(), !kernel.v2()) << text;
    EXPECT_EQ(must(kernel.shares(group)), kernel.v2() ? before : clamped) << text;
  }
}

HEADROOM_CONTRACT(ContractOrder);

}  // namespace
}  // namespace headroom::contract
