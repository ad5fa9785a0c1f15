// Faults before the first tick, and a daemon that may not write: it says why once, and observes.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/live/faults_fixture.hpp"

namespace headroom::live {
namespace {

constexpr int kErrors[] = {EACCES, EROFS, ENODEV, EIO, EINTR};

class StartFaults : public FaultTest {
 protected:
  /// "enforce", "observe", or "" where it does not start. Waits until that is sure.
  static std::string mode_of(const Daemon& daemon) {
    std::string status;
    eventually([&] { return daemon.dead() || !(status = daemon.get("/v1/status")).empty(); }, patience());
    for (const char* mode : {"enforce", "observe"})
      if (status.find("\"mode\":\"" + std::string(mode) + "\"") != std::string::npos) return mode;
    return "";
  }
  static void tell(const char* call, int error, std::uint32_t hits, int said, const std::string& end) {
    sample("start|" + std::string(call) + "|" + error_name(error) + "|" + std::to_string(hits) + "|" + std::to_string(said) +
           "|" + (end.empty() ? "does not start" : end));
  }
  std::vector<std::string> probe_leftovers() const {
    std::vector<std::string> out;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(node_.root_dir(), none))
      if (entry.path().filename().string().starts_with("headroom-probe-")) out.push_back(entry.path());
    return out;
  }
};

/// Without its own scratch groups, without events, without the root: in observe or not at all, and with one message.
TEST_F(StartFaults, AreOneMessageAndWriteNothing) {
  const struct { const char* call; const char* mode; } rows[] = {
      {"mkdir", "observe"}, {"inotify_init", ""}, {"fstat", ""}, {"rmdir", "enforce"}, {"access", "enforce"}};
  for (const auto& row : rows)
    for (const int error : kErrors) {
      if (!full() && on_v2() && error != EROFS && error != EINTR) continue;   // an emulated guest has time for some only
      SCOPED_TRACE(std::string(row.call) + ": " + error_name(error));
      const RunFiles files;
      const std::string part = std::strcmp(row.call, "fstat") == 0 ? "" : node_.root_dir();
      arm(row.call, error, part, std::strcmp(row.call, "fstat") == 0 ? node_.root_dir() : "");
      Daemon daemon(files, node_, hooked());
      const std::string mode = mode_of(daemon), wanted = error == EINTR ? "enforce" : row.mode;
      EXPECT_EQ(mode, wanted) << daemon.log();
      EXPECT_GT(page_.hits.load(), 0U);
      if (wanted != "enforce") {
        EXPECT_TRUE(node_.all_original()) << node_.what_stands();
      }
      const int said = messages(daemon.log(), 0);
      EXPECT_EQ(said, wanted == "enforce" ? 0 : 1) << daemon.log();
      tell(row.call, error, page_.hits.load(), said, mode);
      disarm();
      daemon.signal(SIGTERM);
      (void)daemon.reap();
    }
  // What a failed rmdir left behind goes with the next start.
  const RunFiles files;
  Daemon daemon(files, node_, hooked());
  EXPECT_EQ(mode_of(daemon), "enforce") << daemon.log();
  EXPECT_TRUE(probe_leftovers().empty());
}

TEST_F(StartFaults, ADirectoryThatCannotBeListedIsListedLater) {
  for (const char* call : {"stat", "readdir"}) {
    SCOPED_TRACE(call);
    const RunFiles files;
    arm(call, EACCES, "", "/burstable");
    Daemon daemon(files, node_, hooked());
    ASSERT_EQ(mode_of(daemon), "enforce") << daemon.log();
    EXPECT_FALSE(node_.lease_out()) << "its pods are not known yet";
    disarm();
    EXPECT_TRUE(lends(daemon)) << daemon.log();
    EXPECT_EQ(messages(daemon.log(), 0), 1) << daemon.log();
  }
}

/// EACCES or EROFS at the first write: nobody here may be written, and one message says so.
TEST_F(StartFaults, ADeniedFirstWriteIsOneMessageAndThenItObserves) {
  for (const char* call : {"open_rw", "pwrite"})
    for (const int error : {EACCES, EROFS}) {
      SCOPED_TRACE(std::string(call) + ": " + error_name(error));
      const RunFiles files;
      arm(call, error, node_.root_dir() + "/kubepods", "");
      Daemon daemon(files, node_, hooked());
      ASSERT_TRUE(eventually([&] { return page_.hits.load() > 0; }, patience())) << daemon.log();
      ASSERT_TRUE(eventually([&] { return mode_of(daemon) == "observe"; }, patience())) << daemon.log();
      const std::string status = daemon.get("/v1/status");
      EXPECT_NE(status.find("not enforcing: "), std::string::npos) << status;
      EXPECT_NE(status.find("/proc shows no read-only mount, no SELinux context and no AppArmor profile"), std::string::npos)
          << "the error was made up, and /proc knows\n" << status;
      const long before = ticks(daemon);
      rest(milliseconds{500});
      EXPECT_GT(ticks(daemon), before) << "it goes on";
      const std::uint32_t hits = page_.hits.load();
      EXPECT_EQ(messages(daemon.log(), 0), 1) << daemon.log();
      disarm();
      rest(milliseconds{300});
      EXPECT_TRUE(node_.all_original()) << "observing writes nothing, also when it could\n" << node_.what_stands();
      tell(call, error, hits, messages(daemon.log(), 0), "observe");
      daemon.signal(SIGHUP);
      ASSERT_TRUE(eventually([&] { return mode_of(daemon) == "enforce"; }, patience())) << daemon.log();
      EXPECT_TRUE(lends(daemon)) << "asked to read its configuration again, it tries to enforce again\n" << daemon.log();
      EXPECT_NE(daemon.get("/v1/status").find("\"modeReason\":\"\""), std::string::npos) << daemon.get("/v1/status");
      EXPECT_EQ(number(daemon.get("/v1/status"), "generation"), 1) << "the same configuration";
      daemon.signal(SIGTERM);
      EXPECT_EQ(daemon.reap(), 0) << daemon.log();
    }
}

/// The fault stays: each attempt writes nothing that stands, and ends in observe with its reason.
TEST_F(StartFaults, EnforceAskedForAgainWhileNothingMayBeWrittenIsObserveAgain) {
  const RunFiles files;
  arm("pwrite", EACCES, node_.root_dir() + "/kubepods", "");
  Daemon daemon(files, node_, hooked());
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_TRUE(eventually([&] { return messages(daemon.log(), 0) == attempt; }, patience())) << daemon.log();
    ASSERT_TRUE(eventually([&] { return mode_of(daemon) == "observe"; }, patience())) << daemon.log();
    EXPECT_NE(daemon.get("/v1/status").find("not enforcing: "), std::string::npos);
    EXPECT_TRUE(node_.all_original()) << node_.what_stands();
    daemon.signal(SIGHUP);
  }
  disarm();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.reap(), 0) << daemon.log();
  EXPECT_TRUE(node_.all_original()) << node_.what_stands();
}

