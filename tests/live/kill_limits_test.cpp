// What a kill must not do: write where nothing was ours, write over somebody else, believe another boot; and a run
// directory that cannot hold a ledger.
#include <sys/mount.h>

#include "tests/live/kill_fixture.hpp"

namespace headroom::live {
namespace {

class KillLimits : public KillTest {
 protected:
  pid_t guard() { return static_cast<pid_t>(files_.header().guard_pid.load()); }
  /// Leases are out, the guard is frozen, the daemon is dead.
  void die_without_guard(Daemon& daemon) {
    ASSERT_TRUE(wait_for_lease(daemon)) << daemon.log();
    // Stopped first: a daemon that runs on would see that its guard is frozen and take its leases back.
    const bool caught = eventually([&] {
      daemon.signal(SIGSTOP);
      if (!eventually([&] { return daemon.stopped(); })) return false;   // one more write may be under way until then
      if (!any_raised().empty()) return true;
      daemon.signal(SIGCONT);
      return false;
    }, patience());
    ASSERT_TRUE(caught) << daemon.log();
    ::kill(guard(), SIGSTOP);
    ASSERT_TRUE(eventually([&] { return is_frozen(guard()); }));   // it would restore in the moment until then
    daemon.signal(SIGKILL);
    (void)daemon.reap();
    ASSERT_FALSE(any_raised().empty());
  }
  /// Every thread of it. It is not our child.
  static bool is_frozen(pid_t pid) {
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid)))
      if (const auto stat = read_line(task.path() / "stat"); stat.find(") T ") == std::string::npos) return false;
    return true;
  }
  std::string any_raised() const {
    for (int i = 0; i < node_.size(); ++i)
      if (const Kept& k = node_.kept(node_.container(i), CpuFile::quota); !k.is_original()) return k.path;
    return "";
  }
};

TEST_F(KillLimits, AThirdPartysWriteBetweenKillAndRestoreStands) {
  for (int i = 0; i < count_of("HEADROOM_THIRD", 2) && !HasFatalFailure(); ++i) {
    Daemon daemon(files_, node_, {});
    die_without_guard(daemon);
    if (HasFatalFailure()) return;
    const std::string file = any_raised(), theirs = Node::quota_text(6'001 + i);
    ASSERT_EQ(foreign_write(file, theirs), 0) << file;
    ::kill(guard(), SIGCONT);
    ASSERT_TRUE(guard_is_done());
    EXPECT_EQ(read_line(file), theirs);
    EXPECT_NE(daemon.log().find("foreign 1"), std::string::npos) << daemon.log();
    sample(fmt::format("third {}", read_line(file) == theirs ? "stands" : "LOST"));
    node_.put_back();
  }
}

TEST_F(KillLimits, ALedgerOfAnotherBootRestoresNothing) {
  Daemon daemon(files_, node_, {});
  die_without_guard(daemon);
  if (HasFatalFailure()) return;
  const pid_t frozen = guard();
  char& first = files_.header().boot_id[0];
  first = first == 'f' ? '0' : 'f';
  ::kill(frozen, SIGKILL);
  ::waitpid(frozen, nullptr, 0);
  const std::string before = node_.what_stands();
  DaemonArgs only;
  only.arguments = {"--restore"};
  Daemon restore(files_, node_, only);
  EXPECT_EQ(restore.reap(), 0) << restore.log();
  EXPECT_EQ(node_.what_stands(), before);
  sample(fmt::format("boot {}", node_.what_stands() == before ? "nothing" : "WROTE"));
  node_.put_back();
}

TEST_F(KillLimits, WithHiddenLeasesAloneNothingHadToBeWritten) {
  for (int i = 0; i < count_of("HEADROOM_HIDDEN_KILLS", 2) && !HasFatalFailure(); ++i) {
    DaemonArgs args;
    args.program = "headroomd-hooked";
    args.visibility = "hidden";
    args.tuning = "hold: 20, least: 1, punctuality: 1000, harmWindow: 1000, weightEighths: 8";
    Daemon daemon(files_, node_, args);
    ASSERT_TRUE(eventually([&] { return daemon.writes().size() > 10; }, patience())) << daemon.log();
    EXPECT_EQ(files_.header().live.load(), 0U);
    daemon.signal(SIGKILL);
    ASSERT_TRUE(watch(daemon).in_time && guard_is_done());
    for (const auto& [path, text] : daemon.writes()) EXPECT_EQ(text, read_line(path)) << path << ": a refill changes nothing";
    EXPECT_EQ(daemon.log().find("the daemon is gone"), std::string::npos) << daemon.log();
    sample(fmt::format("hidden {} {}", daemon.writes().size(), node_.all_original() ? "nothing" : "WROTE"));
  }
}

/// A tmpfs mounted over the run directory for the life of this object.
class Mounted {
 public:
  Mounted(std::string where, unsigned long flags, const char* data) : where_(std::move(where)) {
    std::filesystem::create_directories(where_);
    done_ = ::mount("tmpfs", where_.c_str(), "tmpfs", flags, data) == 0;
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted() {
    if (done_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  explicit operator bool() const { return done_; }

 private:
  std::string where_;
  bool done_ = false;
};

class RunDirectory : public KillLimits {
 protected:
  /// It stays in observe, says why, and writes nothing.
  void stays_in_observe(const char* how) {
    DaemonArgs args;
    args.program = "headroomd-hooked";
    Daemon daemon(files_, node_, args);
    std::string status;
    ASSERT_TRUE(eventually([&] { return (status = daemon.get("/v1/status")).find("\"mode\"") != std::string::npos; }, patience()))
        << daemon.log();
    EXPECT_NE(status.find("\"mode\":\"observe\""), std::string::npos) << status;
    const auto reason = status.find("not enforcing: " + (files_ / "run"));
    EXPECT_NE(reason, std::string::npos) << status;
    rest(milliseconds{500});
    EXPECT_TRUE(daemon.writes().empty());
    EXPECT_TRUE(node_.all_original()) << node_.what_stands();
    const bool held = daemon.writes().empty() && reason != std::string::npos;
    sample(fmt::format("rundir {} {} {}", how, held ? "observe" : "WRONG",
                       reason == std::string::npos ? "" : status.substr(reason, status.find('"', reason) - reason)));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.reap(), 0) << daemon.log();
  }
};

TEST_F(RunDirectory, AFullOneKeepsTheDaemonInObserve) {
  const Mounted small(files_ / "run", 0, "size=64k");
  if (!small) GTEST_SKIP() << "no tmpfs can be mounted here";
  stays_in_observe("full");
}

TEST_F(RunDirectory, AReadOnlyOneKeepsTheDaemonInObserve) {
  const Mounted small(files_ / "run", MS_RDONLY, "size=64k");
  if (!small) GTEST_SKIP() << "no tmpfs can be mounted here";
  stays_in_observe("read-only");
}

}  // namespace
}  // namespace headroom::live
