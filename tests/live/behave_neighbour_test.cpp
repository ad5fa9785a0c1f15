// POLICY, rank 1, with the real daemon: a neighbour that waits for its own quota or for its own threads is nobody's
// victim, so no lease goes back for it.
#include "tests/live/behave_fixture.hpp"

namespace headroom::live {
namespace {

constexpr std::int64_t kQuota = 20'000;

class NeighbourTest : public BehaveTest {
 protected:
  ScratchGroup &step = pod_of_one(1, kQuota), &neighbour = container(pod(9), 9);

  std::string settings() const { return config({1}, "{upTo: 2 cores, start: 0s, visibility: file}"); }
  /// Lent in how many of `looks` looks, 5 ms apart.
  std::pair<int, int> watch_for(nanoseconds time) const {
    int leased = 0, looks = 0;
    for (const nanoseconds end = now() + time; now() < end; rest(milliseconds{5}), ++looks)
      leased += lent(step, kQuota) ? 1 : 0;
    return {leased, looks};
  }
  void expect_no_revocation(const DaemonProcess& daemon, const std::string& who, std::pair<int, int> seen) const {
    const std::string revoked = status(daemon, "revoked"), judge = status(daemon, "judge");
    EXPECT_EQ(revoked.find("revoke_harm"), std::string::npos) << revoked << "\n" << daemon.log();
    EXPECT_GT(seen.first, 0);
    figure("| " + who + " | judge " + judge + " | leased in " + std::to_string(seen.first) + " of " +
           std::to_string(seen.second) + " looks | revoked " + revoked + "} |");
  }
};

TEST_F(NeighbourTest, ThrottledByItsOwnLimitOnly) {
  limit(pod_at(9), 30'000);
  limit(neighbour, 30'000);
  const Spinner own_limit(neighbour, Load{.threads = 2, .cpu = 0, .work = nanoseconds{0}});
  const Spinner borrower(step, Load{.threads = 1, .cpu = 1, .work = nanoseconds{0}});
  const auto before = throttle(neighbour);
  DaemonProcess daemon(dir, root.dir(), settings(), {"--mode", "enforce"});
  ASSERT_TRUE(eventually([&] { return lent(step, kQuota); }, milliseconds{20'000})) << daemon.log();
  const auto seen = watch_for(sized(seconds{2}, seconds{30}));
  EXPECT_GT(throttle(neighbour).throttled_periods, before.throttled_periods);
  expect_no_revocation(daemon, "throttled by its own limit only", seen);
}

TEST_F(NeighbourTest, EightThreadsOnTwoCpus) {
  // All eight wake together, so that six wait for the two that run: 0.32 cores, and a wait of its own in every pulse.
  const Worker eight(neighbour, Pulse{.threads = 8, .busy = milliseconds{2}, .every = milliseconds{50}});
  const Worker borrower(step);
  DaemonProcess daemon(dir, root.dir(), settings(), {"--mode", "enforce"});
  ASSERT_TRUE(settled(step, kQuota / 2)) << daemon.log();
  rest(seconds{12});  // a hundred windows without leases: what the neighbour waits by itself is known
  const nanoseconds end = now() + sized(seconds{3}, seconds{30});
  std::pair<int, int> seen{0, 0};
  while (now() < end) {
    borrower.begin({.threads = 1, .work = milliseconds{60}});
    const auto [leased, looks] = watch_for(milliseconds{300});
    (void)borrower.finish();
    seen.first += leased;
    seen.second += looks;
  }
  expect_no_revocation(daemon, "eight threads on two CPUs", seen);
}

}  // namespace
}  // namespace headroom::live
