#include "cgroups/ledger/ledger.hpp"

#include <malloc.h>
#include <sys/mount.h>

#include <cerrno>

#include "cgroups/ledger/layout.hpp"
#include "tests/cgroups/ledger/fake_groups.hpp"

namespace headroom::ledger {
namespace {

struct LedgerTest : testing::Test {
  FakeGroups fake;
  Ledger ledger;
  void SetUp() override { ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok); }
  void die_and_reopen() {
    ledger.close();
    ASSERT_EQ(ledger.open(fake.run_dir()), Status::ok);
  }
};

TEST_F(LedgerTest, WhatWeWroteIsPutBackAndNothingStaysOut) {
  fake.add("pod");
  fake.add("pod/c");
  EXPECT_EQ(fake.set(ledger, "pod", File::shares, "200000"), Status::ok);
  EXPECT_EQ(fake.set(ledger, "pod/c", File::quota, "300000"), Status::ok);
  EXPECT_EQ(ledger.entries(), 2U);
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 2U);
  EXPECT_EQ(fake.read("pod", File::shares), "100000");
  EXPECT_EQ(fake.read("pod/c", File::quota), "100000");
  EXPECT_TRUE(ledger.empty());
}

TEST_F(LedgerTest, TheFirstIntendFixesTheOriginal) {
  fake.add("c");
  fake.set(ledger, "c", File::quota, "200000");
  ledger.intend(fake.path("c").c_str(), fake.inode("c"), File::quota, "200000", "300000");
  fake.write("c", File::quota, "300000");
  restore(fake.run_dir(), true);
  EXPECT_EQ(fake.read("c", File::quota), "100000");
}

TEST_F(LedgerTest, AnIntendedValueThatWasNeverWrittenLeavesTheFileAlone) {
  fake.add("c");
  ledger.intend(fake.path("c").c_str(), fake.inode("c"), File::quota, "100000", "200000");
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 0U);
  EXPECT_EQ(fake.read("c", File::quota), "100000");
}

TEST_F(LedgerTest, ForeignValueStands) {
  fake.add("c");
  fake.set(ledger, "c", File::quota, "200000");
  fake.write("c", File::quota, "555555");
  const RestoreResult result = restore(fake.run_dir(), true);
  EXPECT_EQ(result.foreign, 1U);
  EXPECT_EQ(fake.read("c", File::quota), "555555");
}

TEST_F(LedgerTest, ForgottenIsNotPutBack) {
  fake.add("c");
  fake.set(ledger, "c", File::quota, "200000");
  EXPECT_EQ(ledger.forget(fake.path("c").c_str(), File::quota), Status::ok);
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 0U);
  EXPECT_EQ(fake.read("c", File::quota), "200000");
}

TEST_F(LedgerTest, RowsOutliveTheProcess) {
  fake.add("c");
  fake.set(ledger, "c", File::burst, "200000");
  die_and_reopen();
  EXPECT_EQ(ledger.entries(), 1U);
  fake.set(ledger, "c", File::burst, "300000");
  EXPECT_EQ(ledger.entries(), 1U);
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 1U);
}

TEST_F(LedgerTest, AnotherGroupAtThePathIsNotTouched) {
  fake.add("c");
  ledger.intend(fake.path("c").c_str(), fake.inode("c") + 1, File::quota, "100000", "200000");
  fake.write("c", File::quota, "200000");
  EXPECT_EQ(restore(fake.run_dir(), true).gone, 1U);
  EXPECT_EQ(fake.read("c", File::quota), "200000");
}

TEST_F(LedgerTest, ANewGroupAtThePathHasItsOwnOriginal) {
  fake.add("c");
  ledger.intend(fake.path("c").c_str(), fake.inode("c") + 1, File::quota, "700000", "200000");
  fake.set(ledger, "c", File::quota, "200000");
  EXPECT_EQ(ledger.entries(), 1U);
  restore(fake.run_dir(), true);
  EXPECT_EQ(fake.read("c", File::quota), "100000");
}

TEST_F(LedgerTest, ATornRowIsNotUsed) {
  fake.add("c");
  fake.set(ledger, "c", File::quota, "200000");
  ledger.close();
  patch(fake.run_dir(), std::string("100000\0\0", 8), std::string("900000\0\0", 8));
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 0U);
  EXPECT_EQ(fake.read("c", File::quota), "200000");
}

TEST_F(LedgerTest, WhatCannotBePutBackStaysInTheLedger) {
  fake.add("c");
  fake.set(ledger, "c", File::quota, "200000");
  fake.set(ledger, "c", File::shares, "200000");
  std::filesystem::remove(fake.path("c") + "/cpu.shares");
  std::filesystem::create_directory(fake.path("c") + "/cpu.shares");  // EISDIR
  const RestoreResult result = restore(fake.run_dir(), true);
  EXPECT_TRUE(result.failed == 1U && result.restored == 1U);
  EXPECT_EQ(ledger.entries(), 1U);
}

TEST_F(LedgerTest, OnV2TheFilesHaveTheirOwnNames) {
  fake.add("c");
  FakeGroups::put(fake.path("c") + "/cpu.max", "200000 100000");
  FakeGroups::put(fake.path("c") + "/cpu.max.burst", "200000");
  FakeGroups::put(fake.path("c") + "/cpu.weight", "200");
  ledger.set_v2(true);
  const auto intend = [&](File file, const char* original, const char* value) {
    EXPECT_EQ(ledger.intend(fake.path("c").c_str(), fake.inode("c"), file, original, value), Status::ok);
  };
  intend(File::quota, "150000 100000", "200000 100000");
  intend(File::burst, "100000", "200000");
  intend(File::shares, "100", "200");
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 3U);
  EXPECT_EQ(FakeGroups::get(fake.path("c") + "/cpu.max"), "150000 100000");
  EXPECT_EQ(FakeGroups::get(fake.path("c") + "/cpu.weight"), "100");
  EXPECT_EQ(fake.read("c", File::quota), "100000");
}

