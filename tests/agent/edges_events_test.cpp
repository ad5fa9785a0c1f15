// What a batch of inotify events and our own writes add up to. The kernel's order is taken from KERNEL 3 and 15.
#include <gtest/gtest.h>

#include "agent/kernel_source_events.hpp"

namespace headroom {
namespace {

using What = FileEvent::What;
using Event = WatchEvent::What;

struct Story : ::testing::Test {
  EventFold fold{false};
  TimePoint now{seconds{100}};

  Story() { fold.learn(0, CpuFile::quota, "50000"); }
  void own(const char* text, OwnKind kind = OwnKind::setting) {
    fold.own_write({0, 1, CpuFile::quota, text, kind, now});
    see(Event::modified);
  }
  void see(Event what) { fold.event(0, {what, "c", "cpu.cfs_quota_us"}); }
  std::optional<What> told(const char* present) {
    const auto batches = fold.take();
    if (batches.size() != 1) return std::nullopt;
    return fold.judge(batches[0], std::string(present), now);
  }
  void later(nanoseconds span) { now += span; }
};

TEST_F(Story, OurOwnWriteIsNobodysEvent) {
  own("80000");
  EXPECT_EQ(told("80000"), std::nullopt);
}

TEST_F(Story, ARefillAloneIsNotEvenRead) {
  own("50000", OwnKind::refill);
  EXPECT_FALSE(EventFold::worth_reading(fold.take().at(0)));
}

TEST_F(Story, SomebodysAcceptedWriteChanges) {
  see(Event::modified);
  see(Event::closed_write);
  EXPECT_EQ(told("20000"), What::changed);
}

TEST_F(Story, SomebodysSameValueHasSpokenToo) {
  see(Event::modified);
  see(Event::closed_write);
  EXPECT_EQ(told("50000"), What::changed);
}

TEST_F(Story, CloseWithoutModifyWasRefused) {
  see(Event::closed_write);
  EXPECT_EQ(told("50000"), What::refused);
}

TEST_F(Story, RefusedAlsoWhereOursCameAfterIt) {
  see(Event::closed_write);
  own("80000");
  EXPECT_EQ(told("80000"), What::refused);
}

TEST_F(Story, OneOfOursInTheSameBatchWithOurValueOvertook) {
  see(Event::modified);
  own("80000");
  see(Event::closed_write);
  EXPECT_EQ(told("80000"), What::overtaken);
}

TEST_F(Story, OneOfOursInTheSameBatchWithTheirValueDidNotOvertake) {
  own("80000");
  see(Event::modified);
  see(Event::closed_write);
  EXPECT_EQ(told("20000"), What::changed);
}

TEST_F(Story, TheCloseMayComeABatchLater) {
  see(Event::modified);
  EXPECT_EQ(told("20000"), What::changed);
  later(milliseconds{10});
  see(Event::closed_write);
  EXPECT_EQ(told("20000"), std::nullopt);
}

TEST_F(Story, AKeptFdMayBeClosedLongAfterItsWrite) {
  see(Event::modified);
  EXPECT_EQ(told("20000"), What::changed);
  later(seconds{5});
  see(Event::closed_write);
  EXPECT_EQ(told("20000"), std::nullopt);
}

TEST_F(Story, OvertakenIsNotLostWhereTheCloseComesABatchLater) {
  see(Event::modified);
  own("80000");
  EXPECT_EQ(told("80000"), std::nullopt);
  later(milliseconds{10});
  see(Event::closed_write);
  EXPECT_EQ(told("80000"), What::overtaken);
}

struct RefillStory : Story {
  void refill() {
    fold.own_write({0, 1, CpuFile::burst, "0", OwnKind::refill, now});
    fold.event(0, {Event::modified, "c", "cpu.cfs_burst_us"});
  }
  void foreign() {
    see(Event::modified);
    see(Event::closed_write);
  }
  /// What is told of the quota's file.
  std::optional<What> quota_told(const char* present) {
    std::optional<What> what;
    for (const auto& batch : fold.take())
      if (batch.file == CpuFile::quota) what = fold.judge(batch, std::string(present), now);
    return what;
  }
};

TEST_F(RefillStory, AValueThatDoesNotShowBesideARefillWasOvertakenByIt) {
  foreign();
  refill();
  EXPECT_EQ(quota_told("50000"), What::overtaken);
}

TEST_F(RefillStory, AlsoWhereItsEventsComeABatchLater) {
  refill();
  EXPECT_EQ(quota_told("50000"), std::nullopt);
  later(milliseconds{10});
  foreign();
  EXPECT_EQ(quota_told("50000"), What::overtaken);
}

TEST_F(RefillStory, AlsoWhereWeWereAsleepAfterTheRefill) {
  refill();
  later(seconds{3});
  foreign();
  EXPECT_EQ(quota_told("50000"), What::overtaken);
}

TEST_F(RefillStory, AValueThatShowsStands) {
  refill();
  foreign();
  EXPECT_EQ(quota_told("20000"), What::changed);
}

TEST_F(RefillStory, LongAfterARefillTheSameValueIsTheirs) {
  refill();
  EXPECT_EQ(quota_told("50000"), std::nullopt);
  later(seconds{1});
  foreign();
  EXPECT_EQ(quota_told("50000"), What::changed);
}

TEST_F(RefillStory, WhatWasRefusedCouldNotBeOvertaken) {
  refill();
  see(Event::closed_write);
  EXPECT_EQ(quota_told("50000"), What::refused);
}

TEST_F(Story, LongAfterOursARefusedDecreaseIsRefusedOnly) {
  own("80000");
  EXPECT_EQ(told("80000"), std::nullopt);
  later(seconds{1});
  see(Event::closed_write);
  EXPECT_EQ(told("80000"), What::refused);
}

TEST_F(Story, AnotherLifeOfTheSlotRemembersNothing) {
  own("80000");
  fold.forget(0);
  EXPECT_TRUE(fold.take().empty());
  EXPECT_EQ(fold.known(0, CpuFile::quota), nullptr);
}

TEST(EventNames, EveryDoorToASettingIsKnownAndNothingElse) {
  EXPECT_EQ(cpu_file("cpu.cfs_quota_us", false), CpuFile::quota);
  EXPECT_EQ(cpu_file("cpu.cfs_period_us", false), CpuFile::period);
  EXPECT_EQ(cpu_file("cpu.max.burst", true), CpuFile::burst);
  EXPECT_EQ(cpu_file("cpu.weight.nice", true), CpuFile::shares);
  EXPECT_EQ(cpu_file("cgroup.procs", false), std::nullopt);
}

}  // namespace
}  // namespace headroom
