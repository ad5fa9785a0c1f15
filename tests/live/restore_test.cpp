// What the kernel holds back for a moment is waited for.
#include <gtest/gtest.h>

#include "cgroups/ledger/ledger.hpp"
#include "tests/live/daemon_fixture.hpp"

namespace headroom::live {
namespace {

TEST(RestoreLive, AContainerThatHasJustGoneHoldsItsPodUpForAMomentOnly) {
  if (on_v2()) GTEST_SKIP() << "v2 knows no rule between parent and child";
  const Directory dir;
  std::filesystem::create_directories(dir / "run");
  const std::string run = dir / "run";
  for (int round = 0; round < 10; ++round) {
    const ScratchGroup pod("dying");
    const auto child = std::make_unique<ScratchGroup>(pod, "c");
    ASSERT_EQ(foreign_write(pod.file(CpuFile::quota), "20000"), 0);
    ASSERT_EQ(foreign_write(child->file(CpuFile::quota), "20000"), 0);
    ledger::Ledger ledger;
    ASSERT_EQ(ledger.open(run.c_str()), ledger::Status::ok);
    for (const ScratchGroup* group : {&pod, static_cast<const ScratchGroup*>(child.get())}) {
      struct stat st{};
      ASSERT_EQ(::stat(group->dir().c_str(), &st), 0);
      ASSERT_EQ(ledger.intend(group->dir().c_str(), st.st_ino, ledger::File::quota, "20000", "80000"), ledger::Status::ok);
      ASSERT_EQ(foreign_write(group->file(CpuFile::quota), "80000"), 0);
    }
    const std::string container = child->dir();
    ASSERT_EQ(::rmdir(container.c_str()), 0);
    EXPECT_EQ(foreign_write(pod.file(CpuFile::quota), "20000"), EINVAL) << "the kernel's rule is what this is about";
    const auto result = ledger::restore(run.c_str(), true);
    EXPECT_EQ(result.failed, 0U);
    EXPECT_EQ(read_line(pod.file(CpuFile::quota)), "20000");
  }
}

}  // namespace
}  // namespace headroom::live
