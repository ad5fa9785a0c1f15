#include "cgroups/types/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace headroom {
namespace {

constexpr const char* kWhere = "cpu.x of /a";

template <class T>
void expect_malformed(const Result<T>& result, const std::string& text) {
  ASSERT_FALSE(result) << "accepted '" << text << "'";
  EXPECT_EQ(result.error().code, Errc::malformed) << text;
  EXPECT_EQ(result.error().where, kWhere) << "an error names its place";
  EXPECT_FALSE(result.error().detail.empty());
}

TEST(Text, V1QuotaIsANumberOrAnyNegativeOne) {
  EXPECT_EQ(parse_quota("50000\n", kWhere).value(), std::optional{microseconds{50'000}});
  EXPECT_EQ(parse_quota("-1\n", kWhere).value(), std::nullopt);
  EXPECT_EQ(parse_quota("-5", kWhere).value(), std::nullopt);
}

TEST(Text, NumbersAreRefusedUnlessWholeAndInRange) {
  for (const std::string text : {"", "\n", " 1", "+1", "1.5", "1 2", "0x10", "1e3", "abc", "9223372036854775808",
                                 "99999999999999999999999", "1\n2", "--1", "-", "max"}) {
    expect_malformed(parse_quota(text, kWhere), text);
    expect_malformed(parse_microseconds(text, kWhere), text);
    expect_malformed(parse_shares(text, kWhere), text);
    expect_malformed(parse_usage_v1(text, kWhere), text);
    expect_malformed(parse_count(text, kWhere), text);
  }
  expect_malformed(parse_microseconds("-1", kWhere), "-1");
}

TEST(Text, CpuMaxIsAQuotaOrMaxAndAPeriod) {
  EXPECT_EQ(parse_cpu_max("max 100000\n", kWhere).value(), (Bandwidth{std::nullopt, microseconds{100'000}, {}}));
  EXPECT_EQ(parse_cpu_max("25000 50000\n", kWhere).value(), (Bandwidth{microseconds{25'000}, microseconds{50'000}, {}}));
  for (const std::string text : {"", "max", "max ", "100000", "MAX 100000", "-1 100000", "max  100000", "1 2 3",
                                 "max 100000\nmax 100000"}) {
    expect_malformed(parse_cpu_max(text, kWhere), text);
  }
}

TEST(Text, ThrottledTimeHasTheUnitOfItsVersion) {
  const ThrottleCounters want{12, 3, nanoseconds{4'000}};
  EXPECT_EQ(parse_throttle("nr_periods 12\nnr_throttled 3\nthrottled_time 4000\nnr_bursts 0\nburst_time 0\n", kWhere), want);
  EXPECT_EQ(parse_throttle("usage_usec 7\nuser_usec 3\nsystem_usec 4\ncore_sched.force_idle_usec 0\nnr_periods 12\n"
                           "nr_throttled 3\nthrottled_usec 4\nnr_bursts 0\nburst_usec 0\n", kWhere), want);
}

TEST(Text, CpuStatWithoutPeriodsIsAbsentNotZero) {
  const auto root = parse_throttle("usage_usec 52916595\nuser_usec 29320563\nsystem_usec 23596032\n", kWhere);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, Errc::absent);
  const auto v1 = parse_usage_v2("nr_periods 0\nnr_throttled 0\nthrottled_time 0\n", kWhere);
  ASSERT_FALSE(v1);
  EXPECT_EQ(v1.error().code, Errc::absent);
}

TEST(Text, BrokenCpuStatIsRefused) {
  for (const std::string text : {"nr_periods x\nnr_throttled 0\nthrottled_time 0\n", "nr_periods 1\nthrottled_time 0\n",
                                 "nr_periods 1\nnr_throttled 0\n", "nr_periods 1\nnr_periods 1\nnr_throttled 0\nthrottled_time 0\n",
                                 "nr_periods 1\nnr_throttled 0\nthrottled_usec 9223372036854775807\n",
                                 "nr_periods 1\nnr_throttled 0\nthrottled_time -4\n"}) {
    expect_malformed(parse_throttle(text, kWhere), text);
  }
}

TEST(Text, UsageIsNanosecondsOnV1AndMicrosecondsOnV2) {
  EXPECT_EQ(parse_usage_v1("56567415251\n", kWhere).value(), nanoseconds{56'567'415'251});
  EXPECT_EQ(parse_usage_v2("usage_usec 52916595\nuser_usec 1\n", kWhere).value(), nanoseconds{52'916'595'000});
}

TEST(Text, WaitSumIsThereOnlyWithSchedstats) {
  EXPECT_EQ(parse_wait_sum("nr_periods 1\nnr_throttled 0\nthrottled_time 0\nwait_sum 77\n", kWhere).value(), nanoseconds{77});
  EXPECT_EQ(parse_wait_sum("nr_periods 1\nnr_throttled 0\nthrottled_time 0\n", kWhere).error().code, Errc::absent);
}

TEST(Text, PopulatedIsSaidByTheEventsFile) {
  EXPECT_TRUE(parse_populated("populated 1\nfrozen 0\n", kWhere).value());
  EXPECT_FALSE(parse_populated("populated 0\nfrozen 0\n", kWhere).value());
  for (const std::string text : {"", "frozen 0\n", "populated 2\n", "populated\n", "populated 1\npopulated 0\n"}) {
    expect_malformed(parse_populated(text, kWhere), text);
  }
}

TEST(Text, PressureGivesSharesOfTimeAndTotals) {
  const auto both = parse_pressure("some avg10=12.50 avg60=0.68 avg300=0.24 total=4937418\n"
                                   "full avg10=100.00 avg60=0.00 avg300=0.00 total=2\n", kWhere);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->some, (PressureLine{0.125, nanoseconds{4'937'418'000}}));
  EXPECT_EQ(both->full, (PressureLine{1.0, nanoseconds{2'000}}));
  EXPECT_FALSE(parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", kWhere)->full);
  for (const std::string text : {"", "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", "some avg10=0.00 total=0\n",
                                 "some avg10=1 avg60=0.00 avg300=0.00 total=0\n", "some avg10=0.00 avg60=0.00 avg300=0.00 total=x\n",
                                 "some avg10=101.00 avg60=0.00 avg300=0.00 total=0\n"}) {
    expect_malformed(parse_pressure(text, kWhere), text);
  }
}

TEST(Text, BusyTimeExcludesIowaitAndSteal) {
  const auto cpus = parse_proc_stat("cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 100 200\ncpu2 0 0 0 9 0 0 0 0 0 0\nintr 5\n",
                                    100, kWhere);
  ASSERT_TRUE(cpus);
  ASSERT_EQ(cpus->size(), 3U) << "an offline CPU keeps its place";
  EXPECT_EQ((*cpus)[0].busy, milliseconds{10 * (1 + 2 + 3 + 6 + 7)}) << "guest time is in user already";
  EXPECT_EQ((*cpus)[0].idle, milliseconds{10 * (4 + 5)});
  EXPECT_EQ((*cpus)[0].steal, milliseconds{80});
  EXPECT_EQ((*cpus)[1].busy + (*cpus)[1].idle, nanoseconds{0});
  EXPECT_EQ((*cpus)[2].idle, milliseconds{90});
}

TEST(Text, BrokenProcStatIsRefused) {
  for (const std::string text : {"", "intr 1\n", "cpu  1 2 3 4 5 6 7 8\n", "cpu0 1 2 3\n", "cpuX 1 2 3 4 5 6 7 8\n",
                                 "cpu0 1 2 3 4 5 6 7 -8\n", "cpu1024 1 2 3 4 5 6 7 8\n",
                                 "cpu0 9223372036854775807 2 3 4 5 6 7 8\n"}) {
    expect_malformed(parse_proc_stat(text, 100, kWhere), text);
  }
  expect_malformed(parse_proc_stat("cpu0 1 2 3 4 5 6 7 8\n", 0, kWhere), "user_hz 0");
}

TEST(Text, UnlimitedIsSaidInTheWordsOfEachVersion) {
  EXPECT_EQ(format_quota(std::nullopt), "-1");
  EXPECT_EQ(format_cpu_max(Bandwidth{}), "max 100000");
}

TEST(Text, AnErrorShowsBadTextShortAndPrintable) {
  const auto result = parse_count(std::string(5000, '\x01'), kWhere);
  ASSERT_FALSE(result);
  EXPECT_LT(result.error().detail.size(), 200U);
  EXPECT_EQ(result.error().detail.find('\x01'), std::string::npos);
}

std::optional<microseconds> any_quota() {
  const auto us = *rc::gen::inRange<std::int64_t>(0, 2'000'000'000);
  return us == 0 ? std::nullopt : std::optional{microseconds{us}};
}

RC_GTEST_PROP(Text, WhatIsWrittenIsWhatIsReadBack, ()) {
  const Bandwidth value{any_quota(), microseconds{*rc::gen::inRange<std::int64_t>(1000, 1'000'001)}, {}};
  RC_ASSERT(parse_cpu_max(format_cpu_max(value) + "\n", kWhere).value() == value);
  RC_ASSERT(parse_quota(format_quota(value.quota) + "\n", kWhere).value() == value.quota);
  RC_ASSERT(parse_microseconds(format_microseconds(value.period), kWhere).value() == value.period);
  const Shares shares{*rc::gen::inRange<std::uint64_t>(0, 262'145)};
  RC_ASSERT(parse_shares(format_shares(shares), kWhere).value() == shares);
}

RC_GTEST_PROP(Text, NoTextEndsAParserOtherwiseThanWithAValueOrAnError, (const std::string& text)) {
  (void)parse_throttle(text, kWhere);
  (void)parse_cpu_max(text, kWhere);
  (void)parse_proc_stat("cpu0 " + text, 100, kWhere);
  (void)parse_populated("populated " + text, kWhere);
  const auto pressure = parse_pressure("some avg10=" + text, kWhere);
  RC_ASSERT(pressure || pressure.error().code == Errc::malformed);
}

}  // namespace
}  // namespace headroom
