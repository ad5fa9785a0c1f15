// Policy `harmful` lends the ceiling to everybody who may borrow, and to nobody else.
#include <gtest/gtest.h>

#include "tests/policies/small_node.hpp"

namespace headroom::testing {
namespace {

TEST(HarmfulPolicy, LendsTheCeilingToBorrowersHoweverBusyTheNodeIsAndNothingToOthers) {
  SmallNode node;
  const Slot step = node.pod("step", 1, MilliCpu{200}), service = node.pod("service", 2, MilliCpu{500});
  for (const Slot s : {step, service}) {
    node.states[s].counted = true;
    node.run(s, MilliCpu{190}, milliseconds{10});
  }
  node.node.state = LoadState::overload;
  Faults none;
  const auto policy = make_policy("harmful", {}, none);
  const Desired first = node.decide(*policy), later = node.decide(*policy);
  for (const Desired* d : {&first, &later}) {
    ASSERT_EQ(d->leases.size(), 1u) << "a lease is asked for at every tick";
    EXPECT_EQ(d->leases[0].slot, step);
    EXPECT_EQ(d->leases[0].cores, MilliCpu{2000}) << "two CPUs are less than its class allows";
  }
}

}  // namespace
}  // namespace headroom::testing
