// A lease rests on what is read of its borrower: where nothing can be read any more, it ends by itself.
#include <gtest/gtest.h>

#include "tests/policies/small_node.hpp"

namespace headroom::testing {
namespace {

TEST(UnreadLease, EndsAfterASecondAndSaysThatItWasBlind) {
  SmallNode node;
  const Slot dark = node.pod("a", 1, MilliCpu{500}), seen = node.pod("b", 1, MilliCpu{500});
  const auto p = policy("headroom");
  for (const Slot s : {dark, seen}) node.run(s, MilliCpu{1500}, milliseconds{40});
  const Desired begun = node.decide(*p);
  ASSERT_NE(want_for(begun, dark), nullptr);
  ASSERT_NE(want_for(begun, seen), nullptr);
  Reason why;
  bool ended = false;
  for (int tick = 0; tick < 120 && !ended; ++tick) {
    node.pass(milliseconds{10});
    node.run(seen, MilliCpu{1500}, milliseconds{40});   // its pod's neighbour goes on being read, and wanting
    const Desired d = node.decide(*p);
    ended = want_for(d, dark) != nullptr && want_for(d, dark)->cores == MilliCpu{0};
    if (ended) {
      why = want_for(d, dark)->why;
      EXPECT_GT(tick, 98) << "a reading may be late";
    }
    ASSERT_NE(want_for(d, seen), nullptr);
    EXPECT_GT(want_for(d, seen)->cores, MilliCpu{500}) << "one that cannot be read costs the others nothing";
  }
  ASSERT_TRUE(ended) << "it was lent CPU on a rate that nobody has seen for over a second";
  EXPECT_EQ(why.because, Because::revoke_blind);
}

}  // namespace
}  // namespace headroom::testing
