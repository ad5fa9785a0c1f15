// What policy headroom does when a neighbour has waited: who pays, how soon, and how long it keeps off.
#include "tests/policies/headroom_fixture.hpp"

namespace headroom::testing {
namespace {

TEST_F(HeadroomPolicy, HarmTakesTheLargestAndNewestFirstAndNamesTheNeighbour) {
  lend(step);
  node.pass(milliseconds{50});
  node.run(step, MilliCpu{1500}, milliseconds{20});
  node.run(other, MilliCpu{2000}, milliseconds{20});
  node.decide(*p);
  ASSERT_EQ(p->leases().size(), 2u);
  const auto biggest = p->leases()[0].cores > p->leases()[1].cores ? p->leases()[0].slot : p->leases()[1].slot;
  node.pass(milliseconds{10});
  node.read(service);
  node.states[service].harm_100ms = milliseconds{60};
  node.states[service].harm_window_end = node.now;
  const Desired d = node.decide(*p);
  ASSERT_NE(want_for(d, biggest), nullptr);
  EXPECT_EQ(want_for(d, biggest)->cores, MilliCpu{0});
  EXPECT_EQ(want_for(d, biggest)->why.because, Because::revoke_harm);
  EXPECT_EQ(want_for(d, biggest)->why.neighbour, service);
  node.pass(milliseconds{10});
  node.run(biggest, MilliCpu{2000}, milliseconds{40});
  EXPECT_EQ(want_for(node.decide(*p), biggest), nullptr) << "no lease again within the backoff";
}

/// A window in which the service waited so long, when it has waited so much of a contract of 600 ms.
struct HarmCase {
  int window_ms, minute_ms;
  bool young;
  bool revoked;
};

TEST_F(HeadroomPolicy, TheContractsMinuteIsSpentOnNewStepsFirst) {
  node.node.contract_budget = milliseconds{600};
  const auto first_seen = node.catalog.groups[step]->first_seen;
  for (const HarmCase& c : {HarmCase{5, 290, false, false}, {5, 310, false, true}, {5, 310, true, false}, {5, 530, true, false},
                            {5, 550, true, true}, {2, 590, false, false}, {2, 590, true, false}, {60, 60, true, true}}) {
    lend(step);
    ASSERT_EQ(p->leases().size(), 1u);
    node.catalog.groups[step]->first_seen = c.young ? node.now - seconds{3} : first_seen;
    node.pass(milliseconds{10});
    node.run(step, MilliCpu{1500}, milliseconds{20});
    node.read(service);
    node.states[service].harm_100ms = milliseconds{c.window_ms};
    node.states[service].harm_minute = milliseconds{c.minute_ms};
    node.states[service].harm_window_end = node.now;
    node.decide(*p);
    EXPECT_EQ(p->leases().empty(), c.revoked) << c.window_ms << " ms of " << c.minute_ms << (c.young ? ", new" : "");
    // A new step may ask again after a quarter of the backoff.
    node.pass(milliseconds{600});
    node.run(step, MilliCpu{2000}, milliseconds{40});
    node.decide(*p);
    EXPECT_EQ(p->leases().empty(), c.revoked && !c.young);
    node.pass(seconds{5});
    node.run(step, MilliCpu{0}, milliseconds{0});
    node.decide(*p);
  }
}

TEST_F(HeadroomPolicy, WhoHurtsAgainAndAgainWaitsTwiceAsLongEachTime) {
  node.node.contract_budget = milliseconds{600};
  const auto hurt = [&] {
    node.read(service);
    node.states[service].harm_100ms = milliseconds{60};
    node.states[service].harm_window_end = node.now;
    node.decide(*p);
    EXPECT_TRUE(p->leases().empty());
    const TimePoint from = node.now;
    for (int i = 0; p->leases().empty() && node.now - from < seconds{200}; ++i) {
      node.pass(milliseconds{100});
      rest_every(i, 50);
      node.run(step, MilliCpu{2000}, milliseconds{40});
      node.decide(*p);
    }
    return std::chrono::duration_cast<milliseconds>(node.now - from);
  };
  lend(step);
  for (const int seconds_each : {2, 4, 8, 16, 32, 64, 64}) EXPECT_EQ(hurt(), milliseconds{1000 * seconds_each});
  for (int i = 0; i < 700; ++i) {
    node.pass(milliseconds{100});
    rest_every(i, 50);
    node.run(step, MilliCpu{2000}, milliseconds{40});
    node.decide(*p);
  }
  EXPECT_EQ(hurt(), seconds{2}) << "a minute without harm is forgotten";
}

TEST_F(HeadroomPolicy, WhoNeverRestsHasATenthOfTheMinuteAndWaitsLonger) {
  node.node.contract_budget = milliseconds{600};
  for (const bool rests : {true, false}) {
    node.run(step, MilliCpu{0}, milliseconds{0});
    node.decide(*p);
    for (int i = 0; i < 110; ++i) {   // a tenth longer than the longest burst
      node.pass(milliseconds{100});
      if (rests) rest_every(i, 50);
      node.run(step, MilliCpu{600}, milliseconds{40});
      node.decide(*p);
    }
    ASSERT_EQ(p->leases().size(), 1u);
    node.read(service);
    node.states[service].harm_100ms = milliseconds{5};
    node.states[service].harm_minute = milliseconds{100};
    node.states[service].harm_window_end = node.now;
    node.decide(*p);
    EXPECT_EQ(p->leases().empty(), !rests);
  }
  const TimePoint from = node.now;
  while (p->leases().empty() && node.now - from < seconds{200}) {
    node.pass(milliseconds{100});
    node.run(step, MilliCpu{600}, milliseconds{40});
    node.decide(*p);
  }
  EXPECT_EQ(node.now - from, seconds{16});
}

TEST_F(HeadroomPolicy, WhatIsTakenBackForTheMinuteIsNoMoreThanWasWaitedFor) {
  node.node.contract_budget = milliseconds{600};
  lend(step);
  node.run(step, MilliCpu{1500}, milliseconds{20});
  node.run(other, MilliCpu{2000}, milliseconds{20});
  node.decide(*p);
  ASSERT_EQ(p->leases().size(), 2u);
  node.pass(milliseconds{10});
  node.read(service);
  node.states[service].harm_100ms = milliseconds{5};
  node.states[service].harm_minute = milliseconds{400};
  node.states[service].harm_window_end = node.now;
  node.run(step, MilliCpu{1500}, milliseconds{20});
  node.run(other, MilliCpu{2000}, milliseconds{20});
  node.decide(*p);
  EXPECT_EQ(p->leases().size(), 1u) << "5 ms of 100 are a twentieth of a CPU: one lease is more than that";
}

}  // namespace
}  // namespace headroom::testing
