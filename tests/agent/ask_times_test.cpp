// When kubelet is asked again.
#include "agent/sources/ask_times.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace headroom {
namespace {

constexpr TimePoint kBegin{seconds{100}};
using Answered = AskTimes::Answered;

const auto kNobody = [](const std::string&) { return false; };
const auto kEverybody = [](const std::string&) { return true; };

/// Asks as soon as it is time, each answer in `cost`; @return when it asked, until `end`.
template <class Knows>
std::vector<nanoseconds> asked_at(AskTimes& times, Knows knows, Answered answered, nanoseconds cost, TimePoint end) {
  std::vector<nanoseconds> out;
  for (TimePoint at = times.next(); at < end; at = times.next()) {
    out.push_back(at - kBegin);
    times.asked(at, at + cost, answered, knows);
  }
  return out;
}

TEST(AskTimes, AtOnceAndThenEveryHalfMinute) {
  AskTimes times(kBegin);
  EXPECT_EQ(asked_at(times, kEverybody, Answered::yes, nanoseconds{0}, kBegin + seconds{61}),
            (std::vector<nanoseconds>{seconds{0}, seconds{30}, seconds{60}}));
}

TEST(AskTimes, AStrangerIsAskedForSoonAndLessAndLessOften) {
  AskTimes times(kBegin);
  times.asked(kBegin, kBegin, Answered::yes, kNobody);
  times.stranger("a", kBegin + seconds{1});
  const auto got = asked_at(times, kNobody, Answered::yes, nanoseconds{0}, kBegin + seconds{20});
  const std::vector<nanoseconds> first{milliseconds{1050}, milliseconds{1250}, milliseconds{1750}, milliseconds{2550}};
  ASSERT_GT(got.size(), first.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), got.begin()));
  EXPECT_EQ(got.back(), milliseconds{18350});
  EXPECT_EQ(times.strangers(), 0U) << "a sandbox is never named";
}

TEST(AskTimes, WhoIsNamedIsAskedForNoMore) {
  AskTimes times(kBegin);
  times.asked(kBegin, kBegin, Answered::yes, kNobody);
  times.stranger("a", kBegin);
  times.asked(times.next(), times.next(), Answered::yes, kEverybody);
  EXPECT_EQ(times.strangers(), 0U);
  EXPECT_GE(times.next(), kBegin + seconds{30});
}

TEST(AskTimes, ContainersOfOnePodShareAnAnswer) {
  AskTimes times(kBegin);
  times.asked(kBegin, kBegin, Answered::yes, kNobody);
  for (int i = 0; i < 40; ++i) times.stranger(std::to_string(i), kBegin + milliseconds{i});
  EXPECT_LE(asked_at(times, kEverybody, Answered::yes, nanoseconds{0}, kBegin + seconds{1}).size(), 1U);
}

TEST(AskTimes, AfterAFailureMoreAndMoreSeldom) {
  AskTimes times(kBegin);
  const auto got = asked_at(times, kNobody, Answered::no, nanoseconds{0}, kBegin + seconds{100});
  std::vector<nanoseconds> gaps;
  for (std::size_t i = 1; i < got.size(); ++i) gaps.push_back(got[i] - got[i - 1]);
  for (std::size_t i = 1; i < gaps.size(); ++i) EXPECT_GE(gaps[i], gaps[i - 1]);
  EXPECT_EQ(gaps.front(), milliseconds{200});
  EXPECT_EQ(gaps.back(), seconds{30});
}

RC_GTEST_PROP(AskTimes, AnswersThatTakeLongTakeAFiftiethOfTheTimeOrAreNineTenthsOfASecondApart, ()) {
  AskTimes times(kBegin);
  const nanoseconds cost = milliseconds{*rc::gen::inRange(0, 200)};
  TimePoint free = kBegin;
  for (int i = 0; i < 200; ++i) {
    times.stranger(std::to_string(i), kBegin + milliseconds{*rc::gen::inRange(0, 60)} * i);
    const TimePoint at = std::max(times.next(), free);
    RC_ASSERT(at >= free);
    times.asked(at, at + cost, Answered::yes, kNobody);
    free = at + cost + std::min<nanoseconds>(50 * cost, milliseconds{900});
    RC_ASSERT(times.next() >= free);
  }
}

RC_GTEST_PROP(AskTimes, AStrangerIsNeverOlderThanASecondWhenItIsAskedFor, ()) {
  AskTimes times(kBegin);
  const nanoseconds cost = milliseconds{*rc::gen::inRange(0, 50)};
  times.asked(kBegin, kBegin + cost, Answered::yes, kNobody);
  const TimePoint came = kBegin + milliseconds{*rc::gen::inRange(50, 2000)};
  times.stranger("a", came);
  RC_ASSERT(times.next() <= std::max(came, kBegin + cost) + seconds{1});
}

RC_GTEST_PROP(AskTimes, WhoIsListedInItsFirstTenSecondsIsKnownASecondLater, ()) {
  AskTimes times(kBegin);
  const nanoseconds cost = milliseconds{*rc::gen::inRange(0, 50)};
  times.stranger("a", kBegin);
  const TimePoint listed = kBegin + milliseconds{*rc::gen::inRange(0, 10'000)};
  TimePoint known = times.next();
  while (times.strangers() > 0 && known < kBegin + seconds{30}) {
    const TimePoint asked = known;
    times.asked(asked, asked + cost, Answered::yes, [&](const std::string&) { return asked >= listed; });
    known = times.strangers() > 0 ? times.next() : asked + cost;
  }
  RC_ASSERT(known <= listed + seconds{1});
}

}  // namespace
}  // namespace headroom
