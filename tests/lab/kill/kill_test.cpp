// The daemon is killed after every write, and between what it notes and what it writes, of thousands of plans: the real
// planner, sink, ledger and restore on a simulated node. Every time every file has the value its owner gave it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "agent/kernel_sink.hpp"
#include "cgroups/ledger/ledger.hpp"
#include "lab/random.hpp"
#include "policies/policy.hpp"
#include "tests/lab/kill/disk.hpp"
#include "workloads/identity.hpp"

namespace headroom::lab {
namespace {

/// A node with a life of its own: pods come and go, work in bursts, and their owners write to them.
class Node {
 public:
  Node(sim::Version version, std::uint64_t seed) : node({.cpus = 2, .version = version, .seed = seed}), random_(seed) {
    for (const char* path : {"kubepods", "kubepods/burstable"})
      if (!node.add({path, identify(path), {}, false})) throw std::runtime_error(path);
    for (int i = 0; i < 5; ++i) pod();
    service();
  }

  sim::SimNode node;

  /// What somebody does now and then, between two ticks.
  void live() {
    if (draw(60) == 0 && pods_.size() < 8) pod();
    if (draw(150) == 0 && pods_.size() > 3) {
      const auto which = draw(pods_.size());
      for (const auto load : pods_[which].loads) node.loads().kill(load);
      node.remove(pods_[which].slot);
      pods_.erase(pods_.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (draw(80) == 0) somebody_writes();
  }

 private:
  struct Pod {
    Slot slot = kNoSlot;
    bool limited = true;
    microseconds first{0}, each{0};   ///< limits of its first container and of the others
    std::vector<Slot> containers;
    std::vector<sim::Loads::Id> loads;
  };

  std::uint64_t draw(std::uint64_t below) { return random_.next() % below; }

  Slot make(const std::string& path, const ClassRule& rule, const Bandwidth& limit, Shares weight) {
    const Slot slot = node.add({path, identify(path), rule, false}).value();
    if (!node.kernel().write_shares(slot, weight) || !node.kernel().write_limit(slot, {limit.quota, limit.period, {}}))
      throw std::runtime_error(path);
    return slot;
  }

  void pod() {
    char uid[64], id[80];
    std::snprintf(uid, sizeof uid, "aaaaaaaa-0000-4000-a000-%012x", static_cast<unsigned>(++made_));
    const std::string path = std::string("kubepods/burstable/pod") + uid;
    const ClassRule step{"step", QosClass::step, BorrowRule{}, WeightRule::automatic};
    const int containers = 1 + static_cast<int>(draw(2));
    const microseconds each{5'000 + draw(40'000)};
    const std::optional<microseconds> whole = draw(6) == 0 ? std::nullopt : std::optional{each * containers};
    Pod out;
    out.limited = whole.has_value();
    out.first = out.each = each;
    out.slot = make(path, {}, {whole, microseconds{100'000}, {}}, Shares{102});
    for (int i = 0; i < containers; ++i) {
      std::snprintf(id, sizeof id, "%064x", static_cast<unsigned>(made_ * 16 + static_cast<std::uint64_t>(i)));
      out.containers.push_back(make(path + "/" + id, step, {each, microseconds{100'000}, {}}, Shares{51}));
      Load load;
      load.kind = LoadKind::burst;
      load.threads = 1 + static_cast<int>(draw(3));
      load.cpu = milliseconds{10 + draw(120)};
      load.pause = milliseconds{30 + draw(700)};
      out.loads.push_back(node.loads().add(out.containers.back(), load, draw(1000)));
      node.loads().begin(out.loads.back(), sim::ns(node.now()), sim::kNever);
    }
    pods_.push_back(std::move(out));
  }

  void service() {
    const std::string path = "kubepods/burstable/podbbbbbbbb-0000-4000-a000-000000000001";
    make(path, {}, {std::nullopt, microseconds{100'000}, {}}, Shares{205});
    Load load;
    load.kind = LoadKind::request;
    load.cpu = microseconds{500};
    load.rate = 100;
    const auto id = node.loads().add(make(path + "/" + std::string(64, 'b'), {}, {}, Shares{205}), load, 1);
    node.loads().begin(id, sim::ns(node.now()), sim::kNever);
  }

  /// A resize as kubelet makes it: upwards the pod first, downwards the container, some milliseconds apart. Now and then
  /// a weight.
  void somebody_writes() {
    Pod& pod = pods_[draw(pods_.size())];
    if (draw(3) == 0) return write(pod.containers.front(), sim::File::shares, std::to_string(3 + draw(400)));
    const microseconds limit{6'003 + 10 * draw(3'000)};   // no limit of ours ends in 3
    const auto container = [this, slot = pod.containers.front(), limit] { write(slot, sim::File::quota, quota_text(limit)); };
    const auto whole = [this, slot = pod.slot, sum = limit + pod.each * static_cast<int>(pod.containers.size() - 1), limited = pod.limited] {
      if (limited) write(slot, sim::File::quota, quota_text(sum));
    };
    const TimePoint later = node.now() + milliseconds{3 + draw(50)};
    const bool up = limit > pod.first;
    pod.first = limit;
    if (up) whole();
    else container();
    node.at(later, up ? std::function<void()>(container) : std::function<void()>(whole));
  }
  void write(Slot slot, sim::File file, const std::string& text) { (void)node.foreign_write({slot, file, text}); }
  std::string quota_text(microseconds quota) const {
    return std::to_string(quota.count()) + (node.catalog().v2 ? " 100000" : "");
  }

  Random random_;
  std::uint64_t made_ = 0;
  std::vector<Pod> pods_;
};

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
  Node life_;
  Disk disk_;
  OwnWrites own_;
  ledger::Ledger book_;
  KernelSink sink_;
  Engine engine_;
  Disk::Texts owners_, lent_;
  Count count_;
};

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
  const Count count = killed(GetParam(), ours ? 1000 : 50);
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
