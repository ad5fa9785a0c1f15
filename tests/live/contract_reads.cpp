// KERNEL 11, 14, 16, 17, 26: what a read says, and when.
#include <gtest/gtest.h>

#include "cgroups/fs/node.hpp"
#include "tests/support/spinner.hpp"

namespace headroom::live {
namespace {

template <class T>
Errc code(const Result<T>& result) {
  return result ? Errc::io : result.error().code;
}

class ContractReads : public testing::Test {
 protected:
  std::optional<ScratchGroup> group{std::in_place, "reads"};
  GroupFiles files = group->open();
};

TEST_F(ContractReads, ThrottledTimeIsReadInNanosecondsOnBothVersions) {
  must(set_heavy(files));
  must(set_limit(files, microseconds{5'000}, microseconds{50'000}));
  const nanoseconds begin = now();
  const Spinner spinner(*group);
  // At 10 % of a core it is throttled nearly always, which counts at each release; a wrong unit is off by a thousand.
  EXPECT_TRUE(eventually([&] { return must(files.throttle()).throttled_time > (now() - begin) / 10; }));
  const auto counters = must(files.throttle());
  EXPECT_LT(counters.throttled_time, (now() - begin) * online_cpus() * 2);
  EXPECT_GT(counters.throttled_periods, 0U);
  EXPECT_LE(counters.throttled_periods, counters.periods);
}

TEST_F(ContractReads, UsageSaysThatAGroupRanDryBeforeTheThrottlingIsCounted) {
  constexpr microseconds kQuota{5'000}, kPeriod{1'000'000};
  must(set_heavy(files));
  must(set_limit(files, kQuota, kPeriod));
  const Spinner spinner(*group);
  ThrottleCounters before, after;
  // Within one period: should one end meanwhile, fill the pool and look again.
  ASSERT_TRUE(eventually([&] {
    before = must(files.throttle());
    const nanoseconds used = must(files.usage());
    must(set_burst(files, microseconds{0}));
    if (!eventually([&] { return must(files.usage()) >= used + kQuota; }, milliseconds{1000})) return false;
    rest(milliseconds{30});
    after = must(files.throttle());
    return after.periods == before.periods;
  }));
  EXPECT_EQ(after.throttled_periods, before.throttled_periods);
  EXPECT_TRUE(eventually([&] { return must(files.throttle()).throttled_periods > before.throttled_periods; }));
}

TEST_F(ContractReads, AGroupsUsageIsPartOfItsParentsAndOfTheNodes) {
  NodeFiles node(host());
  const nanoseconds node_before = must(node.usage());
  const ScratchGroup below(*group, "c");
  auto child = below.open();
  Spinner spinner(below, {.work = milliseconds{40}});
  spinner.wait();
  EXPECT_GE(must(child.usage()), milliseconds{39});
  EXPECT_GE(must(files.usage()), must(child.usage()));
  EXPECT_TRUE(eventually([&] { return must(node.usage()) - node_before >= milliseconds{30}; }));
}

TEST_F(ContractReads, AKeptFdSaysGoneAlsoWhenTheNameIsMadeAgain) {
  must(files.usage());
  must(files.throttle());
  must(files.bandwidth());
  const auto path = group->path();
  const auto inode = files.inode();
  group->remove();
  for (const bool again : {false, true}) {
    if (again) {
      for (const auto& base : ScratchGroup::bases()) ASSERT_EQ(::mkdir((base + "/" + path).c_str(), 0755), 0);
    }
    EXPECT_EQ(code(files.throttle()), Errc::gone) << again;
    EXPECT_EQ(code(files.bandwidth()), Errc::gone) << again;
    EXPECT_EQ(code(files.usage()), Errc::gone) << again;
    EXPECT_EQ(code(files.shares()), Errc::gone) << "never opened before; again: " << again;
    EXPECT_EQ(code(set_burst(files, microseconds{0})), Errc::gone) << again;
  }
  auto reborn = must(GroupFiles::open(host(), path));
  EXPECT_TRUE(reborn.bandwidth());
  EXPECT_NE(reborn.inode(), inode);
}

TEST_F(ContractReads, AGroupThatIsNotThereIsGone) {
  EXPECT_EQ(code(GroupFiles::open(host(), group->path() + "/nobody")), Errc::gone);
}

TEST_F(ContractReads, PressureCountsTheWaitForTheOwnQuota) {
  auto pressed = files.pressure();
  const bool counted = NodeFiles(host()).pressure().has_value() && !host().unified.empty();
  if (!counted) {
    EXPECT_EQ(code(pressed), Errc::absent) << "PSI is off, or there is no unified hierarchy";
    return;
  }
  const ScratchGroup other("calm");
  auto calm = other.open();
  must(set_heavy(files));
  must(set_limit(files, microseconds{1'000}, microseconds{100'000}));
  const Spinner spinner(*group);
  const nanoseconds wait = must(files.pressure()), used = must(files.usage()), begin = now();
  rest(milliseconds{400});
  const nanoseconds waited = must(files.pressure()) - wait;
  EXPECT_GT(waited, must(files.usage()) - used);
  EXPECT_GT(waited * 4, now() - begin) << "alone on its CPU, throttled nearly always";
  EXPECT_EQ(must(calm.pressure()), nanoseconds{0});
}

TEST_F(ContractReads, PopulatedFollowsTheProcessesWithoutAPid) {
  const ScratchGroup below(*group, "c");
  auto child = below.open();
  EXPECT_FALSE(must(child.populated()));
  EXPECT_FALSE(must(files.populated()));
  Spinner spinner(below, {.work = milliseconds{0}});
  EXPECT_TRUE(must(child.populated()));
  EXPECT_TRUE(must(files.populated())) << "counts what is below";
  spinner.stop();
  EXPECT_TRUE(eventually([&] { return !must(child.populated()) && !must(files.populated()); }));
}

TEST_F(ContractReads, CpusAreTheEffectiveOnesOfTheNearestAncestor) {
  const auto all = must(must(GroupFiles::open(host(), "")).cpus());
  ASSERT_TRUE(all.any());
  EXPECT_EQ(must(files.cpus()), all);
  std::size_t first = 0;
  while (!all.test(first)) ++first;
  ASSERT_EQ(foreign_write(group->in(host().cpuset) + "/cpuset.cpus", std::to_string(first)), 0);
  CpuSet only;
  only.set(first);
  EXPECT_EQ(must(files.cpus()), only);
  // A group in the cpu hierarchy alone; on v2 one whose parent does not hand out cpuset.
  ASSERT_EQ(::mkdir((group->dir() + "/bare").c_str(), 0755), 0);
  auto bare = must(GroupFiles::open(host(), group->path() + "/bare"));
  EXPECT_EQ(must(bare.cpus()), only);
}

TEST_F(ContractReads, AScanFindsEveryGroupOnceParentsFirst) {
  const ScratchGroup below(*group, "c"), deeper(below, "d");
  const auto found = must(scan(host(), nullptr));
  std::vector<std::string> ours;
  for (const auto& g : found) {
    if (!g.path.starts_with(group->path())) continue;
    ours.push_back(g.path);
    EXPECT_EQ(g.inode, must(GroupFiles::open(host(), g.path)).inode());
  }
  EXPECT_EQ(ours, (std::vector{group->path(), below.path(), deeper.path()}));
  EXPECT_EQ(found.front().path, "");
}

TEST_F(ContractReads, AScanDoesNotLookWhereItIsToldNotTo) {
  const ScratchGroup below(*group, "c"), deeper(below, "d");
  const auto found = must(scan(host(), [](const std::string& path) { return !path.ends_with("/c"); }));
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const auto& g) { return g.path == below.path(); }));
  EXPECT_FALSE(std::any_of(found.begin(), found.end(), [&](const auto& g) { return g.path == deeper.path(); }));
}

}  // namespace
}  // namespace headroom::live
