// The daemon is killed after every write, and between what it notes and what it writes, of thousands of plans: the real
// planner, sink, ledger and restore on a simulated node. Every time every file has the value its owner gave it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "agent/kernel_sink.hpp"
#include "cgroups/ledger/ledger.hpp"
#include "policies/policy.hpp"
#include "tests/lab/kill/busy_node.hpp"
#include "tests/lab/kill/disk.hpp"

namespace headroom::lab {
namespace {

struct Count {
  int plans = 0, kills = 0, put_back = 0;
  Count& operator+=(const Count& other) {
    plans += other.plans;
    kills += other.kills;
    put_back += other.put_back;
    return *this;
  }
};

/// The daemon on that node: everything but the reading is its own code.
class Daemon final : public Source, public Sink {
 public:
  Daemon(sim::Version version, const std::string& policy, std::uint64_t seed)
      : life_(version, seed), disk_(life_.node), sink_(disk_, &book_, own_, disk_.where(), monotonic_zero),
        engine_{ModelState(ModelParams{}), {}, {}, {}, {}, {}, {}, {}, {}} {
    EXPECT_EQ(book_.open(disk_.run_dir().c_str()), ledger::Status::ok);
    book_.set_v2(disk_.where().v2);
    Faults faults;
    engine_.policy = make_policy(policy, {}, faults);
    engine_.model.params.judge = Judge::pressure;
    engine_.rails.can.v2 = disk_.where().v2;
    engine_.rails.can.parent_child_rule = !disk_.where().v2;
    engine_.rails.node_cores = MilliCpu{2000};
    engine_.rails.guard_up = engine_.rails.may_write = true;
    engine_.reads.wake = life_.node.now();
    engine_.reads.node_usage = engine_.reads.node_cpus = engine_.reads.node_pressure = engine_.reads.rescan = true;
    owners_ = disk_.texts();
    running = this;
    set_sink_hook([](SinkStage stage) { running->reached(stage); });
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() override {
    set_sink_hook(nullptr);
    book_.close();
  }

  void run(nanoseconds length) {
    for (const TimePoint end = life_.node.now() + length; life_.node.now() < end && !testing::Test::HasFailure();) {
      life_.live();
      note_owners();
      (void)tick(*this, *this, engine_);
    }
  }
  /// Lending ends as it does at SIGTERM.
  void stop() {
    engine_.rails.off = true;
    engine_.reads.wake = life_.node.now();
    for (const TimePoint end = life_.node.now() + seconds{2}; life_.node.now() < end;) (void)tick(*this, *this, engine_);
    EXPECT_EQ(differences(), "");
    EXPECT_TRUE(book_.empty());
  }
  const Count& count() const { return count_; }

  Sample observe(const ReadPlan& reads) override {
    own_.written.clear();
    Sample sample = life_.node.observe(reads);
    disk_.follow();
    note_owners();
    for (const auto& event : sample.events) {
      for (const auto file : {sim::File::quota, sim::File::period, sim::File::burst, sim::File::shares}) {
        if (event_file(file) != event.file || !owners_.contains({event.slot, file})) continue;
        own_.foreign.push_back({event.slot, event.group_id, static_cast<CpuFile>(file), read_file(life_.node.kernel(), event.slot, file)});
      }
    }
    return sample;
  }
  const Catalog& catalog() const override { return disk_.catalog(); }

  std::vector<Outcome> apply(const Plan& plan, const Catalog& catalog) override {
    if (!plan.writes.empty()) ++count_.plans;
    lent_ = disk_.texts();
    return sink_.apply(plan, catalog);
  }

 private:
  static TimePoint monotonic_zero() { return {}; }

  /// Only owners write between two ticks: what a file holds that we did not leave there is theirs.
  void note_owners() {
    disk_.follow();
    auto now = disk_.texts();
    for (const auto& [file, text] : now) {
      const auto ours = lent_.find(file);
      if (ours == lent_.end() || ours->second != text) owners_[file] = text;
    }
    std::erase_if(owners_, [&](const auto& o) { return !now.contains(o.first); });
    lent_ = std::move(now);
  }

  std::string differences() const {
    std::string out;
    for (const auto& [file, text] : disk_.texts()) {
      if (owners_.at(file) == text) continue;
      out += catalog().find(file.slot)->path + " " + file_name(file.file, catalog().v2 ? sim::Version::v2 : sim::Version::v1) + ": " +
             text + ", its owner gave it " + owners_.at(file) + "\n";
    }
    return out;
  }

  /// As the guard does when the daemon is no more: the ledger is what the kill left. Then time is turned back. (At the
  /// other stages ledger and files are what they are at one of these.)
  void reached(SinkStage stage) {
    if (testing::Test::HasFailure() || (stage != SinkStage::after_intend && stage != SinkStage::after_write)) return;
    const auto before = disk_.texts();
    ++count_.kills;
    const auto result = ledger::restore(disk_.run_dir().c_str(), false);
    count_.put_back += static_cast<int>(result.restored);
    EXPECT_EQ(result.failed, 0U);
    EXPECT_EQ(differences(), "") << engine_.policy->name() << ", stage " << static_cast<int>(stage) << ", plan " << count_.plans;
    EXPECT_TRUE(disk_.put(before));
    if (stage == SinkStage::after_write) lent_ = before;
  }

  inline static Daemon* running = nullptr;
  BusyNode life_;
  Disk disk_;
  OwnWrites own_;
  ledger::Ledger book_;
  KernelSink sink_;
  Engine engine_;
  Disk::Texts owners_, lent_;
  Count count_;
};

#ifdef __clang__
constexpr int kPlans = 100;    // the sanitizer stages: ten times as slow, and about memory
#else
constexpr int kPlans = 1000;
#endif

Count killed(const std::string& policy, int least) {
  Count out;
  for (std::uint64_t seed = 1; out.plans < least && seed <= 40 && !testing::Test::HasFailure(); ++seed) {
    Daemon daemon(seed % 3 == 0 ? sim::Version::v2 : sim::Version::v1, policy, seed);
    daemon.run(seconds{30});
    daemon.stop();
    out += daemon.count();
  }
  EXPECT_GE(out.plans, least) << policy;
  EXPECT_GT(out.put_back, out.plans / 2) << policy << ": there was something to put back";
  return out;
}

class KilledAfterEveryWrite : public testing::TestWithParam<std::string> {};

TEST_P(KilledAfterEveryWrite, NothingStays) {
  const bool ours = GetParam() == "headroom";
  const Count count = killed(GetParam(), ours ? kPlans : kPlans / 20);
  RecordProperty("plans", count.plans);
  RecordProperty("kills", count.kills);
  std::printf("%s: killed %d times in %d plans, %d files put back\n", GetParam().c_str(), count.kills, count.plans, count.put_back);
}

std::vector<std::string> writers() {
  std::vector<std::string> out;
  for (const auto use : {PolicyUse::production, PolicyUse::lab})
    for (const auto name : policy_names(use))
      if (name != "static") out.emplace_back(name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Policies, KilledAfterEveryWrite, testing::ValuesIn(writers()), [](const auto& policy) { return policy.param; });

}  // namespace
}  // namespace headroom::lab
