// Plans on the real kernel: legal orders, units, fence, ledger before write, kills between any two steps.
#include <sys/prctl.h>

#include <cstddef>

#include "cgroups/ledger/layout.hpp"
#include "tests/live/edges_fixture.hpp"

namespace headroom::live {
namespace {

int stage_wanted = 0, stage_nth = 0;
std::string fence_dir;
std::vector<std::string> written;

void kill_self(SinkStage reached) {
  if (static_cast<int>(reached) == stage_wanted && --stage_nth == 0) ::kill(::getpid(), SIGKILL);
}
void note_write(WriteKind, const char* dir, const char* file, const char* text) {
  const std::string path = dir;
  written.push_back(path.substr(path.rfind('/') + 1, 3) + " " + file + " " + text);
}

class SinkTest : public EdgesTest {
 protected:
  ScratchGroup *p = nullptr, *c1 = nullptr, *c2 = nullptr;
  ledger::Ledger book;
  std::unique_ptr<KernelSink> sink;
  std::string run_dir = "/tmp/hr-edges-" + std::to_string(::getpid());

  void SetUp() override {
    std::filesystem::create_directories(run_dir);
    p = &pod(1);
    c1 = &container(*p, 1);
    c2 = &container(*p, 2);
    limit(*p, 100'000);
    limit(*c1, 50'000);
    limit(*c2, 50'000);
    start();
  }
  void start() {
    ASSERT_EQ(book.open(run_dir.c_str()), ledger::Status::ok);
    book.set_v2(on_v2());
    watch();
    look();
    sink = std::make_unique<KernelSink>(*source, &book, source->own_writes(), where(), monotonic_now);
  }
  void TearDown() override {
    set_sink_hook(nullptr);
    set_write_hook(nullptr);
    book.close();
    std::filesystem::remove_all(run_dir);
  }
  Write set(const ScratchGroup& g, Setting from, Setting to, std::uint32_t unit = 1) const {
    return {slot(g), from, to, {}, unit};
  }
  std::vector<Outcome> apply(std::vector<Write> writes) { return sink->apply({std::move(writes), {}}, source->catalog()); }
  Plan lease() const {
    return {{set(*p, bandwidth(100'000), bandwidth(200'000)), set(*c1, bandwidth(50'000), bandwidth(150'000, 20'000))}, {}};
  }
  std::string quota(const ScratchGroup& g) const { return read_line(g.file(CpuFile::quota)); }
  void expect_originals() const {
    EXPECT_EQ(quota(*p), quota_text(100'000));
    EXPECT_EQ(quota(*c1), quota_text(50'000));
    EXPECT_EQ(quota(*c2), quota_text(50'000));
    EXPECT_EQ(read_line(c1->file(CpuFile::burst)), "0");
  }
};

TEST_F(SinkTest, ALeaseGoesUpAndComesHomeAndTheLedgerFollows) {
  for (const auto& o : sink->apply(lease(), source->catalog())) EXPECT_FALSE(o.error) << o.error->detail;
  EXPECT_EQ(quota(*c1), quota_text(150'000));
  EXPECT_EQ(read_line(c1->file(CpuFile::burst)), "20000");
  EXPECT_EQ(book.entries(), 3u);
  for (const auto& o : apply({set(*c1, bandwidth(150'000, 20'000), bandwidth(50'000)),
                              set(*p, bandwidth(200'000), bandwidth(100'000))}))
    EXPECT_FALSE(o.error) << o.error->detail;
  expect_originals();
  EXPECT_TRUE(book.empty());
}

TEST_F(SinkTest, AGroupLostSightOfGetsItsOwnersValuesBackBeforeItIsMetAgain) {
  for (const bool whole_pod : {false, true}) {
    SCOPED_TRACE(whole_pod);
    for (const auto& o : sink->apply(lease(), source->catalog())) EXPECT_FALSE(o.error) << o.error->detail;
    Catalog without = source->catalog();
    without.groups[slot(*c1)].reset();
    if (whole_pod) without.groups[slot(*p)].reset();
    ++without.generation;
    sink->apply({}, without);
    EXPECT_EQ(quota(*c1), quota_text(50'000));
    EXPECT_EQ(read_line(c1->file(CpuFile::burst)), "0");
    EXPECT_EQ(quota(*p), quota_text(whole_pod ? 100'000 : 200'000));
    EXPECT_EQ(book.entries(), whole_pod ? 0u : 1u);
    if (!whole_pod) apply({set(*p, bandwidth(200'000), bandwidth(100'000))});
  }
}

TEST_F(SinkTest, WhatSomebodyWroteIntoAGroupLostSightOfStands) {
  sink->apply(lease(), source->catalog());
  ASSERT_EQ(foreign_write(c1->file(CpuFile::quota), quota_text(70'000)), 0);
  Catalog without = source->catalog();
  for (const ScratchGroup* g : {p, c1}) without.groups[slot(*g)].reset();
  ++without.generation;
  sink->apply({}, without);
  EXPECT_EQ(quota(*c1), quota_text(70'000));
  EXPECT_EQ(quota(*p), quota_text(100'000));
  EXPECT_TRUE(book.empty());
}

TEST_F(SinkTest, OutcomesNameGroupValueAndCost) {
  const auto outcomes = sink->apply(lease(), source->catalog());
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[1].slot, slot(*c1));
  EXPECT_EQ(outcomes[1].group_id, group(*c1)->id);
  EXPECT_EQ(std::get<Bandwidth>(outcomes[1].to), bandwidth(150'000, 20'000));
  EXPECT_GT(outcomes[1].cost.count(), 0);
  EXPECT_EQ(sink->counters().total(), 3u);
}

TEST_F(SinkTest, AUnitThatCannotBeMadeWholeIsTakenBack) {
  auto plan = lease();
  plan.writes.push_back(set(*c2, bandwidth(50'000), bandwidth(500)));   // below the kernel's 1000 us
  plan.writes.push_back(set(*c2, Shares{on_v2() ? 100u : 1024u}, Shares{64}, 2));
  const auto outcomes = sink->apply(plan, source->catalog());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(outcomes[i].error) << i;
    EXPECT_EQ(outcomes[i].error->code, Errc::rejected);
  }
  EXPECT_FALSE(outcomes[3].error) << "another unit is not concerned";
  expect_originals();
  EXPECT_EQ(book.entries(), 1u);
}

TEST_F(SinkTest, AVanishedContainerCostsItsUnitOnly) {
  auto plan = lease();
  made.erase(rel(*c1));
  const auto outcomes = sink->apply(plan, source->catalog());
  ASSERT_TRUE(outcomes[1].error);
  EXPECT_EQ(outcomes[1].error->code, Errc::gone);
  EXPECT_EQ(quota(*p), quota_text(100'000));
  EXPECT_TRUE(book.empty());
}

TEST_F(SinkTest, WhatWentHomeStaysHomeWhenItsUnitFails) {
  sink->apply(lease(), source->catalog());
  const auto outcomes = apply({set(*c1, bandwidth(150'000, 20'000), bandwidth(50'000)),
                               set(*p, bandwidth(123'000), bandwidth(100'000))});
  EXPECT_FALSE(outcomes[0].error);
  EXPECT_TRUE(outcomes[1].error);
  EXPECT_EQ(quota(*c1), quota_text(50'000));
  EXPECT_EQ(quota(*p), quota_text(200'000)) << "the plan was wrong about it";
  EXPECT_EQ(book.entries(), 1u) << "and it is still ours to put back";
  book.close();
  ledger::restore(run_dir.c_str(), true);
  expect_originals();
}

TEST_F(SinkTest, NoLedgerNoSetting) {
  KernelSink without(*source, nullptr, source->own_writes(), where(), monotonic_now);
  const auto outcomes = without.apply(lease(), source->catalog());
  for (const auto& o : outcomes) EXPECT_TRUE(o.error);
  expect_originals();
}

TEST_F(SinkTest, ARefillRewritesEveryFiniteLevelAndChangesNothing) {
  set_write_hook(note_write);
  written.clear();
  const auto outcomes = sink->apply({{}, {{slot(*c1), {}}}}, source->catalog());
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_FALSE(outcomes[0].error);
  EXPECT_EQ(outcomes[0].kind, WriteKind::refill);
  const std::string burst = file_name(CpuFile::burst, on_v2());
  EXPECT_EQ(written, (std::vector<std::string>{"aaa " + burst + " 0", "pod " + burst + " 0"}));
  expect_originals();
  EXPECT_TRUE(book.empty());
  EXPECT_TRUE(look().events.empty());
  EXPECT_TRUE(sink->counters().mean_refill_cost().has_value());
}

TEST_F(SinkTest, LowerBurstFirstRaiseQuotaFirst) {
  set_write_hook(note_write);
  written.clear();
  apply({set(*c1, bandwidth(50'000), bandwidth(60'000, 55'000))});
  apply({set(*c1, bandwidth(60'000, 55'000), bandwidth(20'000, 10'000))});
  std::vector<std::string> order;
  for (const auto& w : written) order.push_back(w.substr(4, w.rfind(on_v2() ? " 100000" : " ") - 4));
  EXPECT_EQ(written.size(), 4u);
  EXPECT_EQ(written[0].substr(4), std::string(file_name(CpuFile::quota, on_v2())) + " " + quota_text(60'000));
  EXPECT_EQ(written[2].substr(4), std::string(file_name(CpuFile::burst, on_v2())) + " 10000");
  EXPECT_EQ(quota(*c1), quota_text(20'000));
}

/// Forks, applies `plan` in the child with a kill at the nth time that a stage is reached.
void die_in(KernelSink& sink, const Plan& plan, const Catalog& catalog, SinkStage stage, int nth) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    stage_wanted = static_cast<int>(stage);
    stage_nth = nth;
    set_sink_hook(kill_self);
    sink.apply(plan, catalog);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the stage was not reached";
}

TEST_F(SinkTest, AKillAtAnyStepLeavesALedgerThatBringsTheOriginalsBack) {
  for (const auto stage : {SinkStage::before_intend, SinkStage::after_intend, SinkStage::after_fence, SinkStage::after_write}) {
    for (int nth = 1; nth <= 3; ++nth) {
      die_in(*sink, lease(), source->catalog(), stage, nth);
      const auto result = ledger::restore(run_dir.c_str(), true);
      EXPECT_EQ(result.failed, 0u);
      expect_originals();
    }
  }
  die_in(*sink, lease(), source->catalog(), SinkStage::between_writes, 1);
  EXPECT_EQ(ledger::restore(run_dir.c_str(), true).restored, 1u);
  expect_originals();
}

/// What the guard does when the daemon's heartbeat stops.
void raise_fence(const std::string& run_dir) {
  const int fd = ::open((run_dir + "/ledger").c_str(), O_RDWR | O_CLOEXEC);
  const std::uint32_t raised = 1;
  ASSERT_EQ(::pwrite(fd, &raised, sizeof raised, offsetof(ledger::Header, fence)), static_cast<ssize_t>(sizeof raised));
  ::close(fd);
}
void raise_at_stage(SinkStage reached) {
  if (static_cast<int>(reached) == stage_wanted && --stage_nth == 0) raise_fence(fence_dir);
}

TEST_F(SinkTest, BehindAFenceNothingIsWritten) {
  raise_fence(run_dir);
  auto plan = lease();
  plan.refills.push_back({slot(*c2), {}});
  set_write_hook(note_write);
  written.clear();
  for (const auto& o : sink->apply(plan, source->catalog())) {
    ASSERT_TRUE(o.error);
    EXPECT_EQ(o.error->code, Errc::denied);
  }
  EXPECT_EQ(sink->fence(), FenceState::raised);
  EXPECT_TRUE(written.empty());
  expect_originals();
  book.lower_fence();
  for (const auto& o : sink->apply(lease(), source->catalog())) EXPECT_FALSE(o.error);
  EXPECT_EQ(sink->fence(), FenceState::down);
}

TEST_F(SinkTest, AFenceThatRisesInAPlanStopsItAfterTheWriteUnderWay) {
  fence_dir = run_dir;
  stage_wanted = static_cast<int>(SinkStage::after_fence);
  stage_nth = 2;
  set_sink_hook(raise_at_stage);
  set_write_hook(note_write);
  written.clear();
  const auto outcomes = sink->apply(lease(), source->catalog());
  EXPECT_EQ(written.size(), 2u) << "the pod's quota, and the one that was past its test";
  EXPECT_TRUE(outcomes[1].error);
  EXPECT_EQ(ledger::restore(run_dir.c_str(), true).failed, 0u);
  expect_originals();
}

TEST_F(SinkTest, TheLedgerHasItBeforeTheFileHasIt) {
  die_in(*sink, lease(), source->catalog(), SinkStage::after_intend, 1);
  EXPECT_EQ(book.entries(), 1u);
  expect_originals();
}

}  // namespace
}  // namespace headroom::live
