#include <gtest/gtest.h>

#include "tests/policies/small_node.hpp"

namespace headroom::testing {
namespace {

TEST(StaticPolicy, WatchesAndNeverAsksForAnything) {
  SmallNode node;
  const auto p = policy("static");
  const Slot step = node.pod("s1", 1, MilliCpu{500});
  node.run(step, MilliCpu{2000}, milliseconds{49});
  const Desired d = node.decide(*p);
  EXPECT_TRUE(d.leases.empty() && d.bursts.empty() && d.weights.empty());
}

}  // namespace
}  // namespace headroom::testing
