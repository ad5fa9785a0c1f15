// What is recorded is decided again to the same bytes, from the beginning and from any checkpoint.
#include <gtest/gtest.h>

#include "engine/replay.hpp"
#include "tests/engine/random_node.hpp"

namespace headroom {
namespace {

using namespace test;

/// A run of a drawn node, recorded.
struct Recorded {
  std::vector<std::string> segments;
  std::uint64_t ticks = 0, writes = 0, refills = 0;

  explicit Recorded(std::uint64_t seed, int length = 400, int segment_every = 1'000'000, int checkpoint_every = 97) {
    RandomNode node(seed);
    Engine engine = node.engine();
    JournalEncoder encoder;
    const auto begin = [&](const TickResult& r, std::string& out) {
      encoder.checkpoint(ticks, r.snapshot.at, engine, r.snapshot.catalog, out);
    };
    for (int i = 0; i < length; ++i) {
      if (node.percent(2)) engine.rails.guard_up = !engine.rails.guard_up;
      if (node.percent(1)) engine.rails.off = !engine.rails.off;
      const TickResult r = tick(node, node, engine);
      ++ticks;
      writes += r.plan.writes.size();
      refills += r.plan.refills.size();
      if (!segments.empty()) encoder.tick(ticks, r.sample, r.snapshot.catalog, engine.rails, r.plan, segments.back());
      if (i % segment_every == 0) begin(r, segments.emplace_back(kJournalMagic));
      else if (i % checkpoint_every == 0) begin(r, segments.back());
    }
  }
  std::vector<std::string_view> views() const { return {segments.begin(), segments.end()}; }
};

ReplayCount replayed(const std::vector<std::string_view>& segments, const Replay::Edit& edit = {}) {
  Replay replay(segments);
  while (replay.next(edit) != nullptr) {
  }
  EXPECT_FALSE(replay.error()) << replay.error()->detail;
  return replay.count();
}

TEST(Journal, EveryPlanAndEveryStateIsReachedAgainToTheByte) {
  std::uint64_t writes = 0, refills = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Recorded run(seed);
    const ReplayCount n = replayed(run.views());
    EXPECT_EQ(n.ticks, run.ticks - 1) << "seed " << seed;
    EXPECT_EQ(n.agreeing, n.ticks) << "seed " << seed << ", first at tick " << n.first_disagreement;
    EXPECT_GE(n.states, 4u);
    EXPECT_EQ(n.states_agreeing, n.states) << "seed " << seed;
    writes += run.writes;
    refills += run.refills;
  }
  EXPECT_GT(writes, 1000u) << "the drawn nodes have to make plans at all";
  EXPECT_GT(refills, 100u);
}

TEST(Journal, ASegmentAloneIsEnough) {
  const Recorded run(7, 300, 50);
  ASSERT_EQ(run.segments.size(), 6u);
  for (const std::string& segment : run.segments) {
    const ReplayCount n = replayed({segment});
    EXPECT_GT(n.ticks, 0u);
    EXPECT_EQ(n.agreeing, n.ticks);
  }
  const ReplayCount all = replayed(run.views());
  EXPECT_EQ(all.ticks, 299u);
  EXPECT_EQ(all.states, all.states_agreeing);
  EXPECT_GE(all.states, 5u) << "what a segment begins with is what the one before ended with";
}

/// More CPU in every usage reading of every group.
void work_more(JournalTick& tick) {
  for (Reading& r : tick.sample.readings)
    if (r.usage) *r.usage += milliseconds{static_cast<std::int64_t>(tick.number)};
}

TEST(Journal, AnEditedInputLeadsToOtherPlans) {
  const Recorded run(3);
  const ReplayCount live = replayed(run.views(), work_more);
  EXPECT_LT(live.agreeing, live.ticks) << "the replay would print what is recorded";
  const auto edited = edited_segment(run.segments[0], work_more);
  ASSERT_TRUE(edited);
  const ReplayCount n = replayed({*edited});
  EXPECT_EQ(n.ticks, live.ticks);
  EXPECT_EQ(n.agreeing, live.agreeing) << "an edited journal and an edit on the way are the same";
  EXPECT_NE(n.first_disagreement, 0u);
}

TEST(Journal, RewrittenWithoutAChangeItIsTheSameBytes) {
  const Recorded run(11);
  const auto same = edited_segment(run.segments[0], [](JournalTick&) {});
  ASSERT_TRUE(same);
  EXPECT_TRUE(*same == run.segments[0]);
}

TEST(Journal, AnEditedPlanIsNoticed) {
  const Recorded run(5);
  std::uint64_t changed = 0;
  const auto edited = edited_segment(run.segments[0], [&](JournalTick& tick) {
    if (changed != 0 || tick.plan.writes.empty()) return;
    tick.plan.writes[0].why.credit += nanoseconds{1};
    changed = tick.number;
  });
  ASSERT_TRUE(edited);
  ASSERT_NE(changed, 0u);
  EXPECT_EQ(replayed({*edited}).first_disagreement, changed);
}

TEST(Journal, ATornEndCostsNoMoreThanItsLastFrame) {
  const Recorded run(2, 60);
  const std::string& whole = run.segments[0];
  std::uint64_t before = 0;
  for (std::size_t size = kJournalMagic.size(); size <= whole.size(); size += 1 + size / 40) {
    Replay replay({std::string_view(whole).substr(0, size)});
    while (replay.next() != nullptr) {
    }
    EXPECT_FALSE(replay.error());
    EXPECT_GE(replay.count().ticks, before);
    before = replay.count().ticks;
  }
  EXPECT_GT(before, 50u);
}

TEST(Journal, DamageIsFoundAndNothingElseIsNeeded) {
  const Recorded run(4, 60);
  for (std::size_t at = 0; at < run.segments[0].size(); at += 1 + run.segments[0].size() / 300) {
    std::string damaged = run.segments[0];
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    Replay replay({damaged});
    while (replay.next() != nullptr) {
    }
    EXPECT_TRUE(replay.error() || replay.count().torn) << "byte " << at;
  }
}

TEST(Journal, IsSmall) {
  const Recorded run(9, 1000, 1'000'000, 1'000'000);
  EXPECT_LT(run.segments[0].size() / 1000, 400u) << "bytes a tick, of about nine readings each";
}

TEST(Archive, FarEndsOfEveryScaleComeBack) {
  ByteWriter out;
  out.base = TimePoint{seconds{5}};
  const auto times = std::array{TimePoint{}, TimePoint::max(), TimePoint::min(), TimePoint{nanoseconds{1}}, out.base};
  const auto numbers = std::array<std::int64_t, 4>{0, -1, INT64_MAX, INT64_MIN};
  const auto naturals = std::array<std::uint64_t, 3>{0, 1, UINT64_MAX};
  CpuSet cpus;
  cpus.set(0).set(63).set(kMaxCpus - 1);
  out(times, numbers, naturals, kNoSlot, cpus, 0.25, std::string("x"), std::optional<bool>{});
  ByteReader in(out.bytes());
  in.base = out.base;
  std::array<TimePoint, 5> times_back{};
  std::array<std::int64_t, 4> numbers_back{};
  std::array<std::uint64_t, 3> naturals_back{};
  Slot slot = 0;
  CpuSet cpus_back;
  double quarter = 0;
  std::string text;
  std::optional<bool> none = true;
  in(times_back, numbers_back, naturals_back, slot, cpus_back, quarter, text, none);
  EXPECT_TRUE(in.good() && in.at_end());
  EXPECT_EQ(times_back, times);
  EXPECT_EQ(numbers_back, numbers);
  EXPECT_EQ(naturals_back, naturals);
  EXPECT_EQ(slot, kNoSlot);
  EXPECT_EQ(cpus_back, cpus);
  EXPECT_EQ(quarter, 0.25);
  EXPECT_EQ(text, "x");
  EXPECT_FALSE(none);
}

}  // namespace
}  // namespace headroom
