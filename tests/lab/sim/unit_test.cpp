// A systemd unit whose limit an administrator changes, and whose manager reloads, while something is lent to it. systemd writes
// once and takes it for done, whatever the kernel said (KERNEL 18): the file ends at the unit's own value all the same.
#include <gtest/gtest.h>

#include "lab/random.hpp"
#include "tests/lab/sim/engine_bed.hpp"
#include "workloads/identity.hpp"

namespace headroom::lab::sim {
namespace {

class Unit {
 public:
  Unit(Version version, std::uint64_t seed)
      : random_(seed), node_({.cpus = 2, .version = version, .seed = seed}), engine_{ModelState(ModelParams{}), {}, {}, {}, {}, {}, {}, {}, {}} {
    (void)made("dflow.slice", {});
    unit_ = made("dflow.slice/run-u1.scope", step_rule());
    EXPECT_TRUE(node_.kernel().write_limit(unit_, {own_.quota, own_.period, {}}));
    Load load;
    load.kind = LoadKind::burst;
    load.threads = 2;
    load.cpu = milliseconds{150};
    load.pause = milliseconds{700};
    const auto id = node_.loads().add(unit_, load, random_.next());
    node_.loads().begin(id, ns(node_.now()), ns(node_.now() + seconds{36'000}));
    arm(engine_, node_);
    run_for(seconds{3});
    node_.set_lateness(milliseconds{8 * (seed % 3)});
  }

  /// `systemctl set-property CPUQuota= CPUQuotaPeriodSec=`
  void set_property() {
    own_ = any_limit();
    write(false);
    run_for(milliseconds{100 + static_cast<std::int64_t>(random_.next() % 2000)});
  }
  /// Twenty times `systemctl daemon-reload`; from time to time somebody has edited the unit's file before.
  void reload() {
    for (int i = 0; i < 20; ++i) {
      if (random_.next() % 8 == 0) own_ = any_limit();
      const TimePoint at = node_.now();
      write(true);
      run_for(seconds{1});
      EXPECT_TRUE(is_right_) << "a second after the reload the value is neither its owner's nor a lease on it";
      run_for(milliseconds{static_cast<std::int64_t>(random_.next() % 500)});
      EXPECT_LT(at, node_.now());
    }
  }
  void rest() { run_for(seconds{70}); }   // else two new limits in a minute mean hands off, and nothing is lent

  bool hands_off() const { return hands_off_; }
  bool ends_at_its_own() {
    engine_.rails.off = true;
    run_for(seconds{2});
    return node_.bandwidth(unit_) == Bandwidth{own_.quota, own_.period, {}};
  }
  int lent = 0, refused = 0;

 private:
  Slot made(const std::string& path, const ClassRule& rule) { return node_.add({path, identify(path), rule}).value(); }
  /// From 10 % to 90 % of a CPU, over one of systemd's periods; over the usual one where they are two files, of which the kernel
  /// may refuse one and take the other: then there is nothing to tell a new base from.
  FiniteLimit any_limit() {
    constexpr milliseconds kPeriods[] = {milliseconds{100}, milliseconds{20}, milliseconds{50}, milliseconds{200}};
    const microseconds period = kPeriods[node_.catalog().v2 ? random_.next() % std::size(kPeriods) : 0];
    return {period * (1 + static_cast<std::int64_t>(random_.next() % 9)) / 10, period};
  }
  /// On v1 in two files, the period first. What was said before no longer counts; what was refused, the daemon asks for.
  void write(bool reload) {
    node_.tell_limit(unit_, std::nullopt);
    const std::string quota = std::to_string(own_.quota.count()), period = std::to_string(own_.period.count());
    const bool v2 = node_.catalog().v2;
    const bool first = v2 || node_.foreign_write({unit_, File::period, period, reload});
    const bool taken = node_.foreign_write({unit_, File::quota, v2 ? quota + " " + period : quota, reload}) && first;
    if (taken) return;
    ++refused;
    const milliseconds answer{1 + static_cast<std::int64_t>(random_.next() % 50)};
    node_.at(node_.now() + answer, [this, own = own_] { if (own == own_) node_.tell_limit(unit_, own); });
  }
  void run_for(nanoseconds time) {
    const TimePoint until = node_.now() + time;
    while (node_.now() < until) {
      if (engine_.reads.wake > until && node_.wait_until(until) == SimNode::Heard::nothing) break;
      const auto result = tick(node_, node_, engine_);
      const Ownership& own = result.snapshot.groups[unit_].own;
      lent += own.in_force && own.base && own.in_force->quota > own.base->quota ? 1 : 0;
      hands_off_ = hands_off_ || own.hands_off_until != TimePoint{};
      is_right_ = own.base && finite(*own.base) == own_;
    }
  }

  Random random_;
  SimNode node_;
  Engine engine_;
  Slot unit_ = kNoSlot;
  FiniteLimit own_{microseconds{20'000}};
  bool hands_off_ = false, is_right_ = false;
};

#ifdef __clang__
constexpr int kSequences = 6;    // the sanitizer stages: twenty times as slow, and about memory
#else
constexpr int kSequences = 60;
#endif

struct Seen {
  int wrong = 0, lent = 0, refused = 0;
};

template <class What>
Seen sequences(Version version, What what) {
  Seen all;
  for (std::uint64_t seed = 1; seed <= kSequences; ++seed) {
    Unit unit(version, seed);
    what(unit);
    all.wrong += unit.ends_at_its_own() ? 0 : 1;
    all.lent += unit.lent;
    all.refused += unit.refused;
  }
  return all;
}

class Units : public testing::TestWithParam<Version> {};

TEST_P(Units, EndAtTheLimitThatAnAdministratorSet) {
  const Seen seen = sequences(GetParam(), [](Unit& unit) {
    for (int i = 0; i < 4; ++i) {
      unit.set_property();
      unit.rest();
    }
  });
  EXPECT_EQ(seen.wrong, 0);
  EXPECT_GT(seen.lent, 16 * kSequences);
  EXPECT_GT(seen.refused, kSequences / 3) << "else nothing was tried";
}

TEST_P(Units, TwentyReloadsAreNoDuel) {
  const Seen seen = sequences(GetParam(), [](Unit& unit) {
    unit.reload();
    EXPECT_FALSE(unit.hands_off());
  });
  EXPECT_EQ(seen.wrong, 0);
  EXPECT_GT(seen.lent, 16 * kSequences) << "it is lent to again after each";
}

INSTANTIATE_TEST_SUITE_P(On, Units, testing::Values(Version::v1, Version::v2),
                         [](const auto& of) { return std::string(of.param == Version::v1 ? "v1" : "v2"); });

}  // namespace
}  // namespace headroom::lab::sim