/// The same with a mount that really is read-only, in a mount namespace of the daemon's own.
TEST_F(StartFaults, AReadOnlyMountIsNamedAsSuch) {
  DaemonArgs args;
  const std::string root = node_.root_dir();
  args.before_exec = [&root] {
    const bool made = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      ::mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
                      ::mount(nullptr, root.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
    if (!made) ::_exit(99);
  };
  const RunFiles files;
  Daemon daemon(files, node_, args);
  ASSERT_EQ(mode_of(daemon), "observe") << daemon.log();
  const std::string status = daemon.get("/v1/status");
  EXPECT_NE(status.find(root + " is a read-only mount"), std::string::npos) << status;
  EXPECT_EQ(messages(daemon.log(), 0), 1) << daemon.log();
  tell("mount -o ro", EROFS, 1, messages(daemon.log(), 0), "observe");
  EXPECT_TRUE(node_.all_original());
}

/// Shells and systemd give 1024 files at first; a node has more groups than that is good for.
TEST_F(StartFaults, ALowSoftLimitOfFilesIsNone) {
  DaemonArgs args;
  args.before_exec = [] {
    rlimit files{};
    (void)::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = 40;
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0) ::_exit(99);
  };
  const RunFiles files;
  Daemon daemon(files, node_, args);
  ASSERT_EQ(mode_of(daemon), "enforce") << daemon.log();
  EXPECT_TRUE(lends(daemon)) << daemon.log();
  EXPECT_EQ(messages(daemon.log(), 0), 0) << daemon.log();
  std::size_t open = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(daemon.pid()) + "/fd", none))
    open += entry.path().empty() ? 0 : 1;
  EXPECT_GT(open, 40U) << "it needed more than it was given";
}

}  // namespace
}  // namespace headroom::live
