// A journal of a simulated daemon, decided again: as it is, and with one counter changed.
#include <gtest/gtest.h>

#include "engine/journal.hpp"
#include "lab/paths.hpp"
#include "lab/replay.hpp"
#include "lab/simulated.hpp"

namespace headroom::lab {
namespace {

std::string journal_of(const std::string& scenario_name, const std::string& arm_name) {
  const SimBench bench{.cpus = 2, .seed = 1};
  const auto scenario = load_scenario(scenario_name, "").value();
  const auto arm = parse_arm(arm_name, NodeKind::simulated).value();
  const auto rig = SimRig::build(bench, scenario, arm, 0, "").value();
  std::string out(kJournalMagic);
  JournalEncoder encoder;
  std::uint64_t number = 0;
  rig->after_tick = [&](const TickResult& r) {
    if (++number == 1) encoder.checkpoint(number, r.snapshot.at, rig->engine(), r.snapshot.catalog, out);
    else encoder.tick(number, r.sample, r.snapshot.catalog, rig->engine().rails, r.plan, out);
  };
  const TimePoint from = rig->begin(seconds{30});
  EXPECT_TRUE(rig->run_until(from + seconds{30}, ""));
  return out;
}

ReplayCount replayed(const std::string& journal) {
  Replay replay({journal});
  while (replay.next() != nullptr) {
  }
  EXPECT_FALSE(replay.error());
  return replay.count();
}

TEST(ReplayFlip, OneCounterPartsThePlansFromItsTickOn) {
  const auto journal = journal_of("fanout", "headroom-file");
  const auto whole = replayed(journal);
  ASSERT_GT(whole.ticks, 1000U);
  EXPECT_EQ(whole.agreeing, whole.ticks);
  int parted = 0;
  for (std::uint64_t at = whole.ticks / 2; at < whole.ticks; at += whole.ticks / 20) {
    const auto flipped = flip_counter({journal}, at);
    if (!flipped) continue;   // nothing was read after it
    EXPECT_NE(flipped->what.find("50 ms more than was read"), std::string::npos);
    const auto count = replayed(flipped->segments.at(0));
    EXPECT_EQ(count.ticks, whole.ticks);
    const auto other = first_other_state({journal}, *flipped);
    ASSERT_TRUE(other) << flipped->what;
    EXPECT_TRUE(other->starts_with("tick " + std::to_string(flipped->tick) + ": ")) << *other;
    EXPECT_TRUE(count.first_disagreement == 0 || count.first_disagreement >= at);
    parted += count.first_disagreement != 0;
  }
  EXPECT_GE(parted, 5);
  EXPECT_FALSE(first_other_state({journal}, {{journal}, "", 1, 0})) << "nothing is changed";
}

TEST(ReplayFlip, BeyondTheEndThereIsNothingToChange) {
  const auto journal = journal_of("fanout", "headroom-static");
  const auto none = flip_counter({journal}, 1'000'000);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().where, "--flip");
}

}  // namespace
}  // namespace headroom::lab
