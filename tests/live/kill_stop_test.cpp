// SIGSTOP of the real headroomd with leases out: the guard raises its fence and puts everything back; the daemon, woken,
// writes at most the one value that was under way.
//   HEADROOM_STOPS         how often by a hook between the test of the fence and the write
//   HEADROOM_STOPS_RANDOM  how often at a random moment
#include "tests/live/kill_fixture.hpp"

namespace headroom::live {
namespace {

class Stop : public KillTest {
 protected:
  std::vector<double> back_, stray_;  // ms

  bool fence_up() { return files_.header().fence.load() != 0; }

  /// Watches from the stop to the moment when everything is back.
  void frozen(const Daemon& daemon, nanoseconds since) {
    ASSERT_TRUE(eventually([&] { return fence_up() && node_.all_original(); }, patience())) << node_.what_stands() << daemon.log();
    back_.push_back(in_ms(now() - since));
  }
  /// Wakes it; until the fence is down again only the value that was under way may have gone out, and is back.
  void woken(const Daemon& daemon, const std::string& how) {
    const std::size_t before = daemon.writes().size();
    nanoseconds whole = now();
    const nanoseconds awake = whole, end = whole + patience();
    bool strayed = false;
    daemon.signal(SIGCONT);
    while (fence_up() && now() < end) {
      if (!node_.all_original()) strayed = true, whole = nanoseconds{0};
      else if (whole.count() == 0) whole = now();
      rest(nanoseconds{100'000});
    }
    // It lowers the fence when all is back; nothing is lent again before every base has been read twice.
    if (whole.count() == 0 && node_.all_original()) whole = now();
    const std::size_t wrote = daemon.writes().size() - before;
    ASSERT_LT(now(), end) << "the fence stays up\n" << daemon.log();
    ASSERT_NE(whole.count(), 0) << "the fence went down over a value of ours\n" << node_.what_stands() << daemon.log();
    EXPECT_LE(wrote, 1U) << daemon.log();
    if (strayed) stray_.push_back(in_ms(whole - awake));
    sample(fmt::format("stop {} {:.3f} {} {:.3f}", how, back_.back(), wrote, strayed ? stray_.back() : 0.0));
  }
  static void print(const char* what, std::vector<double>& ms) {
    std::sort(ms.begin(), ms.end());
    if (!ms.empty()) fmt::print("[ measured ] {}: {} times, p50 {:.1f} ms, max {:.1f} ms\n", what, ms.size(), ms[ms.size() / 2], ms.back());
  }
  void TearDown() override {
    print("everything back after SIGSTOP", back_);
    print("a stray value was seen and was back after SIGCONT", stray_);
    if (!on_v2() && !back_.empty()) { EXPECT_LE(back_.back(), 1500.0); }
    if (!on_v2() && !stray_.empty()) { EXPECT_LE(stray_.back(), 20.0); }
    KillTest::TearDown();
  }
};

TEST_F(Stop, BetweenFenceAndWriteOneValueAtMostGoesOutAndIsTakenBack) {
  for (int i = 0, without = 0; i < count_of("HEADROOM_STOPS", 2) && !HasFatalFailure();) {
    DaemonArgs args;
    args.program = "headroomd-hooked";
    args.fault = fmt::format("stop:after_fence:{}", drawn(16, 50));
    Daemon daemon(files_, node_, args);
    ASSERT_TRUE(eventually([&] { return daemon.stamp().count() != 0 && daemon.stopped(); }, patience())) << daemon.log();
    frozen(daemon, daemon.stamp());
    if (HasFatalFailure()) return;
    woken(daemon, "after_fence");
    daemon.signal(SIGKILL);
    ASSERT_TRUE(guard_is_done());
    (void)daemon.reap();
    if (lease_by_log(daemon)) ++i;
    else ++without;
    ASSERT_LT(without, 10 + i) << "the hook fires before anything is lent";
  }
}

TEST_F(Stop, AtARandomMomentEverythingIsBack) {
  for (int i = 0; i < count_of("HEADROOM_STOPS_RANDOM", 1) && !HasFatalFailure(); ++i) {
    DaemonArgs args;
    args.program = "headroomd-hooked";
    Daemon daemon(files_, node_, args);
    ASSERT_TRUE(wait_for_lease(daemon)) << daemon.log();
    rest(nanoseconds{drawn(0, 50'000'000)});
    const nanoseconds at = now();
    daemon.signal(SIGSTOP);
    frozen(daemon, at);
    if (HasFatalFailure()) return;
    woken(daemon, "random");
    EXPECT_TRUE(wait_for_lease(daemon)) << "and it goes on\n" << daemon.log();
    daemon.signal(SIGKILL);
    ASSERT_TRUE(guard_is_done());
  }
}

}  // namespace
}  // namespace headroom::live
