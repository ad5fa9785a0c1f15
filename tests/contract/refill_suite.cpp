// KERNEL 1 and 9: what a write gives away, and at which levels.
#include <algorithm>

#include "tests/contract/suite.hpp"

namespace headroom::contract {
namespace {

constexpr microseconds kQuota{5'000}, kPeriod{1'000'000};
constexpr milliseconds kWindow{30};
constexpr int kTimes = 6;

class Refilling : public Contract {
 protected:
  /// CPU time that the group gets in kTimes windows, each of them begun with `action`.
  template <class Action>
  nanoseconds gain(Kernel::Group group, Action action) {
    const nanoseconds before = used(group);
    for (int i = 0; i < kTimes; ++i) {
      action();
      kernel.rest(kWindow);
    }
    return used(group) - before;
  }
  /// Until the pool is empty: more than half of the quota used, then nothing for a whole window.
  bool runs_dry(Kernel::Group group) {
    nanoseconds last = used(group);
    return eventually([&] {
      kernel.rest(kWindow);
      const nanoseconds previous = std::exchange(last, used(group));
      return last == previous && last > kQuota / 2;
    });
  }
  /// In one period at most one refill comes from the kernel; the control has it as likely as the action.
  static void expect_refills(nanoseconds with, nanoseconds without) {
    EXPECT_GT(with, 2 * without) << "without: " << without.count() << " ns";
    EXPECT_GT(with, kTimes / 2 * kQuota);
  }
};

/// One spinner in a group whose quota lasts for a small part of a long period.
class ContractRefill : public Refilling {
 protected:
  Kernel::Group dry = kernel.make(Kernel::kTop);

  void SetUp() override {
    must(set_heavy(kernel, dry));
    limit(dry, kQuota, kPeriod);
    kernel.start(dry, {});
    ASSERT_TRUE(runs_dry(dry)) << "the group never ran dry";
  }
};

TEST_P(ContractRefill, TheSameBurstAgainFillsThePool) {
  const auto without = gain(dry, [] {});
  const auto with = gain(dry, [&] { must(set_burst(kernel, dry, microseconds{0})); });
  expect_refills(with, without);
  EXPECT_EQ(must(kernel.bandwidth(dry)), (Bandwidth{kQuota, kPeriod, microseconds{0}})) << "and changes no value";
}

TEST_P(ContractRefill, TheSameQuotaAgainFillsThePool) {
  const auto without = gain(dry, [] {});
  const auto same = must(kernel.read(dry, File::quota));
  const auto with = gain(dry, [&] { must(kernel.write(dry, File::quota, same)); });
  expect_refills(with, without);
}

TEST_P(ContractRefill, TheSamePeriodAgainFillsThePool) {
  const auto without = gain(dry, [] {});
  const auto file = kernel.v2() ? File::quota : File::period;
  const auto same = must(kernel.read(dry, file));
  const auto with = gain(dry, [&] { must(kernel.write(dry, file, same)); });
  expect_refills(with, without);
}

TEST_P(ContractRefill, AWeightGivesNothingAway) {
  const auto refilled = gain(dry, [&] { must(set_burst(kernel, dry, microseconds{0})); });
  ASSERT_TRUE(runs_dry(dry));
  bool low = false;
  const auto with = gain(dry, [&] {
    low = !low;
    must(kernel.write(dry, File::shares, low ? "100" : "10000"));
    must(kernel.write(dry, File::shares, low ? "100" : "10000"));
  });
  EXPECT_LT(2 * with, refilled);
}

HEADROOM_CONTRACT(ContractRefill);

class ContractLevels : public Refilling {};

TEST_P(ContractLevels, EveryFiniteLevelHasToBeFilled) {
  const auto outer = kernel.make(Kernel::kTop), inner = kernel.make(outer);
  must(set_heavy(kernel, outer));
  limit(outer, kQuota, kPeriod);
  limit(inner, kQuota, kPeriod);
  kernel.start(inner, {});
  ASSERT_TRUE(runs_dry(inner));
  const auto refill = [&](Kernel::Group level) { must(set_burst(kernel, level, microseconds{0})); };
  const auto container_only = gain(inner, [&] { refill(inner); });
  ASSERT_TRUE(runs_dry(inner));
  const auto pod_only = gain(inner, [&] { refill(outer); });
  ASSERT_TRUE(runs_dry(inner));
  const auto both = gain(inner, [&] {
    refill(outer);
    refill(inner);
  });
  expect_refills(both, container_only);
  expect_refills(both, pod_only);
}

HEADROOM_CONTRACT(ContractLevels);

/// Pod and container with the same quota, and a process that wants more than it once.
class ContractBurst : public Contract {
 protected:
  static constexpr microseconds kHalf{40'000};
  Kernel::Group outer = kernel.make(Kernel::kTop), inner = kernel.make(outer);
  Kernel::Running spinner = 0;

  void SetUp() override {
    must(set_heavy(kernel, outer));
    limit(outer, kHalf, kPeriod);
    limit(inner, kHalf, kPeriod);
    must(set_burst(kernel, inner, kHalf));
    spinner = kernel.start(inner, {});
  }

  /// Both pools as full as they can be, and nothing running: quota + burst.
  void fill(microseconds pod_burst) {
    kernel.pause(spinner);
    for (int i = 0; i < 5; ++i) {
      must(set_burst(kernel, inner, kHalf));
      must(set_burst(kernel, outer, pod_burst));
      kernel.rest(milliseconds{i < 2 ? 15 : 0});  // a throttled process stops only when it may run
    }
  }

  /// Median CPU time of three runs from full pools until nothing comes any more.
  nanoseconds gets(microseconds pod_burst) {
    std::vector<nanoseconds> rounds;
    for (int i = 0; i < 3; ++i) {
      fill(pod_burst);
      const nanoseconds before = used(inner);
      kernel.resume(spinner);
      EXPECT_TRUE(eventually([&] { return used(inner) - before > kHalf * 3 / 4; }));
      nanoseconds last{-1};
      while (std::exchange(last, used(inner)) != last) kernel.rest(kWindow);
      rounds.push_back(last - before);
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[1];
  }
};

TEST_P(ContractBurst, OfTheContainerIsVoidUnderAFinitePodQuota) {
  const auto inner_before = must(kernel.throttle(inner)), outer_before = must(kernel.throttle(outer));
  const auto container_only = gets(microseconds{0});
  ASSERT_TRUE(eventually([&] { return must(kernel.throttle(outer)).periods > outer_before.periods + 1; }));
  // What is throttled shows at the pod alone.
  const auto of_pod = must(kernel.throttle(outer)).throttled_periods - outer_before.throttled_periods;
  EXPECT_GT(of_pod, 0U);
  EXPECT_LT(must(kernel.throttle(inner)).throttled_periods - inner_before.throttled_periods, of_pod);
  const auto both = gets(kHalf);
  EXPECT_GT(both * 10, container_only * 13) << container_only.count() << " ns with the container's burst alone";
}

HEADROOM_CONTRACT(ContractBurst);

}  // namespace
}  // namespace headroom::contract
