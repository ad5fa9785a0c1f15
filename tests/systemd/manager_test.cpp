// What is sent to $NOTIFY_SOCKET, as a service manager would receive it.
#include "systemd/manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace headroom::systemd {
namespace {

struct ManagerTest : testing::Test {
  std::string dir;
  int fd = -1;
  void SetUp() override {
    char path[] = "/tmp/hr-notify-XXXXXX";
    dir = mkdtemp(path);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    const std::string name = dir + "/notify";
    name.copy(at.sun_path, sizeof at.sun_path - 1);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    setenv("WATCHDOG_USEC", "8000000", 1);
  }
  void TearDown() override {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(fd);
    std::filesystem::remove_all(dir);
  }
  std::vector<std::string> heard() const {
    std::vector<std::string> out;
    char buffer[512];
    for (ssize_t n = 0; (n = recv(fd, buffer, sizeof buffer, 0)) >= 0;) out.emplace_back(buffer, static_cast<std::size_t>(n));
    return out;
  }
};

using Lines = std::vector<std::string>;

TEST_F(ManagerTest, IsToldWhatHappens) {
  Manager manager;
  ASSERT_TRUE(manager.listens()) << manager.trouble();
  manager.ready();
  manager.reloading();
  manager.ready();
  manager.stopping();
  EXPECT_EQ(heard(), (Lines{"READY=1", "RELOADING=1", "READY=1", "STOPPING=1"}));
}

TEST_F(ManagerTest, HearsAStatusOnce) {
  Manager manager;
  for (const char* line : {"a", "a", "b", "a"}) manager.status(line);
  EXPECT_EQ(heard(), (Lines{"STATUS=a", "STATUS=b", "STATUS=a"}));
}

TEST_F(ManagerTest, HearsOfTheTickFourTimesInItsPatience) {
  Manager manager;
  const TimePoint begin{seconds{100}};
  for (int ms = 0; ms < 8000; ms += 50) manager.lives(begin + milliseconds{ms});
  EXPECT_EQ(heard(), Lines(4, "WATCHDOG=1"));
}

TEST_F(ManagerTest, WithoutAWatchdogIsNotToldOfTicks) {
  unsetenv("WATCHDOG_USEC");
  Manager manager;
  manager.lives(TimePoint{seconds{100}});
  EXPECT_EQ(heard(), Lines{});
}

TEST_F(ManagerTest, WithoutASocketNobodyListens) {
  unsetenv("NOTIFY_SOCKET");
  Manager manager;
  EXPECT_FALSE(manager.listens());
  EXPECT_EQ(manager.trouble(), "");
  manager.ready();
  EXPECT_EQ(heard(), Lines{});
}

}  // namespace
}  // namespace headroom::systemd
