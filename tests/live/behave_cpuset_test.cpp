// CPU sets with the real daemon: what one CPU has free is of no use to whom another one confines. And observe, which
// writes nothing anywhere while it says what it would do.
#include <sys/inotify.h>

#include <map>

#include "tests/live/behave_fixture.hpp"

namespace headroom::live {
namespace {

constexpr std::int64_t kQuota = 20'000;

/// Sees every write and every new group below a scratch group, in all hierarchies; whoever does it.
class Witness {
 public:
  explicit Witness(const ScratchGroup& top) : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    for (const auto& base : ScratchGroup::bases()) add(top.in(base));
  }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { ::close(fd_); }

  std::size_t directories() const { return watched_.size(); }
  /// What was seen since the last call: "directory/file".
  std::vector<std::string> seen() const {
    std::vector<std::string> out;
    alignas(inotify_event) char buffer[16384];
    for (ssize_t n = 0; (n = ::read(fd_, buffer, sizeof buffer)) > 0;) {
      for (const char* at = buffer; at < buffer + n;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        if (event->len > 0) out.push_back(watched_.at(event->wd) + "/" + event->name);
        at += sizeof(inotify_event) + event->len;
      }
    }
    // A member's coming and going is the kernel's word (v2), not a write.
    std::erase_if(out, [](const std::string& path) { return path.ends_with("/cgroup.events"); });
    return out;
  }

 private:
  void add(const std::string& dir) {
    const int wd = ::inotify_add_watch(fd_, dir.c_str(), IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE);
    if (wd < 0) throw std::runtime_error("inotify: " + dir);
    watched_[wd] = dir;
    for (const auto& entry : std::filesystem::directory_iterator(dir))
      if (entry.is_directory()) add(entry.path().string());
  }

  int fd_;
  std::map<int, std::string> watched_;
};

/// Two steps that want more than their limit; a protected neighbour fills the first CPU, to which one step is confined.
class CpusetTest : public BehaveTest {
 protected:
  ScratchGroup &confined = pod_of_one(1, kQuota), &free = pod_of_one(2, kQuota), &neighbour = container(pod(9), 9);
  std::optional<Spinner> busy, stuck, wandering;

  void SetUp() override {
    for (const ScratchGroup* level : {&confined, &pod_at(1)}) confine(*level, "0");  // v1: a child keeps within its parent
    busy.emplace(neighbour, Load{.threads = 1, .cpu = 0, .work = nanoseconds{0}});
    stuck.emplace(confined, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
    wandering.emplace(free, Load{.threads = 1, .cpu = 1, .work = nanoseconds{0}});
  }
  static void confine(const ScratchGroup& group, const std::string& cpus) {
    if (host().cpuset.empty()) return;
    ASSERT_EQ(foreign_write(group.in(host().cpuset) + "/cpuset.cpus", cpus), 0);
  }
  bool has_cpusets() const {
    return !host().cpuset.empty() &&
           ::access((confined.in(host().cpuset) + "/cpuset.cpus").c_str(), W_OK) == 0;
  }
  std::string settings() const {
    return config({1, 2}, "{upTo: 2 cores, start: 0s, visibility: file}", "tuning: {burstPercent: 0}\n");
  }
  bool would_lend(const DaemonProcess& daemon, const ScratchGroup& step) const {
    const std::string told = daemon.get(group_url(step));  // what is above it holds no lease
    return told.find("\"lease\":{") != std::string::npos;
  }
};

TEST_F(CpusetTest, WhomABusyCpuConfinesGetsNoLeaseThoughTheOtherIdlesAndAnotherDoes) {
  if (!has_cpusets()) GTEST_SKIP() << "no cpuset controller";
  DaemonProcess daemon(dir, root.dir(), settings(), {"--mode", "enforce"});
  int free_lent = 0, looks = 0;
  ASSERT_TRUE(eventually([&] { return lent(free, kQuota); }, milliseconds{20'000})) << daemon.log();
  const nanoseconds end = now() + sized(seconds{2}, seconds{20});
  for (; now() < end; rest(milliseconds{5}), ++looks) {
    ASSERT_FALSE(lent(confined, kQuota)) << value(confined, CpuFile::quota) << "\n" << daemon.get(group_url(confined));
    free_lent += lent(free, kQuota) ? 1 : 0;
  }
  EXPECT_GT(free_lent, 0);
  figure("| enforce: confined to the busy CPU | no lease in " + std::to_string(looks) + " looks |");
  figure("| enforce: the other one | leased in " + std::to_string(free_lent) + " of " + std::to_string(looks) + " looks |");
}

TEST_F(CpusetTest, ObserveSaysWhatItWouldDoAndWritesNothingInTheWholeTree) {
  const Witness witness(root);
  const auto burst = value(free, CpuFile::burst);
  ASSERT_EQ(foreign_write(free.file(CpuFile::burst), burst), 0);
  ASSERT_FALSE(witness.seen().empty()) << "the witness sees a write that changes nothing";
  ::setenv("HEADROOM_WRITE_LOG", (dir / "writes").c_str(), 1);
  DaemonProcess daemon(dir, root.dir(), settings(), {"--mode", "observe"}, "headroomd-hooked");
  ::unsetenv("HEADROOM_WRITE_LOG");
  ASSERT_TRUE(eventually([&] { return would_lend(daemon, free); }, milliseconds{20'000})) << daemon.get(group_url(free));
  if (has_cpusets()) {
    EXPECT_FALSE(would_lend(daemon, confined)) << daemon.get(group_url(confined));
  }
  rest(sized(seconds{2}, seconds{60}));
  EXPECT_TRUE(daemon.shows("/v1/status", "\"mode\":\"observe\""));
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  const auto seen = witness.seen();
  EXPECT_TRUE(seen.empty()) << seen.size() << ", first " << seen.front();
  EXPECT_TRUE(std::filesystem::exists(dir / "writes")) << "the hook was there";
  EXPECT_EQ(std::filesystem::file_size(dir / "writes"), 0u);
  figure("| observe, " + std::to_string(sized(2, 60)) + " s: writes at the hook | 0 |");
  figure("| observe: events in " + std::to_string(witness.directories()) + " directories (inotify) | " +
         std::to_string(seen.size()) + " |");
}

}  // namespace
}  // namespace headroom::live
