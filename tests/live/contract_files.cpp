// KERNEL 14, 26: kept descriptors, CPU sets and scans. What counters say is in tests/contract/reads_suite.cpp.
#include <gtest/gtest.h>

#include "cgroups/fs/node.hpp"
#include "tests/support/spinner.hpp"

namespace headroom::live {
namespace {

template <class T>
Errc code(const Result<T>& result) {
  return result ? Errc::io : result.error().code;
}

class ContractFiles : public testing::Test {
 protected:
  std::optional<ScratchGroup> group{std::in_place, "reads"};
  GroupFiles files = group->open();
};

TEST_F(ContractFiles, AKeptFdSaysGoneAlsoWhenTheNameIsMadeAgain) {
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

TEST_F(ContractFiles, AGroupThatIsNotThereIsGone) {
  EXPECT_EQ(code(GroupFiles::open(host(), group->path() + "/nobody")), Errc::gone);
}

TEST_F(ContractFiles, CpusAreTheEffectiveOnesOfTheNearestAncestor) {
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

TEST_F(ContractFiles, AScanFindsEveryGroupOnceParentsFirst) {
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

TEST_F(ContractFiles, AScanDoesNotLookWhereItIsToldNotTo) {
  const ScratchGroup below(*group, "c"), deeper(below, "d");
  const auto found = must(scan(host(), [](const std::string& path) { return !path.ends_with("/c"); }));
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const auto& g) { return g.path == below.path(); }));
  EXPECT_FALSE(std::any_of(found.begin(), found.end(), [&](const auto& g) { return g.path == deeper.path(); }));
}

}  // namespace
}  // namespace headroom::live
