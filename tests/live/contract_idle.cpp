// KERNEL 7, the part of it that no simulator has: cpu.idle. The rest is in tests/contract/order_suite.cpp.
#include <gtest/gtest.h>

#include "tests/support/scratch_group.hpp"

namespace headroom::live {
namespace {

TEST(ContractIdle, AnIdleGroupTakesNoWeight) {
  const ScratchGroup group("idle");
  auto files = group.open();
  const auto before = must(files.shares());
  ASSERT_EQ(foreign_write(group.dir() + "/cpu.idle", "1"), 0);
  const auto refused = files.write_file(CpuFile::shares, "100");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::rejected);
  // v2 reads 0 (6.1) or 1 (6.12) then; v1 a number of the kernel's own.
  EXPECT_LE(must(files.shares()), on_v2() ? Shares{1} : Shares{3});
  ASSERT_EQ(foreign_write(group.dir() + "/cpu.idle", "0"), 0);
  EXPECT_EQ(must(files.shares()), before);
  EXPECT_TRUE(files.write_file(CpuFile::shares, "100"));
}

}  // namespace
}  // namespace headroom::live
