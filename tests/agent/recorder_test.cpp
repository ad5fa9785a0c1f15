// The journal on disk: bounded, whole, and nothing that the loop would wait for.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/ctl_record.hpp"
#include "agent/recorder.hpp"
#include "engine/replay.hpp"
#include "tests/engine/random_node.hpp"

namespace headroom {
namespace {

constexpr std::size_t kDefault = std::size_t{16} << 20;   // journal.max

namespace fs = std::filesystem;
using testing::HasSubstr;

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() { EXPECT_NE(mkdtemp(dir_), nullptr); }
  ~RecorderTest() override {
    std::error_code none;
    fs::remove_all(dir_, none);
  }

  /// A run of `ticks` ticks, from `first` on. @return the number of the last one
  std::uint64_t run(Recorder& recorder, std::uint64_t first, int ticks) {
    for (int i = 0; i < ticks; ++i) recorder.ticked(first + static_cast<std::uint64_t>(i), tick(node_, node_, engine_), engine_);
    return first + static_cast<std::uint64_t>(ticks) - 1;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (const auto& file : fs::directory_iterator(fs::path(dir_) / "journal")) out.push_back(file.path());
    std::sort(out.begin(), out.end());
    return out;
  }
  static std::string slurp(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> segments() const {
    std::vector<std::string> out;
    for (const auto& file : files()) out.push_back(slurp(file));
    return out;
  }
  static ReplayCount replayed(const std::vector<std::string>& segments) {
    Replay replay({segments.begin(), segments.end()});
    while (replay.next() != nullptr) {
    }
    EXPECT_FALSE(replay.error());
    EXPECT_EQ(replay.count().agreeing, replay.count().ticks);
    EXPECT_EQ(replay.count().states_agreeing, replay.count().states);
    return replay.count();
  }

  char dir_[32] = "/tmp/headroom-test-XXXXXX";
  Log log_{LogLevel::error, LogFormat::text};
  test::RandomNode node_{21};
  Engine engine_ = node_.engine();
};

TEST_F(RecorderTest, KeepsEveryTickAfterTheFirst) {
  {
    Recorder recorder(dir_, kDefault, log_);
    run(recorder, 1, 500);
  }
  EXPECT_EQ(replayed(segments()).ticks, 499u);
}

TEST_F(RecorderTest, StaysWithinItsBoundAndDropsTheOldest) {
  constexpr std::size_t kMost = 1 << 20;
  {
    Recorder recorder(dir_, kMost, log_);
    std::uint64_t next = 1;
    for (int i = 0; i < 40; ++i) {
      next = run(recorder, next, 100) + 1;
      std::error_code none;
      std::size_t all = 0;
      for (const auto& file : files()) {
        const auto size = fs::file_size(file, none);
        if (!none) all += size;   // else it went in between
      }
      EXPECT_LE(all, kMost);
    }
  }
  const auto left = files();
  ASSERT_GE(left.size(), 2u);
  EXPECT_GT(left.front().filename().string(), "segment-00000001.hrj") << "the oldest has to go";
  const ReplayCount n = replayed(segments());
  EXPECT_GT(n.ticks, 100u);
  EXPECT_GE(n.states, left.size() - 1) << "segments follow each other without a gap";
}

TEST_F(RecorderTest, ANewRunGoesOnBesideWhatTheOldOneLeft) {
  {
    Recorder recorder(dir_, kDefault, log_);
    run(recorder, 1, 50);
  }
  {
    Recorder recorder(dir_, kDefault, log_);
    run(recorder, 1, 50);
  }
  EXPECT_EQ(files().size(), 2u);
  EXPECT_EQ(replayed(segments()).ticks, 98u);
}

TEST_F(RecorderTest, AReplacedPolicyOrOtherBoundsBeginAnewAndReplayGoesOn) {
  {
    Recorder recorder(dir_, kDefault, log_);
    auto next = run(recorder, 1, 50) + 1;
    Faults none;
    engine_.policy = make_policy("headroom", {}, none);
    next = run(recorder, next, 50) + 1;
    engine_.model.params.target_percent = 60;
    run(recorder, next, 50);
  }
  const ReplayCount n = replayed(segments());
  EXPECT_EQ(n.checkpoints, 3u);
  EXPECT_EQ(n.ticks, 147u) << "what the two changed ticks began with is not known";
}

TEST_F(RecorderTest, WithoutADirectoryNothingIsKeptAndNothingFails) {
  Recorder nowhere("", kDefault, log_);
  run(nowhere, 1, 20);
  Recorder denied("/proc/no/such/place", kDefault, log_);
  run(denied, 1, 20);
}

int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// A disk may be full for an hour: what is told is that, once, and the journal goes on afterwards.
TEST_F(RecorderTest, GoesOnWhenItsDirectoryIsBackAndSaysOnceThatItWasGone) {
  const fs::path journal = fs::path(dir_) / "journal", away = fs::path(dir_) / "away";
  Log log(LogLevel::info, LogFormat::text);
  testing::internal::CaptureStderr();
  {
    Recorder recorder(dir_, kDefault / 16, log);   // new segments often: that is where a directory is missed
    std::uint64_t next = 1;
    const auto run_until = [&](const auto& done) {
      for (int i = 0; i < 4000 && !done(); ++i) {
        next = run(recorder, next, 10) + 1;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});   // for the thread that writes
      }
      return done();
    };
    ASSERT_TRUE(run_until([&] { return fs::exists(journal) && files().size() > 1; }));
    const auto begin = next;
    std::ofstream(away) << "no directory";
    ASSERT_EQ(::renameat2(AT_FDCWD, away.c_str(), AT_FDCWD, journal.c_str(), RENAME_EXCHANGE), 0);
    ASSERT_TRUE(run_until([&] { return next > begin + 5000; }));   // 50 s of the node: several tries
    fs::remove(journal);
    EXPECT_TRUE(run_until([&] { return fs::exists(journal) && !files().empty() && fs::file_size(files().front()) > 0; }));
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(count(said, "none is kept"), 1) << said;
  EXPECT_EQ(count(said, "kept again"), 1) << said;
  EXPECT_GT(replayed(segments()).ticks, 0u) << "what is kept then stands by itself";
}

TEST_F(RecorderTest, ARecordingOverwritesNothingAndEndsByItself) {
  const std::string file = std::string(dir_) + "/long.hrj";
  {
    Recorder recorder(dir_, kDefault, log_);
    EXPECT_EQ(recorder.record("long.hrj", seconds{1}).error().code, Errc::rejected);
    std::ofstream(file) << "mine";
    EXPECT_THAT(recorder.record(file, seconds{1}).error().detail, HasSubstr("already"));
    EXPECT_EQ(slurp(file), "mine");
    fs::remove(file);
    ASSERT_TRUE(recorder.record(file, seconds{1}));
    EXPECT_THAT(recorder.record(file + "2", seconds{1}).error().detail, HasSubstr("already recording"));
    run(recorder, 1, 300);   // about three seconds of the node
    EXPECT_TRUE(recorder.record(file + "2", seconds{1})) << "the first is over";
  }
  const ReplayCount n = replayed({slurp(file)});
  EXPECT_GT(n.ticks, 50u);
  EXPECT_LT(n.ticks, 200u);
}

TEST(RecordRequest, NamesTheFileByItsWholePathAndTheTimeInSeconds) {
  EXPECT_EQ(record_request("/a b/c.hrj", "10m").value_or(""), "/v1/record?file=/a%20b/c.hrj&seconds=600");
  EXPECT_THAT(record_request("x", "1s").value_or(""), testing::StartsWith("/v1/record?file=/"));
  for (const char* bad : {"", "10", "0s", "25h", "-1s", "ten"}) EXPECT_EQ(record_request("x", bad).error().where, "--for") << bad;
}

}  // namespace
}  // namespace headroom
