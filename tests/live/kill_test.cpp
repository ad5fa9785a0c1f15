// kill -9 of the real headroomd with leases out: without any restart every original is back.
//   HEADROOM_KILLS   how often; half of them by a hook between two writes of one plan or inside an append
#include "tests/live/kill_fixture.hpp"

namespace headroom::live {
namespace {

struct Tally {
  std::vector<double> back;  // ms since the kill
  int hooked = 0, at_random = 0, without_lease = 0;

  double p99() const { return back[back.size() * 99 / 100]; }
  void print() {
    std::sort(back.begin(), back.end());
    fmt::print("[ measured ] originals back after {} kills ({} at a hook, {} at random): p50 {:.2f} ms, p99 {:.2f} ms, "
               "max {:.2f} ms; {} more had no lease out\n",
               back.size(), hooked, at_random, back[back.size() / 2], p99(), back.back(), without_lease);
  }
};

class KillNine : public KillTest {
 protected:
  Tally tally_;

  /// One life. @param point  where the hook kills it; "": at a random moment, from outside
  void one(const std::string& point) {
    DaemonArgs args;
    if (!point.empty()) {
      args.program = "headroomd-hooked";
      args.fault = fmt::format("kill:{}:{}", point, point == "append" ? drawn(14, 60) : drawn(8, 40));
    }
    Daemon daemon(files_, node_, args);
    nanoseconds killed{0};
    if (point.empty()) {
      ASSERT_TRUE(wait_for_lease(daemon)) << daemon.log();
      rest(nanoseconds{drawn(0, 40'000'000)});
      ASSERT_TRUE(wait_for_lease(daemon)) << daemon.log();
      killed = now();
      daemon.signal(SIGKILL);
    }
    const Watched seen = watch(daemon);
    ASSERT_TRUE(!point.empty() || seen.in_time) << node_.what_stands();
    if (!point.empty()) killed = daemon.stamp();
    ASSERT_NE(killed.count(), 0) << args.fault << "\n" << daemon.log();
    settle(daemon, seen, killed, point);
  }

 private:
  void settle(Daemon& daemon, const Watched& seen, nanoseconds killed, const std::string& point) {
    const bool lease = point.empty() || lease_by_log(daemon);
    const bool back = seen.in_time && guard_is_done() && node_.all_original();
    const std::string stands = node_.what_stands();
    ASSERT_EQ(daemon.reap(), -1) << "it was to be killed\n" << daemon.log();
    if (lease) count(seen, killed, point, back);
    else ++tally_.without_lease;
    if (!back) node_.put_back();
    ASSERT_TRUE(back) << point << "\n" << stands << daemon.log();
  }
  void count(const Watched& seen, nanoseconds killed, const std::string& point, bool back) {
    const double took = std::max(0.0, in_ms(seen.back - killed)), dying = in_ms(seen.dead - killed);
    tally_.back.push_back(took);
    ++(point.empty() ? tally_.at_random : tally_.hooked);
    sample(fmt::format("kill {} {:.3f} {:.3f} {}", point.empty() ? "random" : point, took, dying, back ? "back" : "LOST"));
  }
};

TEST_F(KillNine, WithoutARestartEveryOriginalIsBack) {
  const int kills = count_of("HEADROOM_KILLS", on_v2() ? 4 : 16);
  while (tally_.hooked + tally_.at_random < kills && !HasFatalFailure()) {
    const bool hook = tally_.hooked <= tally_.at_random;
    one(!hook ? "" : tally_.hooked % 2 == 0 ? "between_writes" : "append");
    ASSERT_LT(tally_.without_lease, 20 + kills) << "the hook fires before anything is lent";
  }
  ASSERT_FALSE(tally_.back.empty());
  tally_.print();
  if (on_v2() || tally_.back.size() < 100) return;  // an emulated guest has no milliseconds; few have no p99
  EXPECT_LE(tally_.p99(), 10.0);
}

}  // namespace
}  // namespace headroom::live
