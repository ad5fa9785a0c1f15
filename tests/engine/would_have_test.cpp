// What another policy would have done with a journal's inputs.
#include <gtest/gtest.h>

#include "engine/would_have.hpp"
#include "tests/engine/random_node.hpp"

namespace headroom {
namespace {

using test::RandomNode;

/// A drawn node under one policy, as a journal.
std::string recorded(const std::string& policy, std::uint64_t seed, int ticks = 1500) {
  RandomNode node(seed);
  Engine engine = node.engine(policy);
  JournalEncoder encoder;
  std::string out(kJournalMagic);
  for (int i = 0; i < ticks; ++i) {
    const TickResult r = tick(node, node, engine);
    if (i > 0) encoder.tick(static_cast<std::uint64_t>(i), r.sample, r.snapshot.catalog, engine.rails, r.plan, out);
    else encoder.checkpoint(0, r.snapshot.at, engine, r.snapshot.catalog, out);
  }
  return out;
}

WouldHave with(const std::string& policy, const std::string& journal) {
  auto other = Counterfactual::of(policy);
  EXPECT_TRUE(other);
  Replay replay({journal});
  std::uint64_t begun = 0;
  while (const Replay::Tick* tick = replay.next()) {
    if (begun != replay.count().begun) {
      EXPECT_TRUE(other->begin(replay.begun_at()));
    }
    begun = replay.count().begun;
    other->tick(*tick);
  }
  EXPECT_FALSE(replay.error());
  return other->sums();
}

TEST(WouldHave, APolicyThatNeverWritesAvoidsNothingAndCostsNothing) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const WouldHave w = with("static", recorded("headroom", seed));
    EXPECT_EQ(w.ticks, 1499u);
    EXPECT_EQ(w.settings + w.refills + w.raised, 0u);
    EXPECT_EQ(w.avoided + w.from_neighbours + w.raised_for, nanoseconds{0});
  }
}

TEST(WouldHave, LendingAvoidsAPartOfWhatWasThrottledAndNeverMore) {
  std::uint64_t raised = 0;
  nanoseconds avoided{0};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const WouldHave w = with("headroom", recorded("static", seed));
    EXPECT_LE(w.avoided, w.throttled) << seed;
    EXPECT_GE(w.from_neighbours, nanoseconds{0});
    raised += w.raised;
    avoided += w.avoided;
  }
  EXPECT_GT(raised, 20u);
  EXPECT_GT(avoided, nanoseconds{0});
}

TEST(WouldHave, TheSameJournalGivesTheSameAnswerWhateverItsPolicyHadWritten) {
  const std::string journal = recorded("headroom", 7);
  const WouldHave once = with("headroom", journal), again = with("headroom", journal);
  EXPECT_EQ(once.settings, again.settings);
  EXPECT_EQ(once.avoided, again.avoided);
}

TEST(WouldHave, AnUnknownPolicyIsRefusedByName) {
  const auto other = Counterfactual::of("hedroom");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().detail.find("headroom"), std::string::npos);
}

}  // namespace
}  // namespace headroom
