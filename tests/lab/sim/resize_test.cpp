// In-place resizes while something is lent in the pod, by a kubelet that writes as the recorded one does
// (kubernetes/recorded/trace-resize.txt): wherever the kernel refuses it because of us, the pod ends at its spec all the same.
#include <gtest/gtest.h>

#include <optional>

#include "lab/random.hpp"
#include "tests/lab/sim/engine_bed.hpp"
#include "workloads/identity.hpp"

namespace headroom::lab::sim {
namespace {

constexpr microseconds kPeriod{100'000};
constexpr const char* kPod = "kubepods/burstable/pod57e90000-0000-4000-8000-000000000001";

enum class Spec { is_told, is_unknown };

/// A pod of two steps that want more than they have, a daemon, and a kubelet.
class Resizes {
 public:
  Resizes(Version version, Spec spec, std::uint64_t seed)
      : random_(seed), spec_(spec), node_({.cpus = 2, .version = version, .seed = seed}),
        engine_{ModelState(ModelParams{}), {}, {}, {}, {}, {}, {}, {}, {}} {
    (void)made("kubepods"), (void)made("kubepods/burstable");
    pod_ = made(kPod);
    for (std::size_t i = 0; i < 2; ++i) steps_[i] = made(std::string(kPod) + "/" + std::string(64, i == 0 ? 'a' : 'b'));
    for (const Slot slot : {pod_, steps_[0], steps_[1]}) EXPECT_TRUE(node_.kernel().write_limit(slot, {quota_of(slot), kPeriod, {}}));
    if (spec_ == Spec::is_told) node_.tell_limit(pod_, FiniteLimit{quota_of(pod_), kPeriod});
    for (const Slot step : steps_) {
      Load load;
      load.kind = LoadKind::burst;
      load.threads = 2;
      load.cpu = milliseconds{150};
      load.pause = milliseconds{700};
      const auto id = node_.loads().add(step, load, random_.next());
      node_.loads().begin(id, ns(node_.now()), ns(node_.now() + seconds{3600}));
    }
    begin_daemon();
    node_.set_lateness(milliseconds{8 * (seed % 3)});   // a daemon that is never late is never in the way
  }

  /// One resize of one step, to anything; ends when kubelet takes it for done.
  void resize() {
    const std::size_t which = random_.next() % 2;
    want_[which] = microseconds{10'000 + static_cast<std::int64_t>(random_.next() % 9) * 10'000};
    done_ = false;
    const Slot step = steps_[which];
    // The order is decided by what the pod's file holds, which during a lease is ours.
    const bool down = quota_of(pod_) < node_.bandwidth(pod_).quota;
    const nanoseconds gap = milliseconds{3 + static_cast<std::int64_t>(random_.next() % (random_.next() % 2 == 0 ? 8 : 98))};
    const nanoseconds told = milliseconds{static_cast<std::int64_t>(random_.next() % 900)};
    if (spec_ == Spec::is_told) node_.at(node_.now() + told, [this] { node_.tell_limit(pod_, FiniteLimit{quota_of(pod_), kPeriod}); });
    known_at_ = node_.now() + told;
    if (down) {
      write_step(step, node_.now() + milliseconds{60}, [this, gap] { write_pod(node_.now() + gap, [this] { done_ = true; }); });
    } else {
      write_pod(node_.now() + milliseconds{60}, [this, step, gap] { write_step(step, node_.now() + gap, [this] { done_ = true; }); });
    }
    run([this] { return done_; });
  }

  void rest() { run_until(node_.now() + milliseconds{800 + static_cast<std::int64_t>(random_.next() % 1500)}); }

  /// What is not as the spec has it, once nothing is lent any more.
  int wrong() {
    run_until(node_.now() + milliseconds{1500});
    engine_.rails.off = true;
    run_until(node_.now() + seconds{1});
    int wrong = 0;
    for (const Slot slot : {pod_, steps_[0], steps_[1]}) wrong += node_.bandwidth(slot) == Bandwidth{quota_of(slot), kPeriod, {}} ? 0 : 1;
    return wrong;
  }

  int refused = 0, late = 0;   ///< of the pod's writes; of those, put right later than a second after it could be known
  int lent = 0;                ///< ticks with anything raised

 private:
  Slot made(const std::string& path) { return node_.add({path, identify(path), step_rule()}).value(); }
  void begin_daemon() {
    arm(engine_, node_);
    run_until(node_.now() + seconds{3});
  }

  microseconds quota_of(Slot slot) const { return slot == pod_ ? want_[0] + want_[1] : want_[slot == steps_[0] ? 0 : 1]; }
  std::string text(Slot slot) const {
    const auto quota = std::to_string(quota_of(slot).count());
    return node_.catalog().v2 ? quota + " 100000" : quota;
  }
  /// Tried again about each second until it goes through.
  void write_step(Slot step, TimePoint at, std::function<void()> then) {
    node_.at(at, [this, step, then = std::move(then)] {
      if (node_.foreign_write({step, File::quota, text(step)})) return then();
      write_step(step, node_.now() + seconds{1}, then);
    });
  }
  /// Tried once, and then the resize counts as completed.
  void write_pod(TimePoint at, std::function<void()> then) {
    node_.at(at, [this, then = std::move(then)] {
      if (!node_.foreign_write({pod_, File::quota, text(pod_)})) {
        ++refused;
        const TimePoint due = std::max(known_at_, node_.now()) + seconds{1};
        node_.at(due, [this, want = quota_of(pod_)] { late += base_ != want && quota_of(pod_) == want ? 1 : 0; });
      }
      then();
    });
  }

  void run(const std::function<bool()>& over) {
    for (int i = 0; i < 100'000 && !over(); ++i) step_to(node_.now() + milliseconds{200});
    EXPECT_TRUE(over()) << "kubelet has tried for hours";
  }
  void run_until(TimePoint until) {
    while (node_.now() < until) step_to(until);
  }
  void step_to(TimePoint until) {
    if (engine_.reads.wake > until && node_.wait_until(until) == SimNode::Heard::nothing) return;
    const auto result = tick(node_, node_, engine_);
    const Ownership& own = result.snapshot.groups[pod_].own;
    if (own.base && own.base->quota) base_ = *own.base->quota;
    lent += own.in_force && own.base && own.in_force->quota > own.base->quota ? 1 : 0;
  }

  Random random_;
  Spec spec_;
  SimNode node_;
  Engine engine_;
  Slot pod_ = kNoSlot, steps_[2] = {kNoSlot, kNoSlot};
  microseconds want_[2] = {microseconds{50'000}, microseconds{40'000}}, base_{0};
  bool done_ = true;
  TimePoint known_at_;
};

struct Count {
  int wrong = 0, refused = 0, late = 0, lent = 0;
};

Count sequences(Version version, Spec spec, int how_many) {
  Count all;
  for (int i = 0; i < how_many; ++i) {
    Resizes one(version, spec, 1000 + static_cast<std::uint64_t>(i));
    for (int n = 0; n < 4; ++n) {
      one.resize();
      one.rest();
    }
    all.wrong += one.wrong() != 0 ? 1 : 0;
    all.refused += one.refused;
    all.late += one.late;
    all.lent += one.lent;
  }
  return all;
}

TEST(Resizes, EndAtTheSpecInTwoHundredOfTwoHundredSequences) {
  const Count v1 = sequences(Version::v1, Spec::is_told, 200);
  EXPECT_EQ(v1.wrong, 0);
  EXPECT_EQ(v1.late, 0) << "put right within a second";
  EXPECT_GT(v1.refused, 5) << "else nothing was tried";
  EXPECT_GT(v1.lent, 2000);
}

TEST(Resizes, EndAtTheSpecOnV2Too) {
  const Count v2 = sequences(Version::v2, Spec::is_told, 30);
  EXPECT_EQ(v2.wrong, 0);
  EXPECT_GT(v2.lent, 300);
}

/// Nobody can know there what kubelet wanted: what is refused stays so until its next resize (it is reported).
TEST(Resizes, WithoutASourceWhatWasRefusedStays) {
  const Count v1 = sequences(Version::v1, Spec::is_unknown, 40);
  EXPECT_GT(v1.late, v1.refused / 2);
}

}  // namespace
}  // namespace headroom::lab::sim
