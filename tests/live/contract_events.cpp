// KERNEL 3, 15: how somebody else's write is told from ours, and a refused one from a taken one.
#include <gtest/gtest.h>

#include "tests/support/scratch_group.hpp"

namespace headroom::live {
namespace {

using What = WatchEvent::What;

class ContractEvents : public testing::Test {
 protected:
  ScratchGroup group{"events"};
  GroupFiles files = group.open();
  Watcher watcher = must(Watcher::create(host()));

  void SetUp() override {
    must(set_limit(files, microseconds{10'000}, microseconds{100'000}));
    must(set_burst(files, microseconds{5'000}));
    must(watcher.add(group.path()));
  }

  /// What was seen of one file, in order.
  std::vector<What> seen(const std::string& name) {
    std::vector<What> out;
    for (const auto& event : must(watcher.drain())) {
      EXPECT_EQ(event.path, group.path());
      if (event.name == name) out.push_back(event.what);
    }
    return out;
  }
  std::vector<What> seen(CpuFile file) { return seen(file_name(file, on_v2())); }
  int others_quota(int us) { return foreign_write(group.file(CpuFile::quota), std::to_string(us)); }
};

TEST_F(ContractEvents, OurKeptFdNeverCloses) {
  for (int i = 0; i < 3; ++i) {
    must(set_limit(files, microseconds{10'000 + i}, microseconds{100'000}));
    must(set_burst(files, microseconds{5'000}));
    must(files.bandwidth());
  }
  const auto events = must(watcher.drain());
  EXPECT_FALSE(events.empty()) << "our writes do show as modified";
  for (const auto& event : events) EXPECT_EQ(event.what, What::modified) << event.name;
}

TEST_F(ContractEvents, SomebodyElsesWriteClosesTheFile) {
  ASSERT_EQ(others_quota(20'000), 0);
  EXPECT_EQ(seen(CpuFile::quota), (std::vector{What::modified, What::closed_write}));
}

TEST_F(ContractEvents, ARefusedWriteClosesWithoutHavingModified) {
  ASSERT_EQ(others_quota(4'000), EINVAL) << "below the burst";
  EXPECT_EQ(seen(CpuFile::quota), std::vector{What::closed_write});
  EXPECT_EQ(must(files.bandwidth()).quota, microseconds{10'000});
}

TEST_F(ContractEvents, OursAndTheirsInOneReadShowBoth) {
  ASSERT_EQ(others_quota(20'000), 0);
  must(set_limit(files, microseconds{10'000}, microseconds{100'000}));
  const auto events = seen(CpuFile::quota);
  EXPECT_EQ(events.front(), What::modified);
  EXPECT_NE(std::find(events.begin(), events.end(), What::closed_write), events.end());
}

TEST_F(ContractEvents, ReadersAreNotSeen) {
  (void)read_line(group.file(CpuFile::quota));
  (void)read_line(group.dir() + "/cpu.stat");
  EXPECT_TRUE(must(watcher.drain()).empty());
}

TEST_F(ContractEvents, GroupsThatComeAndGoAreSeenByTheirParent) {
  { const ScratchGroup child(group, "c"); }
  EXPECT_EQ(seen("c"), (std::vector{What::created, What::removed}));
}

TEST_F(ContractEvents, AWatchIsNotRecursiveAndIsPutOnANameMadeAnew) {
  std::optional<ScratchGroup> child(std::in_place, group, "c");
  (void)must(watcher.drain());
  ASSERT_EQ(foreign_write(child->file(CpuFile::shares), "50"), 0);
  EXPECT_TRUE(must(watcher.drain()).empty());
  for (int life = 0; life < 2; ++life) {
    child.reset();
    child.emplace(group, "c");
    must(watcher.add(child->path()));
    (void)must(watcher.drain());
    ASSERT_EQ(foreign_write(child->file(CpuFile::shares), "50"), 0);
    const auto events = must(watcher.drain());
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].path, child->path());
  }
}

TEST_F(ContractEvents, AWatchThatWasTakenAwayIsSilent) {
  ASSERT_EQ(others_quota(20'000), 0);
  watcher.remove(group.path());
  ASSERT_EQ(others_quota(10'000), 0);
  EXPECT_TRUE(must(watcher.drain()).empty());
}

TEST_F(ContractEvents, AVanishedGroupCannotBeWatched) {
  const auto gone = watcher.add(group.path() + "/nobody");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::gone);
}

}  // namespace
}  // namespace headroom::live
