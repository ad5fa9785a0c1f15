// headroomctl and headroomd --restore where there is nobody to ask: what to do is said, not only what failed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/cli/programs.hpp"

namespace headroom::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kCommands[] = {"status", "top", "throttled", "pause", "resume", "restore"};

class NoDaemon : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(dir_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string socket() const { return std::string(dir_) + "/control.sock"; }
  Ran ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {program("headroomctl"), "--socket", socket()});
    return run(words);
  }
  /// A bound socket that nobody listens on any more, or that this test listens on.
  int bind_socket() const {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, socket().c_str(), sizeof name.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    return fd;
  }

  char dir_[32] = "/tmp/headroom-ctl-XXXXXX";
};

TEST_F(NoDaemon, EveryCommandNamesTheSocketAndTheWayOut) {
  for (const char* command : kCommands) {
    const Ran ran = ctl({command});
    EXPECT_EQ(ran.code, 3) << command;
    EXPECT_EQ(ran.out, "") << command;
    EXPECT_THAT(ran.err, HasSubstr(socket())) << command;
    EXPECT_THAT(ran.err, HasSubstr("--state-dir")) << command;
  }
  EXPECT_THAT(ctl({"restore"}).err, HasSubstr("headroomd --restore"));
  EXPECT_THAT(ctl({"resume"}).err, HasSubstr("start headroomd"));
}

TEST_F(NoDaemon, JsonIsAskedForAndGivenAlsoForErrors) {
  for (const char* command : kCommands) EXPECT_THAT(ctl({"-o", "json", command}).out, HasSubstr("{\"error\":\"")) << command;
}

TEST_F(NoDaemon, ASocketThatADeadDaemonLeftIsToldFromNone) {
  ::close(bind_socket());
  const Ran ran = ctl({"status"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("nobody answers"));
  EXPECT_THAT(ran.err, HasSubstr("headroomd --restore"));
}

TEST_F(NoDaemon, SomebodyElsesSocketIsNotTakenForADaemon) {
  const int fd = bind_socket();
  ASSERT_EQ(::listen(fd, 4), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    for (;;) {
      const int peer = ::accept(fd, nullptr, nullptr);
      char ignored[1024];
      if (::read(peer, ignored, sizeof ignored) > 0) {
        const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        if (::write(peer, answer, sizeof answer - 1) < 0) ::_exit(1);
      }
      ::close(peer);
    }
  }
  const Ran ran = ctl({"status"});
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  ::close(fd);
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("not a headroomd"));
}

TEST_F(NoDaemon, WhoMayNotUseTheSocketIsToldWhoMay) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  ::chmod(dir_, 0755);
  ::close(bind_socket());
  ::chmod(socket().c_str(), 0600);
  std::filesystem::copy_file(program("headroomctl"), std::string(dir_) + "/headroomctl");   // where nobody may go, too
  const Ran ran = run({"setpriv", "--reuid=65534", "--clear-groups", std::string(dir_) + "/headroomctl", "--socket", socket(), "status"});
  EXPECT_EQ(ran.code, 3) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("root (uid 0)"));
  EXPECT_THAT(ran.err, HasSubstr("sudo"));
}

TEST_F(NoDaemon, DoctorLooksAtTheNodeAllTheSame) {
  const Ran ran = ctl({"doctor", "--run-dir", std::string(dir_)});
  EXPECT_TRUE(ran.code == 0 || ran.code == 1) << ran.out << ran.err;   // 1: a node may lack something
  for (const char* topic : {"kernel: Linux", "cgroups: v", "libcgroup: ", "burst: ", "psi: ", "rights: ", "daemon: no daemon answers"})
    EXPECT_THAT(ran.out, HasSubstr(topic));
  const Ran json = ctl({"-o", "json", "doctor", "--run-dir", std::string(dir_)});
  EXPECT_EQ(json.code, ran.code);
  EXPECT_THAT(json.out, HasSubstr("\"exit\":" + std::to_string(ran.code)));
}

TEST_F(NoDaemon, DoctorsReportHasNoHostName) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, for a host name of its own";
  const Ran ran = run({"unshare", "--uts", "sh", "-c", "echo very-secret-host >/proc/sys/kernel/hostname && exec \"$@\"", "sh",
                       program("headroomctl"), "--socket", socket(), "doctor", "--report", "--run-dir", std::string(dir_)});
  EXPECT_THAT(ran.out, HasSubstr("### headroomctl doctor")) << ran.err;
  EXPECT_THAT(ran.out, Not(HasSubstr("very-secret-host")));
}

TEST(WrongArguments, AreRefusedWithTwo) {
  EXPECT_EQ(run({program("headroomctl")}).code, 2);
  EXPECT_EQ(run({program("headroomctl"), "statsu"}).code, 2);
  EXPECT_EQ(run({program("headroomctl"), "-o", "xml", "status"}).code, 2);
  EXPECT_EQ(run({program("headroom-guard"), "--nonsense"}).code, 2);
}

TEST(Restore, SaysWhichDirectoryItLookedAtAndThatThereIsNoLedger) {
  char dir[32] = "/tmp/headroom-ctl-XXXXXX";
  ASSERT_NE(mkdtemp(dir), nullptr);
  const Ran empty = run({program("headroomd"), "--restore", "--run-dir", dir});
  EXPECT_EQ(empty.code, 0) << empty.err;
  EXPECT_EQ(empty.out, "no ledger in " + std::string(dir) + ": nothing to put back\n");
  const std::string missing = std::string(dir) + "/no/such";
  const Ran named = run({program("headroomd"), "--restore", "--run-dir", missing});
  EXPECT_EQ(named.code, 1);
  EXPECT_THAT(named.err, HasSubstr("no ledger in " + missing));
  EXPECT_FALSE(std::filesystem::exists(missing));
  std::ofstream(std::string(dir) + "/ledger") << "rubbish";
  const Ran damaged = run({program("headroomd"), "--restore", "--run-dir", dir});
  EXPECT_EQ(damaged.code, 1);
  EXPECT_THAT(damaged.out, HasSubstr("ledger.corrupt"));
  EXPECT_TRUE(std::filesystem::exists(std::string(dir) + "/ledger.corrupt"));
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace headroom::test
