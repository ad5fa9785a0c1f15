#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <tuple>

#include "tests/metrics/model/world.hpp"

namespace headroom::test {
namespace {

auto shown(const GroupState& g) {
  return std::tuple(g.id, g.usage, g.rate, g.use_100ms, g.use_1s, g.p90_10s, g.used_in_period, g.period_left,
                    g.throttling, g.own.base, g.own.in_force, g.own.certain, g.own.drop, g.own.foreign_writes,
                    g.own.hands_off_until, g.harm_100ms, g.harm_minute, g.judged_windows, g.expected);
}
auto shown(const NodeView& n) {
  return std::tuple(n.use_now, n.protected_use, n.class_use, n.state, n.target, n.expected, n.contract_seconds);
}

World small_world() {
  ModelParams params;
  params.judge = Judge::pressure;
  World w(params);
  for (int p = 0; p < 3; ++p) {
    const Slot pod = w.pod();
    w.container(pod, 1);
    w.container(pod, 0);
  }
  return w;
}

Sample some_sample(const World& w, std::int64_t ms, std::vector<nanoseconds>& used) {
  Sample sample;
  sample.at = at_ms(ms);
  for (Slot s = 0; s < w.catalog.groups.size(); ++s) {
    if (*rc::gen::inRange(0, 3) == 0) continue;
    Reading r;
    r.slot = s;
    r.at = at_ms(ms) + microseconds{*rc::gen::inRange(0, 900)};
    used[s] += milliseconds{*rc::gen::inRange(0, 15)};
    r.usage = used[s];
    r.wait = used[s] / 3;
    r.throttle = ThrottleCounters{static_cast<std::uint64_t>(ms / 100), static_cast<std::uint64_t>(ms / 400), used[s]};
    if (*rc::gen::inRange(0, 4) == 0) r.bandwidth = quota_ms(20 + 10 * *rc::gen::inRange(0, 2));
    sample.readings.push_back(r);
  }
  sample.node = NodeReading{};
  sample.node->at = sample.at;
  sample.node->usage = milliseconds{ms};
  return sample;
}

RC_GTEST_PROP(Advance, SameInputSameSnapshotWhateverTheOrderOfTheReadings, ()) {
  World a = small_world(), b = small_world();
  std::vector<nanoseconds> used(a.catalog.groups.size());
  for (std::int64_t ms = 10'000; ms < 11'000; ms += 20) {
    Sample sample = some_sample(a, ms, used);
    const Snapshot first = advance(a.state, sample, a.catalog);
    const auto turn = sample.readings.empty() ? 0 : *rc::gen::inRange<std::size_t>(0, sample.readings.size());
    std::rotate(sample.readings.begin(), sample.readings.begin() + static_cast<std::ptrdiff_t>(turn),
                sample.readings.end());
    std::reverse(sample.readings.begin(), sample.readings.begin() + static_cast<std::ptrdiff_t>(turn));
    const Snapshot second = advance(b.state, sample, b.catalog);
    for (Slot s = 0; s < used.size(); ++s) RC_ASSERT(shown(first.groups[s]) == shown(second.groups[s]));
    RC_ASSERT(shown(first.node) == shown(second.node));
    RC_ASSERT(first.fresh.size() == second.fresh.size() && first.touched.size() == second.touched.size());
  }
}

TEST(Advance, TouchedNamesEachSlotOnce) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  w.event(s, FileEvent::What::changed);
  w.wrote(s, quota_ms(10));
  w.file(s, quota_ms(10));
  const Snapshot snapshot = w.tick();
  ASSERT_EQ(snapshot.touched.size(), 1u);
  EXPECT_EQ(snapshot.touched[0], s);
  EXPECT_TRUE(snapshot.fresh.empty());
  EXPECT_EQ(snapshot.groups.size(), w.catalog.groups.size());
}

TEST(Advance, ReadingsOfSlotsThatAreGoneAreIgnored) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  w.tick();
  w.catalog.groups[s].reset();
  ++w.catalog.generation;
  w.use(s, seconds{1});
  w.use(s + 100, seconds{1});
  const Snapshot snapshot = w.tick();
  EXPECT_EQ(snapshot.groups[s].id, 0u);
  EXPECT_TRUE(snapshot.fresh.empty());
}

TEST(Advance, FirstUseIsTheFirstReadingWithAny) {
  World w;
  const Slot s = w.container(w.pod(), 1);
  w.use(s, nanoseconds{0});
  EXPECT_EQ(w.tick().groups[s].first_use, TimePoint{});
  w.ms += 10;
  w.use(s, milliseconds{1});
  const TimePoint first = at_ms(w.ms);
  EXPECT_EQ(w.tick().groups[s].first_use, first);
  w.ms += 10;
  w.use(s, milliseconds{2});
  EXPECT_EQ(w.tick().groups[s].first_use, first);
}

}  // namespace
}  // namespace headroom::test
