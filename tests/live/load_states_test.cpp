// The node's load states under real load: a curve driven through real cgroups by the whole engine, recorded on the way
// and fed to the model again.
#include <random>

#include "agent/enforcement.hpp"
#include "tests/live/behave_fixture.hpp"

namespace headroom::live {
namespace {

constexpr std::int64_t kQuota = 50'000;

const char* name(LoadState state) {
  switch (state) {
    case LoadState::idle: return "idle";
    case LoadState::normal: return "normal";
    case LoadState::cooling: return "cooling";
    case LoadState::overload: return "overload";
    case LoadState::unknown: return "unknown";
  }
  return "?";
}
using Path = std::vector<LoadState>;
std::string text(const Path& path) {
  std::string out;
  for (const LoadState s : path) out += (out.empty() ? "" : " -> ") + std::string(name(s));
  return out;
}
/// States in order, without repetition, from the first that is known.
void step_on(Path& path, LoadState state) {
  if (state != LoadState::unknown && (path.empty() || path.back() != state)) path.push_back(state);
}

/// What the kernel's source says, kept.
class Recorder final : public Source {
 public:
  explicit Recorder(Source& inner) : inner_(inner) {}
  Sample observe(const ReadPlan& reads) override {
    samples.push_back(inner_.observe(reads));
    catalogs.push_back(inner_.catalog());
    return samples.back();
  }
  const Catalog& catalog() const override { return inner_.catalog(); }
  std::vector<Sample> samples;
  std::vector<Catalog> catalogs;

 private:
  Source& inner_;
};

class LoadStatesTest : public BehaveTest {
 protected:
  ScratchGroup &step = pod_of_one(1, kQuota), &neighbour = container(pod(9), 9);
  ledger::Ledger book;
  std::unique_ptr<KernelSink> sink;
  std::unique_ptr<Recorder> record;
  ModelParams model;
  std::optional<Engine> engine;
  Path path;
  int ticks_of_taking_back = -1;   ///< from the first tick in overload; 1: by that tick's plan or before

