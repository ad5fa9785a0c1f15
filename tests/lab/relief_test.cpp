// When a burst has what it wants, told from what was seen of its limits.
#include "lab/relief.hpp"

#include <gtest/gtest.h>

#include <map>

namespace headroom::lab {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// A container and its pod of limit 0.5, a burst from 100 to 400 ms that wants one core.
ReliefHistory history() {
  ReliefHistory h;
  h.levels = {{{0, 0.5}}, {{0, 0.5}}};
  h.base = {0.5, 0.5};
  h.bursts = {{100 * kMs, 400 * kMs, 1500 * kMs}};
  return h;
}
void set(ReliefHistory& h, std::size_t level, std::int64_t ms, std::optional<double> cores) { h.levels[level].push_back({ms * kMs, cores}); }
Relief of(const ReliefHistory& h, LeaseSight sight = LeaseSight::quota) { return judge_relief(h, sight).at(0); }

TEST(Relief, IsWhenTheLastLevelGivesIt) {
  auto h = history();
  set(h, 1, 112, 1.5);
  set(h, 0, 113, 1.0);
  EXPECT_EQ(of(h).how, Relief::How::relieved);
  EXPECT_EQ(of(h).after, 13 * kMs);
  EXPECT_EQ(of(h).idle, 1500 * kMs);
}

TEST(Relief, LessThanItWantsIsNone) {
  auto h = history();
  set(h, 0, 112, 0.9);
  set(h, 1, 112, 0.9);
  EXPECT_EQ(of(h).how, Relief::How::ended);
  h.wants = 0.9;
  EXPECT_EQ(of(h).after, 12 * kMs);
}

TEST(Relief, ALevelThatWentDownAgainDoesNotCount) {
  auto h = history();
  set(h, 0, 110, 1.0);
  set(h, 0, 120, 0.5);
  set(h, 1, 130, 1.0);
  set(h, 0, 150, std::nullopt);
  EXPECT_EQ(of(h).after, 50 * kMs) << "at 130 the container had been taken down, at 150 both give it";
}

TEST(Relief, AfterTheBurstIsTooLate) {
  auto h = history();
  set(h, 0, 401, 2.0);
  set(h, 1, 401, 2.0);
  EXPECT_EQ(of(h).how, Relief::How::ended);
}

TEST(Relief, OneThatHadALeaseIsCountedApartWhateverItWanted) {
  auto h = history();
  for (const std::size_t level : {0, 1}) set(h, level, 50, 0.8);
  EXPECT_EQ(of(h).how, Relief::How::leased);
  for (const std::size_t level : {0, 1}) set(h, level, 120, 1.2);
  EXPECT_EQ(of(h).how, Relief::How::leased);
  EXPECT_EQ(of(h).after, 20 * kMs);
  auto pod_only = history();
  set(pod_only, 1, 50, 2.0);
  EXPECT_EQ(of(pod_only).how, Relief::How::ended) << "a pod's quota alone is no lease";
}

/// Looks every 4 ms; it runs in [from, to), in ms.
void runs(ReliefHistory& h, std::int64_t from, std::int64_t to) {
  std::int64_t used = h.usage.empty() ? 0 : h.usage.back().second;
  for (std::int64_t at = h.usage.empty() ? 90 : h.usage.back().first / kMs + 4; at <= to; at += 4) {
    if (at > from) used += 4 * kMs;
    h.usage.emplace_back(at * kMs, used);
  }
}

TEST(Relief, OfAHiddenLeaseIsFromWhenItRunsThrough) {
  auto through = history();
  runs(through, 100, 410);
  EXPECT_EQ(of(through, LeaseSight::running).after, 0);
  auto stopped = history();
  runs(stopped, 100, 150);
  runs(stopped, 230, 410);   // throttled meanwhile
  EXPECT_EQ(of(stopped, LeaseSight::running).how, Relief::How::relieved);
  EXPECT_NEAR(static_cast<double>(of(stopped, LeaseSight::running).after), 132 * kMs, 4 * kMs);
  auto ended = history();
  runs(ended, 100, 150);
  runs(ended, 500, 510);
  EXPECT_EQ(of(ended, LeaseSight::running).how, Relief::How::ended);
}

std::vector<Relief> reliefs(int count, seconds idle) {
  std::vector<Relief> out;
  for (int i = 1; i <= count; ++i) out.push_back({Relief::How::relieved, idle / nanoseconds{1}, i * kMs / 10});
  return out;
}

TEST(Relief, TheTailOfFewerThanAHundredIsNoValue) {
  const Arm arm{"headroom", ArmKind::daemon, "headroom", "auto"};
  for (const auto& [idle, stat] : {std::pair{seconds{1}, "relief_fast_p99"}, {seconds{5}, "relief_between_p99"}, {seconds{12}, "relief_idle_p99"}}) {
    Outcomes few, enough;
    report_relief(arm, reliefs(99, idle), few);
    report_relief(arm, reliefs(100, idle), enough);
    EXPECT_TRUE(few.values.empty()) << stat;
    ASSERT_EQ(enough.values.size(), 1u);
    EXPECT_EQ(enough.values.begin()->first, std::pair(arm.name, std::string(stat)));
    EXPECT_NEAR(enough.values.begin()->second, 9.9, 0.01);
  }
}

TEST(Relief, FindingsAreByHowLongItHadRested) {
  auto all = reliefs(100, seconds{1});
  all.push_back({Relief::How::relieved, seconds{12} / nanoseconds{1}, 90 * kMs});
  all.push_back({Relief::How::leased, 0, 0});
  all.push_back({Relief::How::ended, 0, 0});
  Outcomes out;
  report_relief({"headroom", ArmKind::daemon, "headroom", "auto"}, all, out);
  std::map<std::string, Finding> by_name;
  for (const auto& f : out.findings) by_name.emplace(f.name, f);
  EXPECT_NEAR(by_name.at("relief on the fast clock: p99 of 100").value, 9.9, 0.01);
  EXPECT_EQ(by_name.at("relief after 10 s of idleness: p99 of 1").value, 90);
  EXPECT_EQ(by_name.at("bursts with a lease at their beginning").value, 1);
  EXPECT_EQ(by_name.at("bursts that ended before relief").value, 1);
}

}  // namespace
}  // namespace headroom::lab
