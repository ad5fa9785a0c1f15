// A frozen daemon: the guard raises a fence, puts the originals back, and takes back what was under way.
#include <cstdio>

#include "tests/live/guard_fixture.hpp"

namespace headroom::live {
namespace {

class GuardFenceTest : public GuardTest {
 protected:
  bool fence_is_up() { return header().fence.load() != 0; }
  static void beat_for_ever(Writer& w) {
    for (;;) w.beat(), rest(milliseconds{20});
  }
  /// What the daemon does behind a fence.
  static void make_peace(Writer& w) {
    while (!w.ledger().fenced()) w.beat(), rest(milliseconds{2});
    w.drop_everything();
    w.ledger().lower_fence();
  }
};

TEST_F(GuardFenceTest, AFrozenDaemonsLeasesEnd) {
  start_guard_process();
  start_writer([](Writer& w, Shared& s) {
    s.ready = lend_all(w) ? 1 : 2;
    beat_for_ever(w);
  });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  ASSERT_TRUE(guard_shows_itself());
  rest(milliseconds{300});
  EXPECT_FALSE(fence_is_up()) << "while it beats it is left alone";
  EXPECT_FALSE(all_original());
  const nanoseconds stopped = now();
  ::kill(writer_, SIGSTOP);
  ASSERT_TRUE(eventually([&] { return all_original(); }, milliseconds{20'000})) << what_stands();
  std::printf("[ measured ] originals back %.0f ms after SIGSTOP\n",
              static_cast<double>((now() - stopped).count()) / 1e6);
  EXPECT_TRUE(fence_is_up());
}

TEST_F(GuardFenceTest, OnceTheFenceIsLoweredWhatIsWrittenStands) {
  start_guard_process();
  start_writer([](Writer& w, Shared& s) {
    s.ready = lend_all(w) ? 1 : 2;
    make_peace(w);
    s.ready = lend_all(w) ? 3 : 4;
    beat_for_ever(w);
  });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  ::kill(writer_, SIGSTOP);
  ASSERT_TRUE(eventually([&] { return fence_is_up() && all_original(); }, milliseconds{20'000})) << what_stands();
  ::kill(writer_, SIGCONT);
  ASSERT_TRUE(eventually([&] { return shared_->ready >= 3; }));
  EXPECT_EQ(shared_->ready.load(), 3);
  rest(milliseconds{1000});
  EXPECT_EQ(targets_[0].read(), quota_text(600'000));
  EXPECT_FALSE(fence_is_up());
  stop(writer_);
  EXPECT_TRUE(eventually([&] { return all_original(); })) << what_stands();
}

TEST_F(GuardFenceTest, AWriteThatWasUnderWayIsTakenBackAndNoOtherFollows) {
  start_guard_process();
  for (int round = 0; round < 3; ++round) {
    shared_->behind_fence = shared_->writes = 0;
    start_writer([](Writer& w, Shared& s) {
      lend_all(w);
      s.writes = 0;
      s.ready = 1;
      w.set(target(0, CpuFile::quota), quota_text(149'000), [] { ::raise(SIGSTOP); });
      s.stray_at = now().count();
      for (int i = 0; i < 10; ++i) w.set(target(1, CpuFile::quota), quota_text(120'000 + i));
      s.ready = 2;
      beat_for_ever(w);
    });
    ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
    ASSERT_TRUE(eventually([&] { return fence_is_up() && all_original(); }, milliseconds{20'000})) << what_stands();
    ::kill(writer_, SIGCONT);
    ASSERT_TRUE(eventually([&] { return shared_->stray_at != 0 && all_original(); })) << what_stands();
    std::printf("[ measured ] a stray value was back after at most %.1f ms\n",
                static_cast<double>(now().count() - shared_->stray_at) / 1e6);
    ASSERT_TRUE(eventually([&] { return shared_->ready == 2; }));
    EXPECT_EQ(shared_->writes.load(), 1U);
    EXPECT_EQ(shared_->behind_fence.load(), 10U);
    rest(milliseconds{100});
    EXPECT_EQ(what_stands(), "");
    stop(writer_);
    ASSERT_TRUE(eventually([&] { return header().armed.load() == 0 && !fence_is_up(); }));
  }
}

TEST_F(GuardFenceTest, AKillBehindTheFenceLeavesNoFence) {
  start_guard_process();
  start_writer([](Writer& w, Shared& s) {
    s.ready = lend_all(w) ? 1 : 2;
    beat_for_ever(w);
  });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  ::kill(writer_, SIGSTOP);
  ASSERT_TRUE(eventually([&] { return fence_is_up(); }, milliseconds{20'000}));
  stop(writer_);
  EXPECT_TRUE(eventually([&] { return !fence_is_up() && header().armed.load() == 0 && all_original(); }))
      << what_stands();
}

}  // namespace
}  // namespace headroom::live
