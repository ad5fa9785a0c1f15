// Read-only mount, SELinux, AppArmor, a user who is not root: told apart by what /proc says.
#include "cgroups/fs/denial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace headroom {
namespace {

using testing::HasSubstr;

constexpr const char* kWritable =
    "25 1 8:1 / / rw,relatime - ext4 /dev/root rw\n"
    "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kFile = "/sys/fs/cgroup/kubepods/cpu.max";
constexpr const char* kContext = "system_u:system_r:container_t:s0:c1,c2";

DenialFacts root_with(const char* mountinfo) {
  DenialFacts facts;
  facts.mountinfo = mountinfo;
  facts.capabilities = ~0ULL;
  return facts;
}

TEST(Denial, AReadOnlyMountIsNamedBeforeWhoeverWouldForbidItToo) {
  auto facts = root_with("30 25 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw\n");
  facts.label = kContext;
  facts.selinux_enforcing = true;
  const auto denial = explain_denial(kFile, facts);
  EXPECT_EQ(denial.cause, DenialCause::read_only_mount);
  EXPECT_THAT(denial.text, HasSubstr("/sys/fs/cgroup is a read-only mount"));
}

TEST(Denial, OnlyTheMountThatThePathLiesOnCounts) {
  const std::string below = std::string(kWritable) + "31 30 0:27 / /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";
  EXPECT_EQ(explain_denial(kFile, root_with(below.c_str())).cause, DenialCause::unknown);
  EXPECT_EQ(explain_denial("/sys/fs/cgroup/cpu/a/cpu.shares", root_with(below.c_str())).cause, DenialCause::read_only_mount);
  EXPECT_EQ(explain_denial("/sys/fs/cgroup/cpuacct/a", root_with(below.c_str())).cause, DenialCause::unknown);
  const std::string over = below + "32 31 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
  EXPECT_EQ(explain_denial("/sys/fs/cgroup/cpu/a", root_with(over.c_str())).cause, DenialCause::unknown) << "mounted over";
  EXPECT_EQ(explain_denial(kFile, root_with("30 25 0:26 / / rw - cgroup2 cgroup2 ro\n")).cause, DenialCause::read_only_mount)
      << "the whole file system is";
}

TEST(Denial, SELinuxCountsOnlyWhereItEnforces) {
  auto facts = root_with(kWritable);
  facts.label = kContext;
  EXPECT_EQ(explain_denial(kFile, facts).cause, DenialCause::unknown);
  facts.selinux_enforcing = true;
  const auto denial = explain_denial(kFile, facts);
  EXPECT_EQ(denial.cause, DenialCause::selinux);
  EXPECT_THAT(denial.text, HasSubstr(kContext));
}

TEST(Denial, AnAppArmorProfileCountsOnlyWhereItIsEnforced) {
  auto facts = root_with(kWritable);
  for (const char* free : {"unconfined", "docker-default (complain)", ""}) {
    facts.label = free;
    EXPECT_EQ(explain_denial(kFile, facts).cause, DenialCause::unknown) << free;
  }
  facts.label = "docker-default (enforce)";
  const auto denial = explain_denial(kFile, facts);
  EXPECT_EQ(denial.cause, DenialCause::apparmor);
  EXPECT_THAT(denial.text, HasSubstr("docker-default"));
}

TEST(Denial, AUserWithoutTheCapabilityIsTold) {
  auto facts = root_with(kWritable);
  facts.user = 65534;
  EXPECT_EQ(explain_denial(kFile, facts).cause, DenialCause::unknown) << "it has the capability";
  facts.capabilities = 0;
  EXPECT_EQ(explain_denial(kFile, facts).cause, DenialCause::not_root);
}

TEST(Denial, OfThisProcessSomethingIsKnown) {
  const auto facts = read_denial_facts();
  EXPECT_THAT(facts.mountinfo, HasSubstr(" - "));
  EXPECT_EQ(facts.user, ::geteuid());
}

}  // namespace
}  // namespace headroom
