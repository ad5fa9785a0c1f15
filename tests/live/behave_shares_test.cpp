// KERNEL 21 with the real daemon: a borrower's weight is lowered where it competes with its Burstable neighbour, and
// nowhere else; and it comes back by every way there is.
#include "tests/live/behave_fixture.hpp"

namespace headroom::live {
namespace {

constexpr std::int64_t kQuota = 50'000;
constexpr milliseconds kPatience{20'000};

/// A pod as Argo makes it (sandbox, main, and `wait` without limits, which leaves the pod without any), and a
/// Burstable neighbour that wants CPU now and then.
class SharesTest : public BehaveTest {
 protected:
  static std::uint64_t shares_of(std::uint64_t v1, std::uint64_t v2) { return on_v2() ? v2 : v1; }
  const std::uint64_t own = shares_of(512, 80), lowered = own / 8;

  ScratchGroup &borrower_pod = pod(0), &sandbox = container(borrower_pod, 1), &step = container(borrower_pod, 2),
               &wait = container(borrower_pod, 3);
  ScratchGroup &neighbour_pod = pod(9), &neighbour = container(neighbour_pod, 9);
  std::optional<Worker> light;
  std::optional<DaemonProcess> daemon;

  void SetUp() override {
    for (const ScratchGroup* idle : {&sandbox, &wait}) weight(*idle, 2, 1);
    limit(step, kQuota);
    for (const ScratchGroup* level : {&borrower_pod, &step}) weight(*level, own, own);
    for (const ScratchGroup* level : {&neighbour_pod, &neighbour}) weight(*level, 1024, 100);
    light.emplace(neighbour, Pulse{.threads = 1, .busy = milliseconds{10}, .every = milliseconds{40}});
    ::setenv("HEADROOM_WRITE_LOG", (dir / "writes").c_str(), 1);
    // No judge: who is harmed is another law's matter, and a revoked lease would take the weight with it.
    daemon.emplace(dir, root.dir(), config({0}, "{upTo: 8 cores, start: 0s, visibility: file}"),
                   std::vector<std::string>{"--mode", "enforce", "--judge", "none"}, "headroomd-hooked");
    ::unsetenv("HEADROOM_WRITE_LOG");
    ASSERT_TRUE(settled(step, kQuota / 2)) << daemon->log();
    rest(seconds{1});  // the neighbour's use of a second is known
  }
  bool pod_has(std::uint64_t shares) const { return value(borrower_pod, CpuFile::shares) == std::to_string(shares); }
  bool pod_gets(std::uint64_t shares, milliseconds patience = kPatience) const {
    return eventually([&] { return pod_has(shares); }, patience);
  }
  std::string what_stands() const {
    return "the pod has " + value(borrower_pod, CpuFile::shares) + "\n" + daemon->log();
  }
  /// Every value that the daemon has written to a file of weights, and where.
  std::vector<std::string> weight_writes() const {
    std::ifstream log(dir / "writes");
    std::vector<std::string> out;
    const std::string file = std::string("/") + file_name(CpuFile::shares, on_v2()) + " ";
    for (std::string line; std::getline(log, line);)
      if (line.find(file) != std::string::npos) out.push_back(line);
    return out;
  }
  void expect_no_other_level() const {
    const std::string prefix = borrower_pod.dir() + "/" + file_name(CpuFile::shares, on_v2()) + " ";
    for (const auto& line : weight_writes()) EXPECT_TRUE(line.starts_with(prefix)) << line;
    EXPECT_EQ(value(step, CpuFile::shares), std::to_string(own));
    EXPECT_EQ(value(neighbour_pod, CpuFile::shares), std::to_string(shares_of(1024, 100)));
  }
};

TEST_F(SharesTest, ThePodsWeightIsLoweredWhileItBorrowsAndComesBackWithTheLease) {
  std::optional<Spinner> busy(std::in_place, step, Load{.threads = 3, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(pod_gets(lowered)) << what_stands();
  EXPECT_TRUE(eventually([&] { return lent(step, kQuota); })) << what_stands();
  busy.reset();
  const nanoseconds ended = now();
  ASSERT_TRUE(pod_gets(own)) << what_stands();
  figure("| lowered while it borrows, back with the lease | " + std::to_string(own) + " -> " + std::to_string(lowered) +
         " -> " + std::to_string(own) + ", " + ms_text(now() - ended) + " ms after the step fell idle |");
  EXPECT_TRUE(eventually([&] { return !lent(step, kQuota); }));
  expect_no_other_level();
  figure("| writes of weights at any other level | 0 of " + std::to_string(weight_writes().size()) + " |");
}

TEST_F(SharesTest, ThePodHasItsWeightBackWhenTheStepGetsLessThanItsRequest) {
  const Spinner busy(step, Load{.threads = 3, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(pod_gets(lowered)) << what_stands();
  light.reset();
  // Four threads at sixteen times the lowered weight: the step falls far below the half core that it requests.
  const nanoseconds began = now();
  const Spinner heavy(neighbour, Load{.threads = 4, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(pod_gets(own, timed() ? milliseconds{900} : kPatience)) << what_stands();
  // A neighbour that wakes takes the lease back as well, which is the other way back of the weight.
  figure("| back when the step gets less than its request | " + ms_text(now() - began) +
         " ms after the neighbour's four threads began |");
  expect_no_other_level();
}

TEST_F(SharesTest, AForeignWriteOfSharesStands) {
  const std::uint64_t theirs = shares_of(304, 48);
  std::optional<Spinner> busy(std::in_place, step, Load{.threads = 3, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(pod_gets(lowered)) << what_stands();
  const std::size_t before = weight_writes().size();
  ASSERT_EQ(foreign_write(borrower_pod.file(CpuFile::shares), std::to_string(theirs)), 0);
  rest(sized(milliseconds{1300}, milliseconds{5000}));  // the weight may be lowered again, from theirs
  busy.reset();
  ASSERT_TRUE(eventually([&] { return !lent(step, kQuota) && pod_has(theirs); }, kPatience)) << what_stands();
  const auto writes = weight_writes();
  for (std::size_t i = before; i < writes.size(); ++i) {
    const std::string wrote = writes[i].substr(writes[i].rfind(' ') + 1);
    EXPECT_TRUE(wrote == std::to_string(theirs) || wrote == std::to_string(theirs / 8)) << writes[i];
  }
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->exit_code(), 0);
  EXPECT_TRUE(pod_has(theirs));
  figure("| a foreign write of shares while lowered | " + std::to_string(theirs) + " stands, also after the daemon's end |");
}

TEST_F(SharesTest, TheGuardPutsTheWeightBackAfterAKill) {
  const Spinner busy(step, Load{.threads = 3, .cpu = -1, .work = nanoseconds{0}});
  ASSERT_TRUE(pod_gets(lowered)) << what_stands();
  daemon->signal(SIGKILL);
  const nanoseconds killed = now();
  ASSERT_TRUE(pod_gets(own)) << what_stands();
  figure("| back by the guard after kill -9 | " + ms_text(now() - killed) + " ms |");
  EXPECT_TRUE(eventually([&] { return !lent(step, kQuota); }));
}

}  // namespace
}  // namespace headroom::live
