// headroomd as its user meets it: started, asked, refused, ended; what it wrote is gone afterwards.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/live/daemon_fixture.hpp"

namespace headroom::live {
namespace {

/// A port of the loopback that is free now.
int free_port() {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  socklen_t size = sizeof name;
  (void)::bind(fd, reinterpret_cast<const sockaddr*>(&name), size);
  (void)::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  ::close(fd);
  return ntohs(name.sin_port);
}

/// Body and headers of one GET on the loopback; "" where nobody answers.
std::string scrape(int port, const std::string& path) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  std::string out;
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 &&
      ::write(fd, request.data(), request.size()) > 0) {
    char part[4096];
    for (ssize_t n = 0; (n = ::read(fd, part, sizeof part)) > 0;) out.append(part, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return out;
}

class DaemonLive : public testing::Test {
 protected:
  DaemonLive() : root_("daemon"), work_(root_, "work") {
    const std::string limit = on_v2() ? "50000 100000" : "50000";
    EXPECT_EQ(foreign_write(work_.file(CpuFile::quota), limit), 0);
    before_ = values();
  }
  std::string config(const std::string& policy, const std::string& level = "debug") const {
    return "version: 1\npolicy: " + policy + "\nlisten: 127.0.0.1:" + std::to_string(port_) +
           "\nlog: {level: " + level + "}\nnode: {steal: 100%}\nclasses:\n  - name: work\n    match: [{path: \"work\"}]\n"
           "    borrow: {upTo: 2 cores, visibility: file}\n";
  }
  std::vector<std::string> values() const {
    std::vector<std::string> out;
    for (const CpuFile f : {CpuFile::quota, CpuFile::period, CpuFile::burst, CpuFile::shares})
      out.push_back(read_line(work_.file(f)));
    return out;
  }

  bool lent() const { return values() != before_; }
  static long ticks(const DaemonProcess& daemon) {
    const std::string status = daemon.get("/v1/status");
    const auto at = status.find("\"ticks\":");
    return at == std::string::npos ? 0 : std::strtol(status.c_str() + at + 8, nullptr, 10);
  }

  Directory dir_;
  ScratchGroup root_, work_;
  int port_ = free_port();
  std::vector<std::string> before_;
};

TEST_F(DaemonLive, ObserveIsScrapedAndAskedAndNeedsNoRunDirectory) {
  DaemonProcess daemon(dir_, root_.dir(), config("headroom"), {"--mode", "observe", "--run-dir", "/proc/no/such/place"});
  ASSERT_TRUE(eventually([&] { return scrape(port_, "/readyz").find("200 OK") != std::string::npos; }, milliseconds{20'000}))
      << daemon.log();
  EXPECT_NE(scrape(port_, "/healthz").find("200 OK"), std::string::npos);
  const std::string metrics = scrape(port_, "/metrics");
  EXPECT_NE(metrics.find("text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(metrics.find("headroom_mode{mode=\"observe\"} 1"), std::string::npos);
  EXPECT_NE(metrics.find("container=\"/work\""), std::string::npos);
  EXPECT_NE(daemon.get("/v1/status").find("\"mode\":\"observe\""), std::string::npos);
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  EXPECT_EQ(values(), before_);
}

TEST_F(DaemonLive, EnforceLendsToABurstAndSigtermPutsEverythingBack) {
  DaemonProcess daemon(dir_, root_.dir(), config("headroom"), {"--mode", "enforce"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(eventually([&] { return read_line(work_.file(CpuFile::quota)) != before_[0]; }, milliseconds{20'000}))
      << daemon.log();
  EXPECT_TRUE(daemon.shows("/v1/explain?group=work", "\"lease\":{")) << daemon.get("/v1/explain?group=work");
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  EXPECT_EQ(values(), before_);
}

/// A tick is no news. What a machine that others share makes of a lease is: of several windows one has to be silent.
TEST_F(DaemonLive, LendingForAHundredTicksIsNoLineInTheLog) {
  constexpr int kWindows = 20;
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  DaemonProcess daemon(dir_, root_.dir(), config("headroom", "info"), {"--mode", "enforce", "--judge", "none"});
  bool silent = false;
  for (int i = 0; i < kWindows && !silent; ++i) {
    ASSERT_TRUE(eventually([&] { return lent(); }, milliseconds{20'000})) << daemon.log();
    const std::string log = daemon.log();
    const long begin = ticks(daemon);
    ASSERT_TRUE(eventually([&] { return ticks(daemon) >= begin + 100; }, milliseconds{20'000})) << daemon.log();
    silent = lent() && daemon.log() == log;
  }
  EXPECT_TRUE(silent) << daemon.log();
}

TEST_F(DaemonLive, PauseTakesEverythingBackUntilResume) {
  DaemonProcess daemon(dir_, root_.dir(), config("headroom"), {"--mode", "enforce"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  const auto lent = [&] { return read_line(work_.file(CpuFile::quota)) != before_[0]; };
  ASSERT_TRUE(eventually(lent, milliseconds{20'000})) << daemon.log();
  EXPECT_NE(daemon.post("/v1/pause").find("paused"), std::string::npos);
  EXPECT_EQ(values(), before_);
  EXPECT_NE(daemon.post("/v1/resume").find("resumed"), std::string::npos);
  EXPECT_TRUE(eventually(lent, milliseconds{20'000})) << daemon.log();
  EXPECT_NE(daemon.post("/v1/restore").find("put back"), std::string::npos);
  EXPECT_EQ(values(), before_);
}

TEST_F(DaemonLive, AFileOffKeepsEverythingBackOverARestartUntilItIsGone) {
  const auto lent = [&] { return read_line(work_.file(CpuFile::quota)) != before_[0]; };
  const std::string off = dir_ / "run/off";
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  {
    DaemonProcess daemon(dir_, root_.dir(), config("headroom"), {"--mode", "enforce"});
    ASSERT_TRUE(eventually(lent, milliseconds{20'000})) << daemon.log();
    std::ofstream(off) << "";
    EXPECT_TRUE(eventually([&] { return values() == before_; }, milliseconds{20'000})) << daemon.log();
    EXPECT_TRUE(daemon.shows("/v1/status", "off is there"));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  }
  DaemonProcess daemon(dir_, root_.dir(), config("headroom"), {"--mode", "enforce"});
  ASSERT_TRUE(daemon.shows("/v1/status", "off is there")) << daemon.log();
  std::this_thread::sleep_for(milliseconds{500});
  EXPECT_EQ(values(), before_) << "still off";
  std::filesystem::remove(off);
  EXPECT_TRUE(eventually(lent, milliseconds{20'000})) << daemon.log();
}

TEST_F(DaemonLive, ASecondDaemonIsRefusedAndToldWhoHoldsTheLock) {
  DaemonProcess first(dir_, root_.dir(), config("static"), {"--mode", "enforce"});
  ASSERT_TRUE(first.shows("/v1/status", "\"mode\":\"enforce\"")) << first.log();
  const Directory other;
  DaemonProcess second(other, root_.dir(), config("static"), {"--mode", "enforce", "--run-dir", dir_ / "run"});
  EXPECT_EQ(second.exit_code(), 3);
  EXPECT_NE(second.log().find("held by pid"), std::string::npos) << second.log();
  EXPECT_NE(first.get("/v1/status").find("\"mode\":\"enforce\""), std::string::npos);
}

TEST_F(DaemonLive, WithoutAGuardItStaysInObserveAndSaysSo) {
  DaemonProcess daemon(dir_, root_.dir(), config("headroom"), {"--mode", "enforce", "--guard", "/no/such/guard"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\"")) << daemon.log();
  EXPECT_NE(daemon.get("/v1/status").find("not enforcing"), std::string::npos);
  EXPECT_NE(scrape(port_, "/metrics").find("headroom_mode_reason_info"), std::string::npos);
}

TEST_F(DaemonLive, AReadOnlyRunDirectoryKeepsItInObserve) {
  DaemonProcess daemon(dir_, root_.dir(), config("headroom"), {"--mode", "enforce", "--run-dir", "/proc/sys"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\"")) << daemon.log();
  EXPECT_NE(daemon.get("/v1/status").find("not enforcing"), std::string::npos);
}

}  // namespace
}  // namespace headroom::live
