// Anything at any time: limits and weights rewritten, groups and threads that come, stop and go. The laws hold.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/lab/sim/bed.hpp"

namespace headroom::lab::sim {
namespace {

class Chaos {
 public:
  Chaos(int cpus, std::uint64_t seed) : bed_(cpus, seed % 2 == 0 ? Version::v1 : Version::v2, seed), random_(seed), cpus_(cpus) {
    groups_.push_back(kRoot);
  }

  void one_step() {
    bed_.pass(microseconds{static_cast<int>(draw(7'000))});
    switch (draw(8)) {
      case 0: return grow();
      case 1: return start_load();
      case 2: return write_limit();
      case 3: (void)bed_.kernel.write_shares(some_group(), Shares{1 + draw(10'000)}); return;
      case 4: if (bed_.loads.size() > 0) bed_.loads.pause(some_load()); return;
      case 5: if (bed_.loads.size() > 0) bed_.loads.resume(some_load()); return;
      case 6: if (draw(3) == 0 && bed_.loads.size() > 0) bed_.loads.kill(some_load()); return;
      default: if (draw(6) == 0) bed_.kernel.remove(some_group()); return;
    }
  }

  void check() {
    const auto& k = bed_.kernel;
    const nanoseconds passed{k.now() - ns(k.machine().start)};
    EXPECT_LE(k.usage(kRoot), cpus_ * passed);
    EXPECT_LE(k.waited(kRoot), passed);
    for (const GroupId g : groups_) {
      if (!k.alive(g)) continue;
      EXPECT_GE(k.usage(g), nanoseconds{0});
      EXPECT_LE(k.throttle(g).throttled_periods, k.throttle(g).periods);
      EXPECT_LE(k.throttle(g).throttled_time, cpus_ * passed);
      nanoseconds below{0};
      for (const GroupId child : k.children(g)) below += k.usage(child);
      EXPECT_GE(k.usage(g), below);
    }
  }

  std::int64_t print() const { return bed_.kernel.usage(kRoot).count() ^ bed_.kernel.waited(kRoot).count(); }

 private:
  std::uint64_t draw(std::uint64_t below) { return random_.next() % below; }
  GroupId some_group() { return groups_[draw(groups_.size())]; }
  Loads::Id some_load() { return static_cast<Loads::Id>(draw(bed_.loads.size())); }

  void grow() {
    const GroupId parent = some_group();
    if (bed_.kernel.alive(parent)) groups_.push_back(bed_.kernel.make(parent));
  }
  void start_load() {
    const GroupId group = some_group();
    if (!bed_.kernel.alive(group)) return;
    Load load;
    load.kind = static_cast<LoadKind>(draw(5));
    load.threads = 1 + static_cast<int>(draw(4));
    load.cpu = microseconds{100 + draw(50'000)};
    load.pause = microseconds{1 + draw(50'000)};
    load.rate = 50;
    const auto id = bed_.loads.add(group, load, draw(1000), draw(4) == 0 ? Urgency::urgent : Urgency::ordinary,
                                   draw(4) == 0 ? static_cast<int>(draw(cpus_)) : -1);
    bed_.loads.begin(id, bed_.kernel.now(), kNever);
  }
  void write_limit() {
    LimitWrite write;
    if (draw(3) == 0) write.quota = std::optional<microseconds>{};
    else if (draw(3) > 0) write.quota = microseconds{1000 + draw(100'000)};
    if (draw(4) == 0) write.period = microseconds{1000 + draw(200'000)};
    if (draw(3) == 0) write.burst = microseconds{draw(20'000)};
    (void)bed_.kernel.write_limit(some_group(), write);
  }

  Bed bed_;
  Random random_;
  int cpus_;
  std::vector<GroupId> groups_;
};

TEST(SimChaos, TheLawsHoldWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Chaos chaos(1 + static_cast<int>(seed % 4), seed);
    for (int i = 0; i < 1500; ++i) {
      chaos.one_step();
      if (i % 100 == 0) chaos.check();
    }
    chaos.check();
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

TEST(SimChaos, AndTheSameSeedGivesTheSame) {
  Chaos a(3, 9), b(3, 9);
  for (int i = 0; i < 1500; ++i) {
    a.one_step();
    b.one_step();
  }
  EXPECT_EQ(a.print(), b.print());
}

}  // namespace
}  // namespace headroom::lab::sim
