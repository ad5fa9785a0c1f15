// Three pods for the tests of policy headroom: two steps that may borrow, and a service that may not.
#pragma once

#include <gtest/gtest.h>

#include "tests/policies/small_node.hpp"

namespace headroom::testing {

constexpr std::uint32_t kStep = 1, kLatency = 2;

struct HeadroomPolicy : ::testing::Test {
  SmallNode node;
  std::unique_ptr<Policy> p = policy("headroom");
  Slot step = node.pod("s1", kStep, MilliCpu{500});
  Slot other = node.pod("s2", kStep, MilliCpu{500});
  Slot service = node.pod("n1", kLatency, MilliCpu{1000});

  void lend(Slot slot) {
    node.run(slot, MilliCpu{2000}, milliseconds{20});
    ASSERT_NE(want_for(node.decide(*p), slot), nullptr);
    ASSERT_FALSE(p->leases().empty());
  }
  /// Every n-th time the step pauses.
  void rest_every(int i, int n) {
    if (i % n != 0) return;
    node.run(step, MilliCpu{0}, milliseconds{0});
    node.decide(*p);
  }
};

}  // namespace headroom::testing
