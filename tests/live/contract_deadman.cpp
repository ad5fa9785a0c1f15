// KERNEL 23: a lock is a dead-man's switch. KERNEL 8: what the probe finds out is what the kernel does.
#include <gtest/gtest.h>
#include <sys/file.h>

#include "cgroups/fs/probe.hpp"
#include "tests/support/spinner.hpp"

namespace headroom::live {
namespace {

TEST(ContractDeadman, AWaiterForTheLockPutsTheValueBackAfterAKill) {
  ScratchGroup group("deadman");
  auto files = group.open();
  must(set_limit(files, microseconds{10'000}, microseconds{100'000}));
  const auto original = must(files.read_file(CpuFile::quota));
  char name[] = "/tmp/hr-deadman-XXXXXX";
  const int made = ::mkstemp(name);
  ASSERT_GE(made, 0);
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);

  const pid_t daemon = ::fork();
  if (daemon == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int lock = ::open(name, O_RDWR | O_CLOEXEC);
    if (::flock(lock, LOCK_EX) != 0 || foreign_write(group.file(CpuFile::quota), "50000") != 0) ::_exit(1);
    (void)!::write(ready[1], "d", 1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const pid_t guard = ::fork();
  if (guard == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int lock = ::open(name, O_RDWR | O_CLOEXEC);
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) ::_exit(2);  // somebody has to hold it
    (void)!::write(ready[1], "g", 1);
    if (::flock(lock, LOCK_EX) != 0) ::_exit(3);
    ::_exit(foreign_write(group.file(CpuFile::quota), original));
  }
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  rest(milliseconds{20});
  EXPECT_EQ(must(files.bandwidth()).quota, microseconds{50'000}) << "the guard waits while the daemon lives";
  EXPECT_EQ(::waitpid(guard, nullptr, WNOHANG), 0);
  ::kill(daemon, SIGKILL);
  int status = -1;
  EXPECT_EQ(::waitpid(guard, &status, 0), guard);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(must(files.read_file(CpuFile::quota)), original);
  ::waitpid(daemon, nullptr, 0);
  for (const int fd : {made, ready[0], ready[1]}) ::close(fd);
  ::unlink(name);
}

TEST(ContractProbe, FindsTheRulesThatTheContractHolds) {
  const auto found = must(probe(host()));
  EXPECT_FALSE(found.assumed);
  EXPECT_EQ(found.v2, on_v2());
  EXPECT_TRUE(found.burst_file);
  EXPECT_FALSE(found.burst_above_quota);
  EXPECT_EQ(found.parent_child_rule, !on_v2());
  EXPECT_TRUE(found.rewrite_refills);
  EXPECT_TRUE(found.idle_file);
  const ScratchGroup group("probe");
  auto files = group.open();
  EXPECT_EQ(found.group_pressure, files.pressure().has_value());
}

std::string probes_group(pid_t pid) { return host().cpu + "/headroom-probe-" + std::to_string(pid); }

bool there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

TEST(ContractProbe, LeavesNothingBehindAndTakesAwayWhatAKilledOneLeft) {
  const auto dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const std::string left = probes_group(dead);
  ASSERT_EQ(::mkdir(left.c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((left + "/inner").c_str(), 0755), 0);
  must(probe(host()));
  EXPECT_FALSE(there(left));
  EXPECT_FALSE(there(probes_group(::getpid())));
}

int fail_on_burst(const char* call, const char* path) {
  const std::string_view at = path;
  return std::string_view(call) == "pwrite" && at.ends_with(file_name(CpuFile::burst, on_v2())) ? EIO : 0;
}

TEST(ContractProbe, LeavesNothingBehindWhenItFails) {
  set_fault_hook(fail_on_burst);
  const auto failed = probe(host());
  set_fault_hook(nullptr);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::io);
  EXPECT_FALSE(there(probes_group(::getpid())));
}

}  // namespace
}  // namespace headroom::live
