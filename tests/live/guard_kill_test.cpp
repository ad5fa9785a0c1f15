// kill -9 anywhere: the guard puts every original back, and only originals.
#include <algorithm>
#include <cstdio>

#include "tests/live/guard_fixture.hpp"

namespace headroom::live {
namespace {

Shared* told = nullptr;  // of the forked writer: a hook takes no argument
int stages_to_live = 0;

void die_here(int) {
  if (--stages_to_live != 0) return;
  told->killed_at = now().count();
  ::kill(::getpid(), SIGKILL);
}

void print_latencies(std::vector<double>& ms, const char* what) {
  std::sort(ms.begin(), ms.end());
  if (ms.empty()) return;
  std::printf("[ measured ] %s: %zu kills, p50 %.2f ms, p99 %.2f ms, max %.2f ms\n", what, ms.size(), ms[ms.size() / 2],
              ms[ms.size() * 99 / 100], ms.back());
}

class GuardKillTest : public GuardTest {
 protected:
  /// Random leases for ever, at most as fast as the kernel takes them.
  static void lend_at_random(Writer& w, Shared& shared, unsigned seed, int stages) {
    std::mt19937 random(seed);
    told = &shared;
    stages_to_live = stages;
    if (stages > 0) ledger::set_stage_hook(die_here);
    std::array<bool, kContainers> out{};
    for (;;) {
      w.beat();
      shared.ready = 1;
      const std::size_t c = random() % kContainers;
      if (std::none_of(out.begin(), out.end(), [](bool o) { return o; })) w.set(0, quota_text(600'000));
      if (out[c])
        take_back(w, c);
      else
        lend(w, c, 60'000 + static_cast<int>(random() % 90) * 1000);
      out[c] = !out[c];
      if (std::none_of(out.begin(), out.end(), [](bool o) { return o; })) w.end(0);
    }
  }
  /// @return ns from the kill until every file had its original; negative: not within 5 s
  std::int64_t kill_once(unsigned seed, int stages) {
    start_writer([&](Writer& w, Shared& s) { lend_at_random(w, s, seed, stages); });
    std::int64_t at = 0;
    if (stages == 0) {
      while (shared_->ready == 0) rest(nanoseconds{50'000});
      rest(nanoseconds{seed % 3'000'000});
      at = now().count();
      ::kill(writer_, SIGKILL);
    }
    while (::waitpid(writer_, nullptr, 0) < 0 && errno == EINTR) {
    }
    writer_ = -1;
    if (stages != 0) at = shared_->killed_at;
    const std::int64_t end = at + 5'000'000'000;
    while (!all_original() && now().count() < end) rest(nanoseconds{20'000});
    const std::int64_t took = now().count() - at;
    const bool cleared = eventually([&] { return header().armed.load() == 0 && header().live.load() == 0; });
    return cleared && all_original() ? took : -1;
  }
};

TEST_F(GuardKillTest, EveryOriginalIsBackWithoutARestart) {
  start_guard_process();
  const int kills = on_v2() ? 60 : 240;  // an emulated guest is 30 times slower
  std::mt19937 random(20'240'501);
  std::vector<double> inside, outside;
  for (int i = 0; i < kills; ++i) {
    const auto seed = static_cast<unsigned>(random());
    const int stages = i % 2 == 0 ? 0 : 1 + static_cast<int>(random() % 40);
    const std::int64_t took = kill_once(seed, stages);
    ASSERT_GE(took, 0) << "kill " << i << ", seed " << seed << ", stages " << stages << "\n" << what_stands();
    (stages == 0 ? outside : inside).push_back(static_cast<double>(took) / 1e6);
  }
  EXPECT_GT(shared_->writes.load(), static_cast<std::uint64_t>(kills));
  EXPECT_EQ(shared_->refused.load(), 0U);
  print_latencies(inside, "killed inside an append or between append and write");
  print_latencies(outside, "killed at any instruction");
}

TEST_F(GuardKillTest, AForeignValueBetweenKillAndRestoreStands) {
  start_guard_process();
  start_writer([](Writer& w, Shared& s) {
    s.ready = lend_all(w) ? 1 : 2;
    for (;;) w.beat(), rest(milliseconds{50});
  });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  ASSERT_TRUE(guard_shows_itself());
  ::kill(guard_, SIGSTOP);
  stop(writer_);
  const Target& spoken = targets_[target(1, CpuFile::shares)];
  ASSERT_EQ(foreign_write(spoken.path, "333"), 0);
  EXPECT_EQ(spoken.read(), "333");
  ::kill(guard_, SIGCONT);
  ASSERT_TRUE(eventually([&] { return header().armed.load() == 0; }));
  EXPECT_EQ(what_stands(), spoken.path + ": 333, was " + spoken.original + "\n");
}

TEST_F(GuardKillTest, ALedgerOfAnotherBootRestoresNothing) {
  start_writer([](Writer& w, Shared& s) { s.ready = lend_all(w) ? 1 : 2; });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  stop(writer_);
  header().boot_id[0] = header().boot_id[0] == 'f' ? '0' : 'f';
  const std::string before = what_stands();
  start_guard_process();
  rest(milliseconds{300});
  EXPECT_EQ(what_stands(), before);
  const auto result = ledger::restore(run_dir_.c_str(), true);
  EXPECT_EQ(result.restored + result.foreign + result.gone + result.failed, 0U);
  EXPECT_EQ(what_stands(), before);
  EXPECT_TRUE(std::filesystem::exists(run_dir_ + "/ledger." + header().boot_id));
}

TEST_F(GuardKillTest, AGuardThatComesLateFindsWhatWasLeft) {
  start_writer([](Writer& w, Shared& s) { s.ready = lend_all(w) ? 1 : 2; });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  stop(writer_);
  EXPECT_FALSE(all_original());
  start_guard_process();
  EXPECT_TRUE(eventually([&] { return all_original(); })) << what_stands();
}

TEST_F(GuardKillTest, RestoreNeedsNothingButTheLedger) {
  start_writer([](Writer& w, Shared& s) { s.ready = lend_all(w) ? 1 : 2; });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  stop(writer_);
  EXPECT_EQ(ledger::restore(run_dir_.c_str(), true).restored, targets_.size());
  EXPECT_EQ(what_stands(), "");
}

TEST_F(GuardKillTest, WhatTheKernelRefusesInLoweringOrderGoesBackInTheOther) {
  // Below their originals: the container's quota has to wait for the pod's (v1), its burst for its quota.
  start_writer([](Writer& w, Shared& s) {
    const std::size_t quota = target(0, CpuFile::quota), burst = target(0, CpuFile::burst);
    bool ok = w.set(burst, "0") && w.set(quota, quota_text(5'000));
    for (std::size_t c = 1; c < kContainers; ++c) ok = w.set(target(c, CpuFile::quota), quota_text(20'000)) && ok;
    s.ready = w.set(0, quota_text(30'000)) && ok ? 1 : 2;
  });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  stop(writer_);
  const auto result = ledger::restore(run_dir_.c_str(), true);
  EXPECT_EQ(result.restored, 5U);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(what_stands(), "");
}

TEST_F(GuardKillTest, AGroupThatIsGoneHoldsNothingUp) {
  start_writer([](Writer& w, Shared& s) { s.ready = lend_all(w) ? 1 : 2; });
  ASSERT_TRUE(eventually([&] { return shared_->ready == 1; }));
  stop(writer_);
  containers_[1]->remove();
  const ScratchGroup again(pod_, "c1");  // the same name: another group
  const std::string theirs = read_line(again.file(CpuFile::shares));
  const auto result = ledger::restore(run_dir_.c_str(), true);
  EXPECT_EQ(result.gone, kFilesEach);
  EXPECT_EQ(result.restored, targets_.size() - kFilesEach);
  EXPECT_EQ(read_line(again.file(CpuFile::shares)), theirs);
}

}  // namespace
}  // namespace headroom::live
