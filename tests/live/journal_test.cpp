// The real daemon's journal, replayed, and what it explains of a borrower and of one who is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/replay.hpp"
#include "engine/what_if.hpp"
#include "tests/live/daemon_fixture.hpp"

namespace headroom::live {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class JournalLive : public testing::Test {
 protected:
  JournalLive() : root_("journal"), work_(root_, "work"), plain_(root_, "plain") {
    for (ScratchGroup* g : {&work_, &plain_})
      EXPECT_EQ(foreign_write(g->file(CpuFile::quota), on_v2() ? "50000 100000" : "50000"), 0);
  }
  std::string config() const {
    return "version: 1\nlisten: 127.0.0.1:0\nnode: {steal: 100%}\nclasses:\n  - name: work\n    match: [{path: \"work\"}]\n"
           "    borrow: {upTo: 2 cores, visibility: file}\n"
           "  - name: plain\n    match: [{path: \"plain\"}]\n";
  }
  static json explained(const DaemonProcess& daemon, const std::string& group) {
    return json::parse(daemon.get("/v1/explain?group=" + group), nullptr, false);
  }
  std::vector<std::string> segments() const {
    std::vector<std::string> names, out;
    for (const auto& file : std::filesystem::directory_iterator(dir_ / "state/journal")) names.push_back(file.path());
    std::sort(names.begin(), names.end());
    for (const auto& name : names) out.push_back(slurp(name));
    return out;
  }
  static json explained_again(const Replay::Tick& tick, const Engine& engine, const std::string& path) {
    const Snapshot& now = tick.snapshot;
    for (Slot s = 0; s < now.groups.size(); ++s)
      if (const Group* g = now.catalog.find(s); g != nullptr && g->path == path)
        return json::parse(explain_json(explain_fully(now, *engine.policy, engine.plans, engine.rails, tick.number, s), now.catalog));
    return nullptr;
  }
  struct Told {
    std::string path;
    json said;
  };
  /// Every plan agrees, and what the daemon told of a group at some tick is told again.
  void replay(const std::vector<std::string>& journal, const std::vector<Told>& told) {
    Replay replay({journal.begin(), journal.end()});
    std::size_t same = 0;
    while (const Replay::Tick* tick = replay.next()) {
      EXPECT_TRUE(tick->agrees) << "tick " << tick->number;
      for (const Told& t : told) {
        if (t.said["tick"] != tick->number) continue;
        EXPECT_EQ(explained_again(*tick, *replay.engine(), t.path), t.said);
        ++same;
      }
    }
    EXPECT_FALSE(replay.error());
    EXPECT_EQ(same, told.size()) << "explanations of the daemon that the journal gives again";
    EXPECT_EQ(replay.count().states, replay.count().states_agreeing);
    EXPECT_GT(replay.count().ticks, 20u);
  }

  Directory dir_;
  ScratchGroup root_, work_, plain_;
};

TEST_F(JournalLive, ExplainsABorrowerAndARefusedOneAndReplaysToTheSamePlansAndWords) {
  std::vector<Told> told;
  {
    DaemonProcess daemon(dir_, root_.dir(), config(), {"--mode", "enforce"});
    const Spinner steady(plain_, Load{.threads = 1, .cpu = -1, .work = nanoseconds{0}});
    ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
    const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
    json e;
    ASSERT_TRUE(eventually([&] {   // in the tick that lends, what the files hold is still the owner's
      e = explained(daemon, "work");
      if (!e.is_object() || !e.value(json::json_pointer("/explanation/borrows"), false)) return false;
      return e.value("text", "").find("quota 50000 -> ") != std::string::npos;
    }, milliseconds{20'000})) << daemon.get("/v1/explain?group=work");
    const json lease = e["explanation"];
    ASSERT_TRUE(lease.contains("limitMilli")) << lease;
    EXPECT_EQ(lease["limitMilli"], 500);
    EXPECT_GT(lease["inAllMilli"], 500);
    EXPECT_THAT(e["text"].get<std::string>(), HasSubstr("/work borrows"));
    told.push_back({"work", lease});
    json refused;
    ASSERT_TRUE(eventually([&] { return (refused = explained(daemon, "plain")).contains("explanation"); },
                           milliseconds{5'000})) << refused;
    EXPECT_FALSE(refused["explanation"]["borrows"]);
    EXPECT_THAT(refused["text"].get<std::string>(), HasSubstr("to change  give it a class that may borrow"));
    EXPECT_EQ(refused["explanation"]["toChange"]["kind"], "bar");
    told.push_back({"plain", refused["explanation"]});
    std::this_thread::sleep_for(seconds{1});   // a journal of some length
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  }
  const auto journal = segments();
  ASSERT_FALSE(journal.empty());
  replay(journal, told);
}

TEST_F(JournalLive, ARecordingIsAFileOfItsOwnThatReplays) {
  DaemonProcess daemon(dir_, root_.dir(), config(), {"--mode", "enforce"});
  ASSERT_TRUE(daemon.shows("/v1/status", "\"mode\":\"enforce\"")) << daemon.log();
  const Spinner burst(work_, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
  const std::string file = dir_ / "long.hrj", ask = "/v1/record?seconds=1&file=" + file;
  EXPECT_THAT(daemon.post(ask), HasSubstr("recording for 1 s"));
  EXPECT_THAT(daemon.post(ask + "2"), HasSubstr("already recording"));
  EXPECT_THAT(daemon.post("/v1/record?seconds=1&file=relative"), HasSubstr("absolute"));
  ASSERT_TRUE(eventually([&] { return daemon.post("/v1/record?seconds=1&file=" + file).find("something is there") != std::string::npos; },
                         milliseconds{20'000}));
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.exit_code(), 0) << daemon.log();
  replay({slurp(file)}, {});
}

}  // namespace
}  // namespace headroom::live
