// Many groups with leases side by side; somebody else writes the quota of each of them once.
#pragma once

#include <fmt/format.h>

#include <numeric>
#include <set>

#include "tests/live/kill_daemon.hpp"

namespace headroom::live {

struct Verdicts {
  int stood = 0, overtaken = 0, lost = 0;
};

class ForeignTest : public testing::Test {
 protected:
  static constexpr int kQuota = 20'000;  // us in 100 ms

  RunFiles files_;
  std::mt19937 random_{static_cast<unsigned>(count_of("HEADROOM_SEED", 20'262))};

  void SetUp() override {
    ::setpriority(PRIO_PROCESS, 0, -20);
    ::prctl(PR_SET_TIMERSLACK, 1UL);
  }
  void TearDown() override { ::setpriority(PRIO_PROCESS, 0, 0); }

  static milliseconds patience() { return milliseconds{on_v2() ? 60'000 : 10'000}; }
  int drawn(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  static DaemonArgs hooked(const std::string& visibility) {
    DaemonArgs args;
    args.program = "headroomd-hooked";
    args.visibility = visibility;
    return args;
  }
  std::vector<int> shuffled(int n) {
    std::vector<int> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random_);
    return order;
  }

  static bool leased(const Node& node, int i) { return !node.kept(node.container(i), CpuFile::quota).is_original(); }
  /// Refilled since the list of our writes had `before` bytes.
  bool refilled(const Node& node, int i, std::size_t before) const {
    return files_.text("writes").find(node.container(i).file(CpuFile::burst), before) != std::string::npos;
  }
  /// Somebody writes the quota with one write, as `tee` does. @return what was written; "": refused
  static std::string speak(const Node& node, int i, int quota_us) {
    const std::string theirs = Node::quota_text(quota_us);
    return foreign_write(node.container(i).file(CpuFile::quota), theirs) == 0 ? theirs : "";
  }
  /// Whether the log names the group as one that somebody else wrote, in the daemon's words `what`.
  static bool named(const std::string& log, const std::string& group, const std::string& what) {
    std::istringstream in(log);
    for (std::string line; std::getline(in, line);)
      if (line.find(what) != std::string::npos && line.find(group) != std::string::npos) return true;
    return false;
  }

  /// What somebody wrote into the quota of container `i`, and whether the daemon knew of it.
  struct Spoken {
    int i = 0;
    std::string theirs;
    bool noticed = false;
  };
  /// How many writes of somebody else the daemon has counted in each group. Its log is limited by kind and may leave
  /// lines out; what it answers does not.
  static void ask(const Node& node, const Daemon& daemon, std::vector<Spoken>& all) {
    const std::string told = daemon.get("/v1/groups"), key = "\"foreignWrites\":";  // keys of an object are sorted
    for (Spoken& s : all) {
      const auto path = told.find("\"path\":\"" + node.name(node.container(s.i)).substr(1) + "\"");
      const auto count = path == std::string::npos ? path : told.rfind(key, path);
      s.noticed = count != std::string::npos && std::atoi(told.c_str() + count + key.size()) > 0;
    }
  }
  /// After the daemon's end: what became of one write.
  void judge(const Node& node, const Daemon& daemon, const Spoken& s, const char* kind, Verdicts& sum) {
    const Kept& file = node.kept(node.container(s.i), CpuFile::quota);
    const std::string there = file.read(), group = node.name(node.container(s.i)), log = daemon.log();
    const bool overtaken = there == file.original && named(log, group, "ours overtook");
    const char* verdict = there == s.theirs && s.noticed ? "stood" : overtaken ? "overtaken" : "LOST";
    sum.stood += there == s.theirs && s.noticed ? 1 : 0;
    sum.overtaken += overtaken ? 1 : 0;
    sample(fmt::format("foreign {} {}", kind, verdict));
    if (std::strcmp(verdict, "LOST") != 0) return;
    ++sum.lost;
    ADD_FAILURE() << group << " holds " << there << ", somebody wrote " << s.theirs << ", before that " << file.original
                  << (s.noticed ? "" : "; nobody noticed") << "\n" << log.substr(log.size() < 3000 ? 0 : log.size() - 3000);
  }
};

}  // namespace headroom::live
