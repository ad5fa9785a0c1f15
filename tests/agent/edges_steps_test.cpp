// A setting becomes writes of files, each of which the kernel accepts (KERNEL 3-5).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "agent/kernel_sink_steps.hpp"
#include "agent/run_delay.hpp"

namespace headroom {
namespace {

Bandwidth limit(std::int64_t quota, std::int64_t burst = 0, std::int64_t period = 100'000) {
  Bandwidth b;
  if (quota >= 0) b.quota = microseconds{quota};
  b.period = microseconds{period};
  b.burst = microseconds{burst};
  return b;
}

std::vector<CpuFile> files(const std::vector<FileStep>& steps) {
  std::vector<CpuFile> out;
  for (const auto& s : steps) out.push_back(s.file);
  return out;
}

TEST(Steps, DownBurstFirstUpBurstLast) {
  EXPECT_EQ(files(steps_between(limit(80'000, 40'000), limit(20'000, 10'000), false)),
            (std::vector{CpuFile::burst, CpuFile::quota}));
  EXPECT_EQ(files(steps_between(limit(20'000, 10'000), limit(80'000, 40'000), false)),
            (std::vector{CpuFile::quota, CpuFile::burst}));
}

TEST(Steps, OnV2OneFileCarriesQuotaAndPeriod) {
  const auto steps = steps_between(limit(-1), limit(50'000, 0, 50'000), true);
  EXPECT_EQ(steps, (std::vector<FileStep>{{CpuFile::quota, "max 100000", "50000 50000"}}));
}

TEST(Steps, WhatIsEqualIsNotWritten) {
  EXPECT_TRUE(steps_between(limit(50'000, 10'000), limit(50'000, 10'000), false).empty());
  EXPECT_TRUE(steps_between(Shares{512}, Shares{512}, true).empty());
}

TEST(Steps, SharesAreOneFile) {
  EXPECT_EQ(steps_between(Shares{1024}, Shares{128}, false),
            (std::vector<FileStep>{{CpuFile::shares, "1024", "128"}}));
}

/// What the kernel would say to each state on the way, on v1.
bool legal(const std::map<CpuFile, std::int64_t>& state) {
  const auto quota = state.at(CpuFile::quota);
  return quota < 0 || state.at(CpuFile::burst) <= quota;
}

/// The limit as the kernel compares it (to_ratio(), kernel/sched/core.c): 2^-20 of a CPU, rounded down.
std::uint64_t ratio(const std::map<CpuFile, std::int64_t>& state) {
  const auto quota = state.at(CpuFile::quota);
  return quota < 0 ? UINT64_MAX : static_cast<std::uint64_t>((quota << 20) / state.at(CpuFile::period));
}

RC_GTEST_PROP(Steps, EveryStepIsLegalStaysBetweenTheEndsWhereItCanAndTheWayBackUndoesIt, ()) {
  const auto any = [] {
    const auto quota = *rc::gen::oneOf(rc::gen::just(std::int64_t{-1}), rc::gen::inRange<std::int64_t>(1000, 400'000));
    const auto top = quota < 0 ? 400'000 : quota;
    return limit(quota, *rc::gen::inRange<std::int64_t>(0, top + 1), *rc::gen::element<std::int64_t>(10'000, 100'000, 250'000));
  };
  const Bandwidth from = any(), to = any();
  const auto steps = steps_between(from, to, false);
  const auto state_of = [](const Bandwidth& b) {
    return std::map<CpuFile, std::int64_t>{{CpuFile::quota, b.quota ? b.quota->count() : -1},
                                           {CpuFile::period, b.period.count()},
                                           {CpuFile::burst, b.burst.count()}};
  };
  const auto start = state_of(from), end = state_of(to);
  const auto low = std::min(ratio(start), ratio(end)), high = std::max(ratio(start), ratio(end));
  // With both larger (or both smaller) each order leaves the range: then no promise is made.
  const auto inside = [&](std::uint64_t r) { return r >= low && r <= high; };
  auto quota_first = start, period_first = start;
  quota_first[CpuFile::quota] = end.at(CpuFile::quota);
  period_first[CpuFile::period] = end.at(CpuFile::period);
  const bool possible = inside(ratio(quota_first)) || inside(ratio(period_first));
  auto state = start;
  for (const auto& step : steps) {
    RC_ASSERT(std::to_string(state[step.file]) == step.before);
    state[step.file] = std::stoll(step.after);
    RC_ASSERT(legal(state));
    if (possible) RC_ASSERT(inside(ratio(state)));
  }
  RC_ASSERT(state == end);
  for (const auto& step : reversed(steps)) state[step.file] = std::stoll(step.after);
  RC_ASSERT(state == start);
}

TEST(RunDelayText, IsTheSecondNumber) {
  EXPECT_EQ(parse_run_delay("123 456 7\n", "x").value(), nanoseconds{456});
  EXPECT_EQ(parse_run_delay("123", "x").error().code, Errc::malformed);
  EXPECT_EQ(parse_run_delay("1 -4 2", "x").error().code, Errc::malformed);
}

}  // namespace
}  // namespace headroom
