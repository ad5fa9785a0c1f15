// One message for a fault, however often it happens; what a denied write says; whose denial it is.
#include "agent/told.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/accounting.hpp"
#include "agent/denied.hpp"

namespace headroom {
namespace {

using testing::HasSubstr;

const Error kBroken{Errc::io, "cpu.stat of /a", "Input/output error"};

class NoSource final : public Source {
 public:
  Sample observe(const ReadPlan&) override { return next; }
  const Catalog& catalog() const override { return empty; }
  Sample next;
  Catalog empty;
};

TEST(Told, AFaultOfEveryTickIsOneMessage) {
  Told told;
  TimePoint t{seconds{100}};
  EXPECT_TRUE(told.news(kBroken, t));
  for (int tick = 0; tick < 30'000; ++tick) EXPECT_FALSE(told.news(kBroken, t += milliseconds{10}));
  EXPECT_TRUE(told.news({Errc::denied, kBroken.where, "other"}, t)) << "another code is another fault";
  EXPECT_TRUE(told.news({Errc::io, "cpu.stat of /b", "same"}, t)) << "another file is another fault";
  EXPECT_FALSE(told.news({Errc::io, kBroken.where, "got 17 bytes"}, t)) << "the wording is not told apart";
}

TEST(Told, WhatWasAwayForAMinuteIsNewsAgain) {
  Told told;
  const TimePoint t{seconds{100}};
  EXPECT_TRUE(told.news(kBroken, t));
  EXPECT_FALSE(told.news(kBroken, t + seconds{59}));
  EXPECT_TRUE(told.news(kBroken, t + seconds{59} + Told::kAway));
}

TEST(Told, RemembersNoMoreThanItMay) {
  Told told;
  TimePoint t{seconds{100}};
  for (int n = 0; n < 50'000; ++n) {
    (void)told.news({Errc::io, "cpu.stat of /" + std::to_string(n), ""}, t += milliseconds{1});
    ASSERT_LE(told.size(), Told::kMost);
  }
}

TEST(Told, ForgetsWhoIsGoneThoughThereIsRoom) {
  Told told;
  TimePoint t{seconds{100}};
  for (int n = 0; n < 1000; ++n) {
    (void)told.news({Errc::io, "cpu.stat of /" + std::to_string(n), ""}, t += seconds{1});
    ASSERT_LE(told.size(), 121U) << "groups come and go for hours";
  }
}

TEST(Blindness, IsOneMessageTogetherWithWhatItComesOf) {
  Log log(LogLevel::error, LogFormat::text);
  Accounting accounting(log);
  NoSource source;
  NoticingSource noticing(source, accounting);
  source.next.failed = true;
  source.next.faults = {kBroken, {Errc::io, "cpu.stat of /b", "x"}, {Errc::io, "cpu.stat of /c", "x"}, {Errc::io, "cpu.stat of /d", "x"}};
  noticing.observe({});
  source.next.faults.clear();   // a fault is told once by whoever reads
  for (int tick = 0; tick < 500; ++tick) noticing.observe({});
  Report report;
  accounting.fill(report);
  ASSERT_THAT(report.events, testing::SizeIs(1));
  EXPECT_THAT(report.events[0], HasSubstr("failed as a whole: cpu.stat of /a: Input/output error"));
  EXPECT_THAT(report.events[0], HasSubstr("and 1 more"));
}

TEST(Blindness, IsSaidAtItsBeginAndAtItsEnd) {
  Log log(LogLevel::error, LogFormat::text);
  Accounting accounting(log);
  NoSource source;
  NoticingSource noticing(source, accounting);
  Report report;
  const auto events = [&] {
    accounting.fill(report);
    return report.events;
  };
  source.next.failed = true;
  for (int tick = 0; tick < 500; ++tick) noticing.observe({});
  ASSERT_THAT(events(), testing::SizeIs(1));
  source.next.failed = false;
  for (int tick = 0; tick < 5; ++tick) noticing.observe({});
  ASSERT_THAT(events(), testing::SizeIs(1)) << "a tick that did not look at the node proves nothing";
  source.next.node.emplace().usage = seconds{1};
  for (int tick = 0; tick < 500; ++tick) noticing.observe({});
  ASSERT_THAT(events(), testing::SizeIs(2));
  EXPECT_THAT(report.events[1], HasSubstr("after 500"));
}

std::vector<Outcome> outcomes_of(const Error& error) {
  Outcome o;
  o.error = error;
  return {o};
}

TEST(Denied, TheFirstWriteDecidesForAllOfThem) {
  const Hierarchy where;
  SinkCounters written;
  const Error denied{Errc::denied, "cpu.cfs_quota_us of /a", "Permission denied"};
  EXPECT_NE(all_denied(outcomes_of(denied), written, where), nullptr);
  EXPECT_EQ(all_denied(outcomes_of({Errc::io, denied.where, "Input/output error"}), written, where), nullptr);
  EXPECT_EQ(all_denied(outcomes_of({Errc::denied, "fence", "raised by the guard"}), written, where), nullptr);
  EXPECT_EQ(all_denied({}, written, where), nullptr);
  written.count(CpuFile::quota, WriteKind::settings, WriteResult::ok, microseconds{30});
  EXPECT_EQ(all_denied(outcomes_of(denied), written, where), nullptr) << "others could be written: it is this file's";
  const SinkCounters next = written.carried_on();
  EXPECT_NE(all_denied(outcomes_of(denied), next, where), nullptr) << "enforce was tried again: its first write decides anew";
  EXPECT_EQ(next.total(), written.total()) << "but what is counted never goes back";
}

TEST(Denied, TheReasonNamesTheFileTheErrorAndWhatForbidsIt) {
  const std::string text = not_enforcing({Errc::denied, "/proc/sys/kernel", "Read-only file system"}, Hierarchy{});
  EXPECT_THAT(text, HasSubstr("not enforcing: /proc/sys/kernel: Read-only file system; "));
  EXPECT_THAT(not_enforcing({Errc::io, "inotify", "Too many open files"}, Hierarchy{}),
              testing::EndsWith("Too many open files"));
}

}  // namespace
}  // namespace headroom
