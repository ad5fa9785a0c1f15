// KERNEL 9 with the real daemon: kernel burst on both levels carries a job that is shorter than a control period.
#include <numeric>
#include <random>

#include "tests/live/behave_fixture.hpp"

namespace headroom::live {
namespace {

constexpr std::int64_t kQuota = 50'000;
constexpr milliseconds kWork{70};
constexpr nanoseconds kPeriod = milliseconds{100};

/// One pod with its worker, and how long its jobs took.
struct Arm {
  std::string name;
  ScratchGroup& pod;
  ScratchGroup& container;
  Worker worker{container};
  std::vector<nanoseconds> took = {};
  std::uint64_t pod_before = 0, container_before = 0;

  std::uint64_t throttled_at_pod() const { return throttled(pod) - pod_before; }
  std::uint64_t throttled_at_container() const { return throttled(container) - container_before; }
  void note_counters() {
    pod_before = throttled(pod);
    container_before = throttled(container);
  }
  void run_one() {
    worker.begin({.threads = 1, .work = kWork});
    took.push_back(worker.finish());
  }
  nanoseconds mean() const {
    return std::accumulate(took.begin(), took.end(), nanoseconds{0}) / static_cast<std::int64_t>(took.size());
  }
  nanoseconds worst() const { return *std::max_element(took.begin(), took.end()); }
  void tell() const {
    figure("| " + name + " | " + std::to_string(took.size()) + " | " + ms_text(mean()) + " | " + ms_text(worst()) +
           " | " + std::to_string(throttled_at_container()) + " | " + std::to_string(throttled_at_pod()) + " |");
  }

 private:
  static std::uint64_t throttled(const ScratchGroup& group) { return must(group.open().throttle()).throttled_periods; }
};

class BurstTest : public BehaveTest {
 protected:
  ScratchGroup &carried = pod_of_one(0, kQuota), &plain = pod_of_one(1, kQuota), &half = pod_of_one(2, kQuota);
};

TEST_F(BurstTest, JobsShorterThanAPeriodRunThroughWithoutALease) {
  const int jobs = sized(5, 30);
  auto files = half.open();
  must(set_burst(files, microseconds{kQuota / 2}));
  // Up to its own limit: there is nothing to lend to it, so the kernel's burst is all it gets.
  DaemonProcess daemon(dir, root.dir(), config({0}, "{upTo: 0.5 cores, start: 0s}"), {"--mode", "enforce"});
  ASSERT_TRUE(settled(carried, kQuota / 2)) << daemon.log();
  EXPECT_TRUE(settled(pod_at(0), kQuota / 2)) << "void without the pod's (KERNEL 9)";
  Arm with{"both levels (headroomd)", pod_at(0), carried}, without{"none", pod_at(1), plain},
      inner{"container alone", pod_at(2), half};
  for (Arm* arm : {&with, &without, &inner}) arm->note_counters();
  const std::string writes = status(daemon, "writes");
  const auto begin = std::random_device{}() % 100'000;
  for (unsigned n = 0; n < static_cast<unsigned>(jobs); ++n) {
    for (Arm* arm : {&with, &without, &inner}) {
      // From a random begin by the golden section: few jobs meet every part of a period alike. >= 300 ms within an arm.
      const nanoseconds wanted = microseconds{(begin + n * 61'803) % 100'000}, soonest = now() + milliseconds{100};
      rest(milliseconds{100} + (wanted - soonest % kPeriod + kPeriod) % kPeriod);
      arm->run_one();
    }
  }
  for (const Arm* arm : {&with, &without, &inner}) arm->tell();
  const auto at_both = [](const Arm& arm) { return arm.throttled_at_pod() + arm.throttled_at_container(); };
  if (timed()) EXPECT_EQ(at_both(with), 0u);
  else EXPECT_LT(at_both(with), at_both(without)) << "an emulated CPU's jobs may be longer than they are written";
  EXPECT_GT(at_both(without), 0u);
  EXPECT_GT(inner.throttled_at_pod(), 0u);
  EXPECT_EQ(status(daemon, "writes"), writes) << "no lease";
  if (!timed() || jobs < 30) return;  // a few jobs may all hit the good phases, and somebody else's load one of them
  EXPECT_LE(in_ms(with.worst()), 80);
  for (const Arm* arm : {&without, &inner}) {
    EXPECT_GE(in_ms(arm->mean()), 85) << arm->name;
    EXPECT_GE(in_ms(arm->worst()), 110) << arm->name;
  }
}

}  // namespace
}  // namespace headroom::live
