// A burst after idleness, among many groups that the daemon has to look at as well.
#include "tests/live/behave_fixture.hpp"

namespace headroom::live {
namespace {

constexpr std::int64_t kQuota = 50'000;

class ReliefTest : public BehaveTest {
 protected:
  ScratchGroup& step = pod_of_one(0, kQuota);

  void add_idle(int groups) {
    constexpr int kEach = 8;
    for (int n = 0; n < groups; ++n) {
      if (n % kEach == 0) limit(pod(1 + n / kEach), kQuota * kEach);
      limit(container(pod_at(1 + n / kEach), n), kQuota);
    }
  }
  std::string every_pod_borrows() const {
    return "version: 1\nlisten: 127.0.0.1:0\nnode: {steal: 100%}\nclasses:\n  - name: step\n    match: [{path: \"kubepods/burstable/*/*\"}]\n"
           "    borrow: {upTo: 8 cores, start: 0s, visibility: file}\n";
  }
  nanoseconds throttled() { return throttle(step).throttled_time + throttle(pod_at(0)).throttled_time; }
};

TEST_F(ReliefTest, ABurstOfFourThreadsAfterIdlenessIsThrottledForAtMostATenthOfASecond) {
  const int idle = sized(80, 1000), bursts = sized(2, 6);
  const seconds pause = sized(seconds{1}, seconds{10});
  add_idle(idle);
  const Worker worker(step);
  DaemonProcess daemon(dir, root.dir(), every_pod_borrows(), {"--mode", "enforce", "--judge", "none"});
  ASSERT_TRUE(settled(step, kQuota / 2)) << daemon.log();
  for (int n = 1; n <= bursts; ++n) {
    rest(pause);
    ASSERT_FALSE(lent(step, kQuota));
    const nanoseconds before = throttled(), began = now();
    worker.begin({.threads = 4, .work = milliseconds{250}});
    ASSERT_TRUE(eventually([&] { return lent(step, kQuota); })) << daemon.log();
    const nanoseconds relief = now() - began, until_relief = throttled() - before;
    const nanoseconds took = worker.finish();
    if (timed()) {
      EXPECT_LE(until_relief, milliseconds{100}) << "burst " << n << ", relief after " << in_ms(relief) << " ms";
    }
    figure("| " + std::to_string(n) + " | " + ms_text(until_relief) + " | " + ms_text(relief) + " | " +
           ms_text(throttled() - before) + " | " + ms_text(took) + " |");
    ASSERT_TRUE(eventually([&] { return !lent(step, kQuota); })) << "a lease that nobody wants any more ends";
  }
}

}  // namespace
}  // namespace headroom::live
