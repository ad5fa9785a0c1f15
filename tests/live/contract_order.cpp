// KERNEL 3 to 7: what the kernel refuses decides the order of every write.
#include <gtest/gtest.h>

#include "tests/support/spinner.hpp"

namespace headroom::live {
namespace {

constexpr microseconds kPeriod{100'000};

Errc code(const Result<>& result) { return result ? Errc::io : result.error().code; }

class ContractOrder : public testing::Test {
 protected:
  ScratchGroup group{"order"};
  GroupFiles files = group.open();
  Result<> quota(std::optional<int> us) {
    return set_limit(files, us ? std::optional(microseconds{*us}) : std::nullopt, kPeriod);
  }
  Result<> burst(int us) { return set_burst(files, microseconds{us}); }
};

TEST_F(ContractOrder, BurstAboveQuotaIsRefused) {
  must(quota(10'000));
  EXPECT_EQ(code(burst(10'001)), Errc::rejected);
  EXPECT_TRUE(burst(10'000));
  EXPECT_EQ(must(files.bandwidth()), (Bandwidth{microseconds{10'000}, kPeriod, microseconds{10'000}}));
}

TEST_F(ContractOrder, QuotaBelowBurstIsRefusedAndChangesNothing) {
  must(quota(10'000));
  must(burst(5'000));
  EXPECT_TRUE(quota(5'000)) << "a decrease to half goes through beside a burst of half";
  EXPECT_EQ(code(quota(4'999)), Errc::rejected);
  EXPECT_EQ(must(files.bandwidth()), (Bandwidth{microseconds{5'000}, kPeriod, microseconds{5'000}}));
  must(burst(1'000));
  EXPECT_TRUE(quota(4'999)) << "burst first, then quota";
}

TEST_F(ContractOrder, UnlimitedKeepsTheBurstWhichThenBlocksTheNextQuota) {
  must(quota(10'000));
  must(burst(8'000));
  ASSERT_TRUE(quota(std::nullopt));
  EXPECT_EQ(must(files.bandwidth()), (Bandwidth{std::nullopt, kPeriod, microseconds{8'000}}));
  EXPECT_EQ(code(quota(7'999)), Errc::rejected);
  ASSERT_TRUE(burst(0)) << "cleared first";
  EXPECT_TRUE(quota(7'999));
}

TEST_F(ContractOrder, AChildAboveItsParentIsRefusedOnV1AndTakenOnV2) {
  const ScratchGroup below(group, "c");
  auto child = below.open();
  must(quota(10'000));
  const auto above = set_limit(child, microseconds{20'000}, kPeriod);
  if (on_v2()) {
    EXPECT_TRUE(above);
    EXPECT_TRUE(quota(5'000)) << "nor is a parent below its child";
    return;
  }
  EXPECT_EQ(code(above), Errc::rejected);
  must(set_limit(child, microseconds{10'000}, kPeriod));
  EXPECT_EQ(code(quota(9'999)), Errc::rejected) << "a parent below its child";
  EXPECT_TRUE(quota(20'000)) << "up: the parent first";
  EXPECT_TRUE(set_limit(child, microseconds{20'000}, kPeriod));
  EXPECT_TRUE(set_limit(child, microseconds{5'000}, kPeriod)) << "down: the child first";
  EXPECT_TRUE(quota(5'000));
}

TEST_F(ContractOrder, ThePeriodCountsInTheParentsRule) {
  const ScratchGroup below(group, "c");
  auto child = below.open();
  must(quota(10'000));
  // The same quota in half of the period is twice the CPU.
  const auto twice = set_limit(child, microseconds{10'000}, kPeriod / 2);
  EXPECT_EQ(twice.has_value(), on_v2());
  EXPECT_TRUE(set_limit(child, microseconds{5'000}, kPeriod / 2));
}

TEST_F(ContractOrder, TheSmallestLimitOnThePathIsTheOneThatThrottles) {
  const ScratchGroup below(group, "c");
  auto child = below.open();
  must(set_heavy(files));
  must(set_limit(files, microseconds{2'000}, microseconds{20'000}));
  // v1 refuses a finite one above the parent's; unlimited is above everything.
  must(set_limit(child, on_v2() ? std::optional(microseconds{15'000}) : std::nullopt, microseconds{20'000}));
  const Spinner spinner(below);
  EXPECT_TRUE(eventually([&] { return must(files.throttle()).throttled_periods >= 8; }));
  // Not 0: a guest that stalls for a whole period empties the larger pool too.
  EXPECT_LT(must(child.throttle()).throttled_periods * 2, must(files.throttle()).throttled_periods);
}

TEST_F(ContractOrder, QuotaAndPeriodHaveBounds) {
  for (const int us : {0, 1, 999}) EXPECT_EQ(code(quota(us)), Errc::rejected) << us;
  EXPECT_TRUE(quota(1'000));
  EXPECT_TRUE(quota(std::nullopt));
  for (const int us : {0, 999, 1'000'001})
    EXPECT_EQ(code(set_limit(files, std::nullopt, microseconds{us})), Errc::rejected) << us;
  for (const int us : {1'000, 1'000'000}) EXPECT_TRUE(set_limit(files, std::nullopt, microseconds{us})) << us;
}

TEST_F(ContractOrder, OnV1AnyNegativeQuotaIsUnlimitedOnV2OnlyMax) {
  must(quota(10'000));
  const auto negative = files.write_file(CpuFile::quota, on_v2() ? "-5 100000" : "-5");
  EXPECT_EQ(negative.has_value(), !on_v2());
  if (on_v2()) must(files.write_file(CpuFile::quota, "max"));
  EXPECT_EQ(must(files.bandwidth()), (Bandwidth{std::nullopt, kPeriod, microseconds{0}}));
}

TEST_F(ContractOrder, WeightsOutsideTheirRangeAreClampedOnV1AndRefusedOnV2) {
  const char* low = on_v2() ? "0" : "1";
  const char* high = on_v2() ? "10001" : "262145";
  const auto before = must(files.shares());
  for (const auto& [text, clamped] : {std::pair{low, Shares{2}}, std::pair{high, Shares{262'144}}}) {
    const auto wrote = files.write_file(CpuFile::shares, text);
    EXPECT_EQ(wrote.has_value(), !on_v2()) << text;
    EXPECT_EQ(must(files.shares()), on_v2() ? before : clamped) << text;
  }
}

TEST_F(ContractOrder, AnIdleGroupTakesNoWeight) {
  const auto before = must(files.shares());
  ASSERT_EQ(foreign_write(group.dir() + "/cpu.idle", "1"), 0);
  EXPECT_EQ(code(files.write_file(CpuFile::shares, "100")), Errc::rejected);
  // v2 reads 0 (6.1) or 1 (6.12) then; v1 a number of the kernel's own.
  EXPECT_LE(must(files.shares()), on_v2() ? Shares{1} : Shares{3});
  ASSERT_EQ(foreign_write(group.dir() + "/cpu.idle", "0"), 0);
  EXPECT_EQ(must(files.shares()), before);
  EXPECT_TRUE(files.write_file(CpuFile::shares, "100"));
}

}  // namespace
}  // namespace headroom::live