TEST_F(LedgerTest, ALedgerOfAnotherBootIsSetAsideAndRestoresNothing) {
  fake.add("c");
  fake.set(ledger, "c", File::quota, "200000");
  ledger.close();
  std::string other = boot_id();
  other[0] = other[0] == 'f' ? '0' : 'f';
  patch(fake.run_dir(), boot_id(), other);
  EXPECT_EQ(restore(fake.run_dir(), true).restored, 0U);
  EXPECT_EQ(fake.read("c", File::quota), "200000");
  EXPECT_TRUE(std::filesystem::exists(fake.path("ledger." + other)));
  EXPECT_EQ(ledger.open(fake.run_dir()), Status::ok);
  EXPECT_TRUE(ledger.empty());
}

TEST_F(LedgerTest, OpenSaysThatItSetOneAsideAndGoesOnWithANewOne) {
  ledger.close();
  patch(fake.run_dir(), boot_id(), "00000000");
  EXPECT_EQ(ledger.open(fake.run_dir()), Status::other_boot);
  fake.add("c");
  EXPECT_EQ(fake.set(ledger, "c", File::quota, "200000"), Status::ok);
  ledger.close();
  patch(fake.run_dir(), "hdrmldg", "garbage");
  EXPECT_EQ(ledger.open(fake.run_dir()), Status::corrupt);
  EXPECT_TRUE(ledger.empty());
  EXPECT_TRUE(std::filesystem::exists(fake.path("ledger.corrupt")));
}

TEST_F(LedgerTest, FullSaysSoAndForgettingMakesRoom) {
  const auto intend = [&](std::size_t i) {
    return ledger.intend(("/g/" + std::to_string(i)).c_str(), i, File::quota, "1", "2");
  };
  for (std::size_t i = 0; i < kMaxFiles; ++i) ASSERT_EQ(intend(i), Status::ok);
  EXPECT_EQ(intend(kMaxFiles), Status::full);
  EXPECT_EQ(intend(7), Status::ok) << "a known file needs no room";
  ledger.forget("/g/7", File::quota);
  EXPECT_EQ(intend(kMaxFiles), Status::ok);
  EXPECT_EQ(ledger.entries(), kMaxFiles);
}

TEST_F(LedgerTest, WhatDoesNotFitIsRefused) {
  const std::string path(kMaxPath, 'p'), value(kMaxValue, '1');
  EXPECT_EQ(ledger.intend(path.c_str(), 1, File::quota, "1", "2"), Status::too_long);
  EXPECT_EQ(ledger.intend("/g", 1, File::quota, value.c_str(), "2"), Status::too_long);
  EXPECT_EQ(ledger.intend("/g", 1, File::quota, "1", value.c_str()), Status::too_long);
  EXPECT_TRUE(ledger.empty());
}

TEST_F(LedgerTest, NothingIsAllocatedAfterOpen) {
  const auto before = ::mallinfo2();
  for (std::uint64_t i = 0; i < 200; ++i) {
    ledger.intend("/sys/a", 1 + i % 3, File::quota, "1", i % 2 == 0 ? "2" : "3");
    ledger.intend("/sys/b", 1, File::shares, "1", i % 2 == 0 ? "2" : "3");
  }
  const auto after = ::mallinfo2();
  EXPECT_EQ(after.uordblks, before.uordblks);
  EXPECT_EQ(after.hblks, before.hblks);
}

TEST_F(LedgerTest, TheWordsOfTheProtocolAreSharedAndAFenceDoesNotOutliveItsDaemon) {
  Image* guard = nullptr;
  ASSERT_EQ(map_image(fake.run_dir(), Missing::fail, guard), Status::ok);
  EXPECT_FALSE(ledger.guard_alive(10));
  guard->header.guard_beat.store(1'000'000'000);
  EXPECT_TRUE(ledger.guard_alive(1'900'000'000));
  EXPECT_FALSE(ledger.guard_alive(2'100'000'000));
  ledger.set_armed(true);
  EXPECT_EQ(guard->header.armed.load(), 1U);
  guard->header.fence.store(1);
  EXPECT_TRUE(ledger.fenced());
  ledger.lower_fence();
  EXPECT_FALSE(ledger.fenced());
  guard->header.fence.store(1);
  die_and_reopen();
  EXPECT_FALSE(ledger.fenced());
  unmap_image(guard);
}

TEST_F(LedgerTest, TheFirstRowBeats) {  // nobody had to beat before, so an old heartbeat must not raise a fence
  ledger.beat(1);
  ledger.intend("/g", 1, File::quota, "1", "2");
  Image* guard = nullptr;
  ASSERT_EQ(map_image(fake.run_dir(), Missing::fail, guard), Status::ok);
  EXPECT_GT(guard->header.beat.load(), 1);
  unmap_image(guard);
}

TEST(LedgerSpace, AFullRunDirectoryIsAnErrorAndNotASignal) {
  const FakeGroups fake;
  if (::mount("none", fake.run_dir(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "cannot mount a tmpfs";
  Ledger ledger;
  EXPECT_EQ(ledger.open(fake.run_dir()), Status::io);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_FALSE(ledger.is_open());
  EXPECT_EQ(ledger.intend("/g", 1, File::quota, "1", "2"), Status::io);
  EXPECT_TRUE(std::filesystem::is_empty(fake.run_dir()));
  ::umount(fake.run_dir());
}

}  // namespace
}  // namespace headroom::ledger
