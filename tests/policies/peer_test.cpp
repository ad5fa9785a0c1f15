// What the policies that follow another agent's law share.
#include "policies/peer.hpp"

#include <gtest/gtest.h>

#include "tests/policies/peer_node.hpp"

namespace headroom::testing {
namespace {

GroupState group(std::uint64_t id, nanoseconds at, nanoseconds usage, ThrottleCounters throttle) {
  GroupState g;
  g.id = id;
  g.read_at = TimePoint{at};
  g.usage = usage;
  g.throttle = throttle;
  return g;
}

TEST(PeerLook, TellsWhatMovedOnlyBetweenTwoReadingsOfOneLife) {
  using Kind = Step::Kind;
  Counters c;
  const ThrottleCounters some{10, 3, milliseconds{30}};
  EXPECT_EQ(look(c, group(1, {}, {}, {}), seconds{1}).kind, Kind::unread);
  EXPECT_EQ(look(c, group(1, seconds{10}, seconds{5}, some), seconds{1}).kind, Kind::anew);
  EXPECT_EQ(look(c, group(1, seconds{10}, seconds{5}, some), seconds{1}).kind, Kind::unread);
  const Step moved = look(c, group(1, seconds{12}, seconds{6}, {30, 4, milliseconds{31}}), seconds{1});
  EXPECT_EQ(moved.kind, Kind::moved);
  EXPECT_EQ(moved.wall, seconds{2});
  EXPECT_EQ(moved.used, seconds{1});
  EXPECT_EQ(moved.throttle, (ThrottleCounters{20, 1, milliseconds{1}}));
  EXPECT_EQ(look(c, group(1, seconds{14}, seconds{5}, {31, 4, milliseconds{31}}), seconds{1}).kind, Kind::anew) << "use went back";
  EXPECT_EQ(look(c, group(1, seconds{16}, seconds{6}, {3, 4, milliseconds{31}}), seconds{1}).kind, Kind::anew) << "periods did";
  EXPECT_EQ(look(c, group(2, seconds{18}, seconds{7}, {4, 4, milliseconds{31}}), seconds{1}).kind, Kind::anew) << "another life";
}

TEST(PeerCycle, IsDueUpToATenthEarly) {
  const TimePoint last{seconds{100}};
  EXPECT_TRUE(cycle_due(last, TimePoint{}, seconds{1}));
  EXPECT_FALSE(cycle_due(last + milliseconds{899}, last, seconds{1}));
  EXPECT_TRUE(cycle_due(last + milliseconds{900}, last, seconds{1}));
}

TEST(Peer, TreatsPlainGroupsOnlyWhereARuleLetsThemBorrow) {
  PeerNode node;
  const Slot named = node.add("workflow", node.root, GroupKind::scope, kStep), other = node.add("ssh.scope", node.root, GroupKind::scope, 0),
             slice = node.add("kubepods-x", node.root, GroupKind::qos, kStep);
  for (const Slot s : {named, other, slice}) node.own(s, MilliCpu{500});
  EXPECT_EQ(untreated(node.snapshot(), named), Because::none);
  EXPECT_EQ(untreated(node.snapshot(), other), Because::refuse_class);
  EXPECT_EQ(untreated(node.snapshot(), slice), Because::refuse_class);
  node.states[named].own.certain = false;
  EXPECT_EQ(untreated(node.snapshot(), named), Because::refuse_uncertain);
  EXPECT_EQ(untreated(node.snapshot(), 1000), Because::refuse_unread);
}

}  // namespace
}  // namespace headroom::testing
