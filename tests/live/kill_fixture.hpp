// Kills and freezes the real daemon over a bursting node and watches the files from outside, by the clock.
#pragma once

#include <fmt/format.h>

#include "tests/live/kill_daemon.hpp"

namespace headroom::live {

class KillTest : public testing::Test {
 protected:
  static constexpr int kPods = 6, kQuota = 10'000;  // us in 100 ms

  RunFiles files_;
  Node node_{"kill", kPods, kQuota};
  std::mt19937 random_{static_cast<unsigned>(count_of("HEADROOM_SEED", 20'261))};

  void SetUp() override {
    node_.burst(milliseconds{60}, milliseconds{90});
    ::setpriority(PRIO_PROCESS, 0, -20);  // the watcher: what it adds is counted against the guard
    ::prctl(PR_SET_TIMERSLACK, 1UL);
  }
  void TearDown() override { ::setpriority(PRIO_PROCESS, 0, 0); }

  static milliseconds patience() { return milliseconds{on_v2() ? 60'000 : 10'000}; }
  int drawn(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  bool wait_for_lease(const Daemon& daemon) const {
    return eventually([&] { return node_.lease_out() || daemon.dead(); }, patience()) && !daemon.dead();
  }

  struct Watched {
    nanoseconds dead{0}, back{0};  ///< CLOCK_MONOTONIC; back: since when every file has had its owner's value
    bool in_time = false;
  };
  /// Until the daemon is dead and every file has its owner's value. A dead process is reaped up to 20 ms after its lock
  /// fell free, so the files are watched all the time.
  Watched watch(const Daemon& daemon) const {
    Watched out;
    bool whole = false;
    for (const nanoseconds end = now() + patience(); now() < end; rest(nanoseconds{150'000})) {
      if (out.dead.count() == 0 && daemon.dead()) out.dead = now();
      const bool before = std::exchange(whole, node_.all_original());
      if (whole && !before) out.back = now();
      if (out.dead.count() == 0 || !whole) continue;
      out.in_time = true;
      break;
    }
    return out;
  }
  /// The guard has cleared the ledger and has left.
  bool guard_is_done() {
    auto& header = files_.header();
    const auto guard = static_cast<pid_t>(header.guard_pid.load());
    const bool cleared = eventually([&] { return header.armed.load() == 0 && header.live.load() == 0; }, patience());
    return cleared && eventually([&] { return ::waitpid(guard, nullptr, WNOHANG) != 0; }, patience());
  }
  /// A quota other than its owner's was the last thing that went, or was about to go, into some file.
  bool lease_by_log(const Daemon& daemon) const {
    std::map<std::string, std::string> last;
    for (auto& [path, text] : daemon.writes()) last[path] = text;
    return std::any_of(node_.files().begin(), node_.files().end(), [&](const Kept& k) {
      const auto found = last.find(k.path);
      return k.file == CpuFile::quota && found != last.end() && found->second != k.original;
    });
  }
};

}  // namespace headroom::live
