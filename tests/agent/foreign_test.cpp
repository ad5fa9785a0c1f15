// Who is said to have written: what is told at once, what systemd is asked first, and what a reload comes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/accounting.hpp"
#include "agent/sources/name_board.hpp"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

struct Foreign : testing::Test {
  Catalog catalog;
  Log log{LogLevel::error, LogFormat::text};
  Accounting accounting{log};
  TimePoint at{seconds{100}};

  Slot group(const std::string& path, GroupKind kind) {
    Group g;
    g.path = path;
    g.identity.kind = kind;
    g.id = catalog.groups.size() + 1;
    catalog.groups.push_back(g);
    return static_cast<Slot>(catalog.groups.size() - 1);
  }
  void wrote(std::initializer_list<Slot> slots, bool reload, FileEvent::What what = FileEvent::What::changed) {
    Sample sample;
    sample.at = at;
    for (const Slot s : slots) sample.events.push_back({s, catalog.groups[s]->id, FileEvent::File::bandwidth, what, at, reload});
    accounting.noticed(sample, catalog);
  }
  Report report() const {
    Report r;
    accounting.fill(r);
    return r;
  }
};

TEST_F(Foreign, AWriteToAUnitIsToldWhenSystemdHasBeenAsked) {
  const Slot unit = group("dflow.slice/run-u1.scope", GroupKind::scope), plain = group("batch/a", GroupKind::other);
  wrote({unit, plain}, false);
  EXPECT_THAT(report().foreign_writes, ElementsAre(Pair("bandwidth unknown", 1)));
  const auto asked = accounting.take_unit_events();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].slot, unit);
  EXPECT_THAT(accounting.take_unit_events(), IsEmpty());
  accounting.foreign(asked[0], catalog.groups[unit]->path, "systemd");
  EXPECT_THAT(report().foreign_writes, ElementsAre(Pair("bandwidth systemd", 1), Pair("bandwidth unknown", 1)));
  EXPECT_THAT(report().events.back(), HasSubstr("/dflow.slice/run-u1.scope"));
}

TEST_F(Foreign, WhoMakesAGroupIsCountedAndNotTold) {
  const Slot unit = group("dflow.slice/run-u1.scope", GroupKind::scope);
  catalog.groups[unit]->first_seen = at - milliseconds{20};
  wrote({unit}, false);
  EXPECT_THAT(accounting.take_unit_events(), IsEmpty());
  EXPECT_THAT(report().events, IsEmpty());
  EXPECT_THAT(report().foreign_writes, ElementsAre(Pair("bandwidth unknown", 1)));
  at += seconds{2};
  wrote({unit}, false);
  EXPECT_EQ(accounting.take_unit_events().size(), 1U);
}

TEST_F(Foreign, AContainersScopeIsNoQuestionForSystemd) {
  wrote({group("system.slice/docker-x.scope", GroupKind::container)}, false);
  EXPECT_THAT(accounting.take_unit_events(), IsEmpty());
  EXPECT_THAT(report().foreign_writes, ElementsAre(Pair("bandwidth runtime", 1)));
}

TEST_F(Foreign, AReloadIsOneLineHoweverManyUnitsItWritesTo) {
  const Slot a = group("a.slice/a.service", GroupKind::other), b = group("a.slice", GroupKind::slice);
  wrote({a, b}, true);
  at += milliseconds{50};
  wrote({a, b}, true);
  EXPECT_THAT(report().foreign_writes, ElementsAre(Pair("bandwidth systemd", 4)));
  EXPECT_THAT(report().events, ElementsAre(HasSubstr("systemd reloads")));
  EXPECT_THAT(accounting.take_unit_events(), IsEmpty()) << "it is known who, and that it was taken";
}

TEST_F(Foreign, WhatAReloadTriedInVainIsAskedFor) {
  const Slot a = group("a.slice/a.service", GroupKind::other);
  wrote({a}, true, FileEvent::What::refused);
  EXPECT_EQ(accounting.take_unit_events().size(), 1U);
}

TEST(Reloading, LastsAsLongAsTheSourceHasSaid) {
  NameBoard board;
  const TimePoint now{seconds{100}};
  EXPECT_FALSE(board.reloading(now));
  board.reloads_until(now + seconds{2});
  EXPECT_TRUE(board.reloading(now));
  EXPECT_FALSE(board.reloading(now + seconds{2}));
}

}  // namespace
}  // namespace headroom
