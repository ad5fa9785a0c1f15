// Somebody else's quota, written once at a random moment during leases: it stands; where ours overtook it, we go back to
// the last base, say so, and leave the group alone.
//   HEADROOM_FOREIGN          writes during file leases
//   HEADROOM_FOREIGN_HIDDEN   writes during hidden leases
//   HEADROOM_OVERTAKEN        times that ours is made to overtake theirs
//   HEADROOM_QUIET            seconds for which the group overtaken is watched afterwards, at most 598 of the 600
#include "tests/live/foreign_fixture.hpp"

namespace headroom::live {
namespace {

class ForeignWrites : public ForeignTest {
 protected:
  static constexpr int kSide = 40, kSmall = 2000;  // groups side by side; us in 100 ms: together less than two CPUs

  /// One daemon, `groups` fresh groups, one write into each.
  void batch(int groups, const std::string& visibility, Verdicts& sum) {
    Node node("foreign", groups, kSmall);
    node.burst(milliseconds{80}, milliseconds{120});
    Daemon daemon(files_, node, hooked(visibility));
    std::vector<Spoken> all;
    for (const int i : shuffled(groups)) {
      const std::size_t before = files_.text("writes").size();
      const auto lent = [&] { return visibility == "file" ? leased(node, i) : refilled(node, i, before); };
      ASSERT_TRUE(eventually(lent, patience())) << "no lease on " << i << "\n" << daemon.log();
      rest(nanoseconds{drawn(0, 20'000'000)});
      // Below its owner's value and above the kernel burst, so that the kernel takes it; no value of ours.
      all.push_back({i, speak(node, i, 1101 + 2 * i + 80 * drawn(0, 10)), false});
      ASSERT_NE(all.back().theirs, "") << i;
    }
    rest(milliseconds{on_v2() ? 2000 : 300});
    ask(node, daemon, all);
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.reap(), 0) << daemon.log();
    for (const Spoken& s : all) judge(node, daemon, s, visibility.c_str(), sum);
  }
  void writes(int all, const std::string& visibility) {
    Verdicts sum;
    const int side = on_v2() ? 8 : kSide;
    for (int left = all; left > 0 && !HasFatalFailure(); left -= side) batch(std::min(left, side), visibility, sum);
    fmt::print("[ measured ] foreign writes during {} leases: {} stood, {} overtaken and noticed, {} lost\n", visibility,
               sum.stood, sum.overtaken, sum.lost);
    EXPECT_LE(sum.overtaken, 1 + all / 1000);
  }
};

TEST_F(ForeignWrites, DuringFileLeasesTheyStand) { writes(count_of("HEADROOM_FOREIGN", on_v2() ? 8 : 20), "file"); }

TEST_F(ForeignWrites, DuringHiddenLeasesTheyStand) { writes(count_of("HEADROOM_FOREIGN_HIDDEN", on_v2() ? 8 : 10), "hidden"); }

/// Stopped between its last look at the file and its write, the daemon overtakes whoever writes meanwhile.
class ForeignOvertaken : public ForeignTest {
 protected:
  struct Race {
    int group = -1;
    std::size_t writes = 0;  ///< of ours, when it was stopped
  };
  /// The container whose quota the stopped daemon is about to write is the one that the first write after it goes to.
  static int about_to_be_written(const Node& node, const std::vector<std::pair<std::string, std::string>>& writes, std::size_t from) {
    for (int i = 0; from < writes.size() && i < node.size(); ++i)
      if (writes[from].first == node.container(i).file(CpuFile::quota)) return i;
    return -1;
  }
  /// Everybody's quota is written while the daemon stands still: the one under way overtakes exactly one of them.
  void race(const Node& node, Daemon& daemon, Verdicts& sum) {
    const std::size_t before = daemon.writes().size();
    std::vector<Spoken> all;
    for (int i = 0; i < node.size(); ++i) all.push_back({i, speak(node, i, 11'001 + 2 * i), false});
    daemon.signal(SIGCONT);
    ASSERT_TRUE(eventually([&] { return daemon.writes().size() > before; }, patience())) << daemon.log();
    const int hit = about_to_be_written(node, daemon.writes(), before);
    if (hit < 0) return;  // it was at work on a pod or a burst
    const ScratchGroup& group = node.container(hit);
    const std::string base = node.kept(group, CpuFile::quota).original;
    EXPECT_TRUE(eventually([&] { return read_line(group.file(CpuFile::quota)) == base; }, patience())) << daemon.log();
    rest(milliseconds{200});
    const auto settled = daemon.writes();
    explained(node, daemon, hit);
    rest(seconds{count_of("HEADROOM_QUIET", on_v2() ? 3 : 2)});  // it goes on bursting, and gets nothing
    const auto later = daemon.writes();
    for (std::size_t w = settled.size(); w < later.size(); ++w)
      EXPECT_FALSE(later[w].first.starts_with(group.dir() + "/")) << later[w].first << " " << later[w].second;
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.reap(), 0);
    judge(node, daemon, all[static_cast<std::size_t>(hit)], "forced", sum);
  }
  /// The event names the group, and `explain` says that it is left alone, because of whom.
  static void explained(const Node& node, const Daemon& daemon, int hit) {
    const std::string name = node.name(node.container(hit)), told = daemon.get("/v1/explain?group=" + name);
    EXPECT_TRUE(named(daemon.log(), name, "ours overtook")) << daemon.log();
    EXPECT_NE(told.find("refuse_hands_off"), std::string::npos) << told;
    EXPECT_NE(told.find("looks_like=kubelet"), std::string::npos) << told;
  }
};

TEST_F(ForeignOvertaken, OursGoesBackToTheLastBaseSaysSoAndLeavesTheGroupAlone) {
  Verdicts sum;
  const int wanted = count_of("HEADROOM_OVERTAKEN", 1);
  for (int tries = 0; sum.overtaken + sum.lost < wanted && tries < 10 + 10 * wanted && !HasFatalFailure(); ++tries) {
    Node node("overtaken", 6, kQuota);
    node.burst(milliseconds{80}, milliseconds{120});
    DaemonArgs args = hooked("file");
    args.fault = fmt::format("stop:after_fence:{}", drawn(14, 40));
    Daemon daemon(files_, node, args);
    ASSERT_TRUE(eventually([&] { return daemon.stamp().count() != 0 && daemon.stopped(); }, patience())) << daemon.log();
    race(node, daemon, sum);
  }
  EXPECT_EQ(sum.overtaken, wanted);
}

}  // namespace
}  // namespace headroom::live
