// Somebody else's writes as the source reports them, with ours beside them.
#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "tests/live/edges_fixture.hpp"

namespace headroom::live {
namespace {

class Foreign : public EdgesTest {
 protected:
  ScratchGroup* c = nullptr;
  std::unique_ptr<KernelSink> sink;
  ledger::Ledger book;
  std::string run_dir = "/tmp/hr-edges-" + std::to_string(::getpid());

  void SetUp() override {
    std::filesystem::create_directories(run_dir);
    ASSERT_EQ(book.open(run_dir.c_str()), ledger::Status::ok);
    book.set_v2(on_v2());
    c = &container(pod(1), 1);
    limit(*c, 50'000);
    watch();
    look();
    sink = std::make_unique<KernelSink>(*source, &book, source->own_writes(), where(), monotonic_now);
  }
  void TearDown() override {
    set_sink_hook(nullptr);
    book.close();
    std::filesystem::remove_all(run_dir);
  }
  Outcome lend(std::int64_t from, std::int64_t to) {
    Plan plan;
    plan.writes.push_back({slot(*c), bandwidth(from), bandwidth(to), {}, 1});
    return sink->apply(plan, source->catalog()).at(0);
  }
  std::string quota() const { return read_line(c->file(CpuFile::quota)); }
};

TEST_F(Foreign, OurOwnWriteIsNoEventAndIsReadBack) {
  ASSERT_FALSE(lend(50'000, 80'000).error);
  const Sample sample = look();
  EXPECT_TRUE(sample.events.empty());
  ASSERT_NE(reading(sample, slot(*c)), nullptr);
  EXPECT_EQ(reading(sample, slot(*c))->bandwidth, bandwidth(80'000));
}

TEST_F(Foreign, AnAcceptedWriteComesWithItsValue) {
  ASSERT_EQ(foreign_write(c->file(CpuFile::quota), quota_text(30'000)), 0);
  const Sample sample = look();
  ASSERT_EQ(sample.events.size(), 1u);
  EXPECT_EQ(sample.events[0].what, FileEvent::What::changed);
  EXPECT_EQ(sample.events[0].file, FileEvent::File::bandwidth);
  EXPECT_EQ(sample.events[0].slot, slot(*c));
  EXPECT_EQ(reading(sample, slot(*c))->bandwidth, bandwidth(30'000));
}

TEST_F(Foreign, SharesAreTheirOwnFile) {
  ASSERT_EQ(foreign_write(c->file(CpuFile::shares), "77"), 0);
  const Sample sample = look();
  ASSERT_EQ(sample.events.size(), 1u);
  EXPECT_EQ(sample.events[0].file, FileEvent::File::shares);
  EXPECT_EQ(reading(sample, slot(*c))->shares, Shares{77});
}

TEST_F(Foreign, ARefusedDecreaseIsTold) {
  auto files = c->open();
  must(set_burst(files, microseconds{40'000}));
  look();
  ASSERT_EQ(foreign_write(c->file(CpuFile::quota), quota_text(20'000)), EINVAL);
  const Sample sample = look();
  ASSERT_EQ(sample.events.size(), 1u);
  EXPECT_EQ(sample.events[0].what, FileEvent::What::refused);
  EXPECT_EQ(reading(sample, slot(*c))->bandwidth, bandwidth(50'000, 40'000));
}

TEST_F(Foreign, TheirsAfterOursInOneBatchStands) {
  ASSERT_FALSE(lend(50'000, 80'000).error);
  ASSERT_EQ(foreign_write(c->file(CpuFile::quota), quota_text(30'000)), 0);
  const Sample sample = look();
  ASSERT_EQ(sample.events.size(), 1u);
  EXPECT_EQ(sample.events[0].what, FileEvent::What::changed);
}

TEST_F(Foreign, TheirsBeforeOursIsNotWrittenOver) {
  ASSERT_EQ(foreign_write(c->file(CpuFile::quota), quota_text(30'000)), 0);
  const Outcome outcome = lend(50'000, 80'000);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::rejected);
  EXPECT_NE(outcome.error->detail.find("foreign value"), std::string::npos);
  EXPECT_EQ(quota(), quota_text(30'000));
  EXPECT_TRUE(book.empty());
}

std::string race_file;   // the hook is a plain function
std::string race_text;
void write_in_between(SinkStage reached) {
  if (reached != SinkStage::after_fence) return;
  set_sink_hook(nullptr);
  foreign_write(race_file, race_text);
}

TEST_F(Foreign, WhereOursOvertookTheirsItIsSaid) {
  race_file = c->file(CpuFile::quota);
  race_text = quota_text(30'000);
  set_sink_hook(write_in_between);
  ASSERT_FALSE(lend(50'000, 80'000).error);
  const Sample sample = look();
  ASSERT_EQ(sample.events.size(), 1u);
  EXPECT_EQ(sample.events[0].what, FileEvent::What::overtaken);
  EXPECT_EQ(reading(sample, slot(*c))->bandwidth, bandwidth(80'000));
  EXPECT_FALSE(book.empty()) << "ours is still in force";
}

/// A write to one of quota, period and burst puts the other two back as they were when it began, and the kernel's lock is
/// taken later: a refill can overtake a quota that comes at the same moment. Then it is said.
TEST_F(Foreign, AQuotaThatCameWithARefillShowsOrIsSaidToBeOvertaken) {
  Plan refills;
  refills.refills.push_back({slot(*c), {}});
  int overtaken = 0;
  for (int i = 0; i < (on_v2() ? 300 : 3000) && !HasFailure(); ++i) {
    const std::string theirs = quota_text(30'000 + i);
    std::atomic<bool> written{false};
    std::thread somebody([&] {
      foreign_write(c->file(CpuFile::quota), theirs);
      written = true;
    });
    while (!written) sink->apply(refills, source->catalog());
    somebody.join();
    const Sample sample = look();
    const auto told = std::find_if(sample.events.begin(), sample.events.end(),
                                   [](const FileEvent& e) { return e.file == FileEvent::File::bandwidth; });
    ASSERT_NE(told, sample.events.end()) << theirs << ", and the file holds " << quota();
    const bool lost = quota() != theirs;
    EXPECT_EQ(told->what, lost ? FileEvent::What::overtaken : FileEvent::What::changed) << theirs;
    overtaken += lost ? 1 : 0;
  }
  fmt::print("[ measured ] quotas overtaken by refills without a pause: {}\n", overtaken);
}

TEST_F(Foreign, AFileThatSomebodyTookOverLeavesTheLedger) {
  ASSERT_FALSE(lend(50'000, 80'000).error);
  look();
  ASSERT_FALSE(book.empty());
  ASSERT_EQ(foreign_write(c->file(CpuFile::quota), quota_text(30'000)), 0);
  look();
  sink->apply({}, source->catalog());
  EXPECT_TRUE(book.empty());
  ASSERT_FALSE(lend(30'000, 60'000).error);
  book.close();
  ledger::restore(run_dir.c_str(), true);
  EXPECT_EQ(quota(), quota_text(30'000)) << "their value is the original now";
}

TEST_F(Foreign, TheEventWakesWhoeverWaits) {
  look();
  ASSERT_EQ(foreign_write(c->file(CpuFile::quota), quota_text(30'000)), 0);
  fd_set ready;
  FD_ZERO(&ready);
  FD_SET(source->event_fd(), &ready);
  timeval patience{5, 0};
  EXPECT_EQ(::select(source->event_fd() + 1, &ready, nullptr, nullptr, &patience), 1);
}

TEST_F(Foreign, OurOwnWritesDoNotWakeUsAndTheirsBesideThemDo) {
  ASSERT_FALSE(lend(50'000, 80'000).error);
  EXPECT_FALSE(source->heard_of_others());
  ASSERT_EQ(foreign_write(c->file(CpuFile::shares), "77"), 0);
  EXPECT_TRUE(source->heard_of_others());
  const Sample sample = look();
  ASSERT_EQ(sample.events.size(), 1u) << "and nothing is lost by asking";
  EXPECT_EQ(sample.events[0].file, FileEvent::File::shares);
}

TEST_F(Foreign, ALeaseOnAGroupThatWentLeavesTheLedgerEmpty) {
  ASSERT_FALSE(lend(50'000, 80'000).error);
  made.erase(rel(*c));
  look();
  sink->apply({}, source->catalog());
  EXPECT_TRUE(book.empty());
}

}  // namespace
}  // namespace headroom::live
