// Laws of the model: what no scheduler may break, whatever the load.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "tests/lab/sim/bed.hpp"

namespace headroom::lab::sim {
namespace {

constexpr nanoseconds kSecond{1'000'000'000};

/// Pods with a container each, limits here and there, and loads of every kind.
struct MixedNode {
  Bed bed;
  std::vector<GroupId> pods, containers;

  explicit MixedNode(int cpus, std::uint64_t seed) : bed(cpus, Version::v1, seed) {
    Random random(seed);
    for (int i = 0; i < 4 * cpus; ++i) {
      const bool limit = random.next() % 2 == 0;
      const microseconds quota{10'000 + static_cast<int>(random.next() % 60'000)};
      const GroupId pod = limit ? bed.limited(quota) : bed.group();
      const GroupId container = limit ? bed.limited(quota, microseconds{100'000}, pod) : bed.group(pod);
      EXPECT_TRUE(bed.kernel.write_shares(pod, Shares{2 + random.next() % 2000}));
      pods.push_back(pod);
      containers.push_back(container);
      bed.run(container, load(random), -1, random.next());
    }
  }
  static Load load(Random& random) {
    switch (random.next() % 3) {
      case 0: return request(microseconds{500}, 100);
      case 1: return burst(2, milliseconds{20}, milliseconds{200});
      default: return burst(3, milliseconds{5}, milliseconds{30});
    }
  }
  std::vector<std::int64_t> counters() const {
    std::vector<std::int64_t> out;
    for (const auto g : containers) {
      const auto t = bed.kernel.throttle(g);
      for (const std::int64_t v : {static_cast<std::int64_t>(t.periods), static_cast<std::int64_t>(t.throttled_periods),
                                   t.throttled_time.count(), bed.kernel.usage(g).count(), bed.kernel.waited(g).count()})
        out.push_back(v);
    }
    return out;
  }
};

TEST(SimLaws, TheSameSeedGivesTheSameNode) {
  MixedNode a(4, 3), b(4, 3), other(4, 4);
  for (MixedNode* node : {&a, &b, &other}) node->bed.pass(5 * kSecond);
  EXPECT_EQ(a.counters(), b.counters());
  EXPECT_NE(a.counters(), other.counters());
}

TEST(SimLaws, CountersNeverGoBackAndNobodyGetsMoreThanTheCpus) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    MixedNode node(2, seed);
    auto before = node.counters();
    for (int i = 1; i <= 50; ++i) {
      node.bed.pass(milliseconds{37});
      const auto now = node.counters();
      for (std::size_t k = 0; k < now.size(); ++k) EXPECT_LE(before[k], now[k]) << seed;
      before = now;
      EXPECT_LE(node.bed.kernel.usage(kRoot), 2 * i * milliseconds{37});
    }
  }
}

TEST(SimLaws, AGroupsUseIsTheSumOfItsChildrens) {
  MixedNode node(2, 1);
  node.bed.pass(3 * kSecond);
  nanoseconds sum{0};
  for (std::size_t i = 0; i < node.pods.size(); ++i) {
    sum += node.bed.kernel.usage(node.pods[i]);
    EXPECT_EQ(node.bed.kernel.usage(node.pods[i]), node.bed.kernel.usage(node.containers[i]));
  }
  EXPECT_EQ(sum, node.bed.kernel.usage(kRoot));
}

TEST(SimLaws, NoCpuIdlesWhileSomebodyWaits) {
  for (const int cpus : {1, 2, 4}) {
    Bed bed(cpus);
    for (int i = 0; i < 2 * cpus + 1; ++i) bed.spin(bed.group());
    bed.pass(2 * kSecond);
    EXPECT_GT(bed.kernel.usage(kRoot), cpus * (2 * kSecond - milliseconds{10})) << cpus;
  }
}

TEST(SimLaws, ThreadsThatFitAllRunAtFullSpeed) {
  Bed bed(4);
  std::vector<GroupId> groups;
  for (int i = 0; i < 4; ++i) bed.spin(groups.emplace_back(bed.group()));
  bed.pass(kSecond);
  for (const auto g : groups) EXPECT_GT(bed.used_ms(g), 990);
}

TEST(SimLaws, NobodyExceedsItsQuotaInThePeriods) {
  for (const int threads : {1, 2, 4}) {
    for (const int quota : {10'000, 50'000, 90'000}) {
      Bed bed(4);
      const auto g = bed.limited(microseconds{quota});
      bed.spin(g, threads);
      bed.pass(10 * kSecond);
      const double want = std::min(quota / 100.0, 1000.0 * threads) * 10;
      // What runs over by up to a tick on each CPU is paid back in the next period; a pool may be full at the beginning.
      EXPECT_LE(bed.used_ms(g), want + quota / 1000.0 + 4 * threads) << threads << " " << quota;
      EXPECT_GE(bed.used_ms(g), want * 0.97) << threads << " " << quota;
    }
  }
}

TEST(SimLaws, BurstLetsThePoolHoldMoreAndNoMore) {
  Bed bed(2);
  const auto g = bed.limited(microseconds{20'000});
  ASSERT_TRUE(bed.kernel.write_limit(g, {{}, {}, microseconds{20'000}}));
  bed.run(g, burst(1, milliseconds{39}, milliseconds{900}));
  bed.pass(10 * kSecond);
  EXPECT_EQ(bed.kernel.throttle(g).throttled_periods, 0U) << "quota and burst carry it";
  const auto dry = bed.limited(microseconds{20'000});
  bed.run(dry, burst(1, milliseconds{39}, milliseconds{900}));
  bed.pass(10 * kSecond);
  EXPECT_GE(bed.kernel.throttle(dry).throttled_periods, 8U);
}

TEST(SimLaws, WithoutALimitNothingIsThrottled) {
  Bed bed(2);
  const auto g = bed.group();
  bed.spin(g, 5);
  bed.pass(3 * kSecond);
  EXPECT_EQ(bed.kernel.throttle(g), ThrottleCounters{});
}

TEST(SimLaws, WeightsDivideASaturatedNode) {
  for (const int cpus : {1, 2}) {
    Bed bed(cpus);
    const auto heavy = bed.group(), light = bed.group();
    ASSERT_TRUE(bed.kernel.write_shares(light, Shares{256}));
    for (int i = 0; i < cpus; ++i) {   // not as one load: its threads would wait for each other
      bed.spin(heavy);
      bed.spin(light);
    }
    bed.pass(10 * kSecond);
    EXPECT_NEAR(bed.used_ms(heavy) / bed.used_ms(light), 4, 0.4) << cpus;
  }
}

TEST(SimLaws, WeightsCompeteAmongSiblingsOnly) {
  Bed bed(1);
  const auto a = bed.group(), b = bed.group(), in_a = bed.group(a), in_b = bed.group(b);
  ASSERT_TRUE(bed.kernel.write_shares(in_b, Shares{2}));
  bed.spin(in_a);
  bed.spin(in_b);
  bed.pass(5 * kSecond);
  EXPECT_NEAR(bed.used_ms(a) / bed.used_ms(b), 1, 0.05);
}

TEST(SimLaws, ALightServiceIsNotHeldUpByASpinner) {
  Bed bed(1);
  const auto service = bed.group(), hog = bed.group();
  ASSERT_TRUE(bed.kernel.write_shares(hog, Shares{2}));
  bed.spin(hog, 3);
  const auto id = bed.run(service, request(microseconds{500}, 50));
  bed.pass(20 * kSecond);
  std::vector<Ns> late;
  for (const auto& one : bed.loads.log(id)) late.push_back(one.done - one.due);
  ASSERT_GT(late.size(), 800U);
  std::sort(late.begin(), late.end());
  EXPECT_LT(late[late.size() / 2], 3'000'000);
}

TEST(SimLaws, ARefillGivesAtMostOneQuota) {
  Bed bed(2);
  const auto g = bed.limited(microseconds{5'000}, microseconds{1'000'000});
  bed.spin(g);
  bed.pass(2 * kSecond + milliseconds{500});
  const double before = bed.used_ms(g);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(bed.kernel.write_limit(g, {{}, {}, microseconds{0}}));
    bed.pass(milliseconds{20});
  }
  EXPECT_GE(bed.used_ms(g) - before, 40);
  EXPECT_LE(bed.used_ms(g) - before, 10 * (5 + 4) + 5);
}

TEST(SimLaws, PressureCountsTheWaitForTheOwnQuota) {
  Bed bed(2);
  const auto g = bed.limited(microseconds{20'000}), calm = bed.group();
  bed.spin(g);
  bed.spin(calm);
  bed.pass(5 * kSecond);
  EXPECT_NEAR(static_cast<double>(bed.kernel.waited(g).count()) / 5e9, 0.8, 0.05);
  EXPECT_LT(bed.kernel.waited(calm), milliseconds{5});
}

TEST(SimLaws, UrgentThreadsDoNotWaitForOthers) {
  Bed bed(1);
  const auto g = bed.group(), hogs = bed.group();
  bed.spin(hogs, 3);
  const auto id = bed.loads.add(g, request(microseconds{500}, 100), 5, Urgency::urgent);
  bed.loads.begin(id, bed.kernel.now(), kNever);
  bed.pass(10 * kSecond);
  EXPECT_LT(bed.kernel.waited(g), milliseconds{1});
}

}  // namespace
}  // namespace headroom::lab::sim
