// As in a container: on v2 a cgroup namespace of its own, on a mount with `nsdelegate`, as systemd makes it; no capabilities.
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>

#include "cgroups/fs/probe.hpp"
#include "tests/support/scratch_group.hpp"

namespace headroom::live {
namespace {

struct Found {
  bool probed = false, refills = false, assumed = false, moved = false, wrote = false;
};

bool drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

/// By a process in a group of its own that has done `confine`.
template <class Confine>
Found confined(const ScratchGroup& own, const ScratchGroup& others, Confine confine) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t pid = ::fork();
  if (pid == 0) {
    Found found;
    if (!own.join() || !confine()) ::_exit(1);
    const auto probed = probe(host());
    found.probed = probed.has_value();
    found.refills = probed && probed->rewrite_refills;
    found.assumed = probed && probed->refills_assumed;
    found.moved = foreign_write(others.dir() + "/cgroup.procs", "0") == 0;
    found.wrote = foreign_write(others.file(CpuFile::quota), "60000 100000") == 0;
    if (::write(ends[1], &found, sizeof found) != sizeof found) ::_exit(1);
    ::_exit(0);
  }
  ::close(ends[1]);
  Found found;
  const bool told = ::read(ends[0], &found, sizeof found) == sizeof found;
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(told);
  return found;
}

/// It may write everybody's limit and move nobody: what cannot be tried counts as it is documented.
TEST(ContractNamespace, WhoMayNotMoveAProcessMayWriteAndTakesRefillsAsDocumented) {
  if (!on_v2()) GTEST_SKIP() << "v1 has no such rule";
  const ScratchGroup own("namespace"), others("others");
  const Found found = confined(own, others, [] { return ::unshare(CLONE_NEWCGROUP) == 0; });
  EXPECT_TRUE(found.probed);
  EXPECT_TRUE(found.wrote);
  EXPECT_TRUE(found.refills) << "else there are no hidden leases in any pod";
  EXPECT_NE(found.assumed, found.moved);
  EXPECT_FALSE(found.moved) << "the mount has nsdelegate";
}

/// The hierarchy's own directory is 0555: what is tried is tried in a group below it.
TEST(ContractNamespace, RootWithoutCapabilitiesTriesWhatItMay) {
  const ScratchGroup own("own"), others("others"), parent("parent");
  if (on_v2()) {
    ASSERT_EQ(foreign_write(parent.dir() + "/cgroup.subtree_control", "+cpu"), 0);
  }
  const Found found = confined(own, others, drop_capabilities);
  EXPECT_TRUE(found.probed);
  EXPECT_TRUE(found.refills);
  EXPECT_EQ(found.wrote, on_v2()) << "of root's files, by owner; the text is v2's";
}

}  // namespace
}  // namespace headroom::live
