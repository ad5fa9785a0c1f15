// Somebody lowers a limit as `runc update` does, by plain writes of period and quota, while our burst and our leases are
// there: half the limit is never refused, less at most once.
//   HEADROOM_DECREASES   how often, each
#include "tests/live/foreign_fixture.hpp"

namespace headroom::live {
namespace {

class ForeignDecrease : public ForeignTest {
 protected:
  static constexpr int kSide = 20, kLimit = 4000;  // groups side by side; us in 100 ms: together less than two CPUs

  /// period, then quota; v2 has them in one file. 0 or errno
  static int lower(const ScratchGroup& group, int quota_us) {
    if (!on_v2())
      if (const int error = foreign_write(group.file(CpuFile::period), std::to_string(Node::kPeriod)); error != 0) return error;
    return foreign_write(group.file(CpuFile::quota), Node::quota_text(quota_us));
  }
  static bool has_burst(const Node& node, int i) { return !node.kept(node.container(i), CpuFile::burst).is_original(); }

  /// Lowers `groups` fresh containers, half of them with a lease out.
  /// @return how many were refused at first, and at the second time 200 ms later
  std::pair<int, int> batch(int groups, int quota_us, const char* kind) {
    Node node("decrease", groups, kLimit);
    node.burst(milliseconds{60}, milliseconds{100});
    Daemon daemon(files_, node, hooked("file"));
    std::vector<int> again;
    int refused_twice = 0;
    for (const int i : shuffled(groups)) {
      const auto ready = [&] { return has_burst(node, i) && (i % 2 == 0 || leased(node, i)); };
      if (!eventually(ready, patience())) ADD_FAILURE() << "no burst on " << i << "\n" << daemon.log();
      rest(nanoseconds{drawn(0, 25'000'000)});
      if (lower(node.container(i), quota_us + i) != 0) again.push_back(i);
      if (again.empty() || again.back() != i) continue;
      rest(milliseconds{on_v2() ? 2000 : 200});
      if (lower(node.container(i), quota_us + i) != 0) ++refused_twice;
    }
    rest(milliseconds{on_v2() ? 2000 : 300});
    std::vector<Spoken> all;
    for (int i = 0; i < groups; ++i) all.push_back({i, Node::quota_text(quota_us + i), false});
    ask(node, daemon, all);
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.reap(), 0);
    Verdicts sum;
    for (const Spoken& s : all) judge(node, daemon, s, kind, sum);
    return {static_cast<int>(again.size()), refused_twice};
  }
  std::pair<int, int> all(int count, int quota_us, const char* kind) {
    std::pair<int, int> sum;
    for (int left = count; left > 0; left -= kSide) {
      const auto [once, twice] = batch(std::min(left, kSide), quota_us, kind);
      sum.first += once, sum.second += twice;
    }
    fmt::print("[ measured ] {} decreases to {} of {} us: {} refused at first, {} again 200 ms later\n", count, quota_us, kLimit,
               sum.first, sum.second);
    sample(fmt::format("decrease {} {} {} {}", kind, count, sum.first, sum.second));
    return sum;
  }
};

TEST_F(ForeignDecrease, ToHalfTheLimitIsNeverRefused) {
  EXPECT_EQ(all(count_of("HEADROOM_DECREASES", on_v2() ? 4 : 10), kLimit / 2, "half").first, 0);
}

TEST_F(ForeignDecrease, DeeperIsRefusedAtMostOnce) {
  EXPECT_EQ(all(count_of("HEADROOM_DECREASES", on_v2() ? 4 : 10), kLimit / 4, "quarter").second, 0);
}

}  // namespace
}  // namespace headroom::live