  void SetUp() override {
    ASSERT_EQ(book.open((dir / "").c_str()), ledger::Status::ok);
    book.set_v2(on_v2());
    model.steal_permille = 1000;   // nobody else decides
    weight(root, 10'240, 1000);
    ClassConfig steps;
    steps.rule.name = "step";
    steps.rule.borrow = BorrowRule{};
    steps.rule.borrow->start = seconds{0};
    steps.rule.borrow->visibility = Visibility::file;
    steps.match.emplace_back().path = {"kubepods/burstable/pod" + uid(1) + "/*"};
    KernelSourceOptions options;
    options.where = where();
    options.where.top = root.in(on_v2() ? host().cpu : host().cpuacct);  // the node is what is below: nobody else decides
    options.rules.classes = {steps};
    options.judge = Judge::none;
    options.clock = monotonic_now;
    source = must(KernelSource::create(std::move(options)));
    record = std::make_unique<Recorder>(*source);
    sink = std::make_unique<KernelSink>(*source, &book, source->own_writes(), where(), monotonic_now);
    Node tuning;
    tuning.values["hold"] = {"10000", "test"};  // a lease is out when the neighbour wakes, though its step pauses
    if (!timed()) tuning.values["punctuality"] = {"1000", "test"};  // an emulated guest is late all the time
    Faults none;
    engine.emplace(Engine{ModelState(model), make_policy("headroom", tuning, none), {}, {}, {}, {}, {}, {}, {}});
    engine->rails.can = assumed_capabilities(source->where());
    engine->rails.node_cores = MilliCpu{1000LL * source->catalog().cpus};
    engine->rails.guard_up = engine->rails.may_write = true;
    engine->reads.node_usage = engine->reads.node_cpus = engine->reads.rescan = true;
  }
  void TearDown() override { book.close(); }

  void one_tick() {
    auto outcomes = engine->outcomes;
    const TickResult result = tick(*record, *sink, *engine);
    record->samples.back().outcomes = std::move(outcomes);
    const LoadState state = result.snapshot.node.state;
    step_on(path, state);
    if (state == LoadState::overload && ticks_of_taking_back < 0) {
      overload_ticks_ += 1;
      if (!lent(step, kQuota) && value(pod_at(1), CpuFile::quota) == quota_text(kQuota))
        ticks_of_taking_back = overload_ticks_;
    }
  }
  /// Until the state is reached; false after `patience`.
  bool reaches(LoadState wanted, milliseconds patience) {
    return eventually([&] {
      one_tick();
      rest(std::clamp<nanoseconds>(engine->reads.wake - monotonic_now(), milliseconds{1}, milliseconds{50}));
      return !path.empty() && path.back() == wanted;
    }, patience);
  }
  /// Recorded for longer: states are entered after some time at a level, and a curve that ends in the moment of entry has
  /// no room for a reading of +-2 %.
  void goes_on(milliseconds how_long) {
    eventually([&] {
      one_tick();
      rest(std::clamp<nanoseconds>(engine->reads.wake - monotonic_now(), milliseconds{1}, milliseconds{50}));
      return false;
    }, how_long);
  }
  bool borrows() {
    const Worker burst(step);
    burst.begin({.threads = 3, .work = milliseconds{200}});
    return eventually([&] {
      one_tick();
      rest(milliseconds{5});
      return lent(step, kQuota);
    });
  }
  /// The recorded samples, each counter's growth changed by up to `percent`, through a fresh model.
  Path again(int percent, unsigned seed) const {
    ModelState state(model);
    std::mt19937 random{seed};
    std::map<Slot, std::pair<nanoseconds, nanoseconds>> counters;  // as recorded, as told
    const auto tell = [&](Slot slot, nanoseconds& usage) {
      const auto [found, first] = counters.try_emplace(slot, usage, usage);
      auto& [before, told] = found->second;
      const std::int64_t by = 1000 + (percent == 0 ? 0 : static_cast<std::int64_t>(random() % (20 * percent + 1)) - 10 * percent);
      if (!first) told += (usage - before) / 1000 * by;
      before = usage;
      usage = told;
    };
    Path out;
    for (std::size_t i = 0; i < record->samples.size(); ++i) {
      Sample sample = record->samples[i];
      for (Reading& r : sample.readings)
        if (r.usage) tell(r.slot, *r.usage);
      if (sample.node && sample.node->usage) tell(kNoSlot, *sample.node->usage);
      step_on(out, advance(state, sample, record->catalogs[i]).node.state);
    }
    return out;
  }

 private:
  int overload_ticks_ = 0;
};

TEST_F(LoadStatesTest, ARealCurvePassesThroughThemInOrderAndOverloadTakesEverythingBackInOneTick) {
  const milliseconds patience = timed() ? milliseconds{12'000} : milliseconds{60'000};
  const Pulse light{.threads = 1, .busy = milliseconds{20}, .every = milliseconds{40}};
  Path wanted{LoadState::normal};
  ASSERT_TRUE(reaches(LoadState::normal, patience)) << text(path);
  if (sized(false, true)) {
    ASSERT_TRUE(reaches(LoadState::idle, patience)) << text(path);
    wanted = {LoadState::normal, LoadState::idle, LoadState::normal};
  }
  {
    const Worker half(neighbour, light);
    ASSERT_TRUE(reaches(LoadState::normal, patience)) << text(path);
    ASSERT_TRUE(borrows());   // held for ten seconds, if nobody wants it back
    const Spinner all(neighbour, Load{.threads = 2, .cpu = -1, .work = nanoseconds{0}});
    ASSERT_TRUE(reaches(LoadState::overload, patience)) << text(path);
    goes_on(seconds{1});
  }
  EXPECT_EQ(ticks_of_taking_back, 1);
  {
    const Worker half(neighbour, light);
    ASSERT_TRUE(reaches(LoadState::cooling, patience)) << text(path);
    ASSERT_TRUE(reaches(LoadState::normal, patience)) << text(path);
    goes_on(seconds{1});
  }
  ASSERT_TRUE(reaches(LoadState::idle, patience)) << text(path);
  goes_on(seconds{3});
  wanted.insert(wanted.end(), {LoadState::overload, LoadState::cooling, LoadState::normal, LoadState::idle});
  EXPECT_EQ(path, wanted) << text(path);
  EXPECT_EQ(again(0, 0), path) << "the model is a function of what was read";
  const int runs = sized(20, 200);
  for (int seed = 1; seed <= runs; ++seed) {
    const Path shaken = again(2, static_cast<unsigned>(seed));
    EXPECT_EQ(shaken, path) << "with +-2 %: " << text(shaken);
  }
  figure("| real load, " + std::to_string(record->samples.size()) + " ticks | " + text(path) + " |");
  figure("| a lease was out when the neighbour took every CPU; ticks from overload until everything was back | " + std::to_string(ticks_of_taking_back) + " |");
  figure("| the recorded curve again, every reading +-2 % | the same path in " + std::to_string(runs) + " of " +
         std::to_string(runs) + " |");
}

}  // namespace
}  // namespace headroom::live
