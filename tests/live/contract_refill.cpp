// KERNEL 1 and 9: what a write gives away, and at which levels.
#include <gtest/gtest.h>

#include "tests/support/spinner.hpp"

namespace headroom::live {
namespace {

constexpr microseconds kQuota{5'000}, kPeriod{1'000'000};
constexpr milliseconds kWindow{30};
constexpr int kTimes = 6;

nanoseconds used(GroupFiles& group) { return must(group.usage()); }

/// CPU time that the group gets in kTimes windows, each of them begun with `action`.
template <class Action>
nanoseconds gain(GroupFiles& group, Action action) {
  const nanoseconds before = used(group);
  for (int i = 0; i < kTimes; ++i) {
    action();
    rest(kWindow);
  }
  return used(group) - before;
}

/// Until the pool is empty: more than half of the quota used, then nothing for a whole window.
bool runs_dry(GroupFiles& group) {
  nanoseconds last = used(group);
  return eventually([&] {
    rest(kWindow);
    const nanoseconds previous = std::exchange(last, used(group));
    return last == previous && last > kQuota / 2;
  });
}

/// One spinner in a group whose quota lasts for a small part of a long period.
struct DryGroup {
  ScratchGroup group{"refill"};
  GroupFiles files = group.open();
  std::optional<Spinner> spinner;

  DryGroup() {
    must(set_heavy(files));
    must(set_limit(files, kQuota, kPeriod));
    spinner.emplace(group);
    if (!runs_dry(files)) throw std::runtime_error("the group never ran dry");
  }
};

/// In one period at most one refill comes from the kernel; the control has it as likely as the action.
void expect_refills(nanoseconds with, nanoseconds without) {
  EXPECT_GT(with, 2 * without) << "without: " << without.count() << " ns";
  EXPECT_GT(with, kTimes / 2 * kQuota);
}

TEST(ContractRefill, TheSameBurstAgainFillsThePool) {
  DryGroup dry;
  const auto without = gain(dry.files, [] {});
  const auto with = gain(dry.files, [&] { must(set_burst(dry.files, microseconds{0})); });
  expect_refills(with, without);
  EXPECT_EQ(must(dry.files.bandwidth()), (Bandwidth{kQuota, kPeriod, microseconds{0}})) << "and changes no value";
}

TEST(ContractRefill, TheSameQuotaAgainFillsThePool) {
  DryGroup dry;
  const auto without = gain(dry.files, [] {});
  const auto same = must(dry.files.read_file(CpuFile::quota));
  const auto with = gain(dry.files, [&] { must(dry.files.write_file(CpuFile::quota, same)); });
  expect_refills(with, without);
}

TEST(ContractRefill, TheSamePeriodAgainFillsThePool) {
  DryGroup dry;
  const auto without = gain(dry.files, [] {});
  const auto same = must(dry.files.read_file(CpuFile::period));
  const auto with = gain(dry.files, [&] { must(dry.files.write_file(CpuFile::period, same)); });
  expect_refills(with, without);
}

TEST(ContractRefill, AWeightGivesNothingAway) {
  DryGroup dry;
  const auto refilled = gain(dry.files, [&] { must(set_burst(dry.files, microseconds{0})); });
  ASSERT_TRUE(runs_dry(dry.files));
  bool low = false;
  const auto with = gain(dry.files, [&] {
    low = !low;
    must(dry.files.write_file(CpuFile::shares, low ? "100" : "10000"));
    must(dry.files.write_file(CpuFile::shares, low ? "100" : "10000"));
  });
  EXPECT_LT(2 * with, refilled);
}

TEST(ContractRefill, EveryFiniteLevelHasToBeFilled) {
  ScratchGroup pod("levels"), container(pod, "c");
  auto outer = pod.open(), inner = container.open();
  must(set_heavy(outer));
  must(set_limit(outer, kQuota, kPeriod));
  must(set_limit(inner, kQuota, kPeriod));
  const Spinner spinner(container);
  ASSERT_TRUE(runs_dry(inner));
  const auto refill = [](GroupFiles& level) { must(set_burst(level, microseconds{0})); };
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

/// Pod and container with the same quota, and a process that wants more than it once.
class ContractBurst : public testing::Test {
 protected:
  static constexpr microseconds kHalf{40'000};
  ScratchGroup pod{"burst"}, container{pod, "c"};
  GroupFiles outer = pod.open(), inner = container.open();
  std::optional<Spinner> spinner;

  void SetUp() override {
    must(set_heavy(outer));
    must(set_limit(outer, kHalf, kPeriod));
    must(set_limit(inner, kHalf, kPeriod));
    must(set_burst(inner, kHalf));
    spinner.emplace(container);
  }

  /// Both pools as full as they can be, and nothing running: quota + burst.
  void fill(microseconds pod_burst) {
    spinner->pause();
    for (int i = 0; i < 5; ++i) {
      must(set_burst(inner, kHalf));
      must(set_burst(outer, pod_burst));
      rest(milliseconds{i < 2 ? 15 : 0});  // a throttled process stops only when it may run
    }
  }

  /// Median CPU time of three runs from full pools until nothing comes any more.
  nanoseconds gets(microseconds pod_burst) {
    std::vector<nanoseconds> rounds;
    for (int i = 0; i < 3; ++i) {
      fill(pod_burst);
      const nanoseconds before = used(inner);
      spinner->resume();
      EXPECT_TRUE(eventually([&] { return used(inner) - before > kHalf * 3 / 4; }));
      nanoseconds last{-1};
      while (std::exchange(last, used(inner)) != last) rest(kWindow);
      rounds.push_back(last - before);
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[1];
  }
};

TEST_F(ContractBurst, OfTheContainerIsVoidUnderAFinitePodQuota) {
  const auto inner_before = must(inner.throttle()), outer_before = must(outer.throttle());
  const auto container_only = gets(microseconds{0});
  ASSERT_TRUE(eventually([&] { return must(outer.throttle()).periods > outer_before.periods + 1; }));
  // What is throttled shows at the pod alone.
  const auto of_pod = must(outer.throttle()).throttled_periods - outer_before.throttled_periods;
  EXPECT_GT(of_pod, 0U);
  EXPECT_LT(must(inner.throttle()).throttled_periods - inner_before.throttled_periods, of_pod);
  const auto both = gets(kHalf);
  EXPECT_GT(both * 10, container_only * 13) << container_only.count() << " ns with the container's burst alone";
}

}  // namespace
}  // namespace headroom::live
