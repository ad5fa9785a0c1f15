#include "agent/kernel_source.hpp"

#include "cgroups/types/text.hpp"

namespace headroom {
namespace {

constexpr std::uint8_t kSettings = kReadBandwidth | kReadShares;
constexpr std::uint8_t kEverything = kReadUsage | kReadThrottle | kSettings | kReadPopulated;
constexpr std::size_t kAhead = 2;
constexpr std::size_t kDirectoriesPerTick = 32;   ///< of a rescan: about 0.5 ms

/// Puts a result where it belongs. `gone` and `absent` are ordinary; the caller gets to know of the first.
template <class T>
bool put(Result<T>&& result, std::optional<T>& into, std::vector<Error>& faults) {
  if (result) {
    into = std::move(*result);
    return true;
  }
  if (result.error().code == Errc::gone) return false;
  if (result.error().code != Errc::absent) faults.push_back(std::move(result.error()));
  return true;
}

}  // namespace

KernelSource::KernelSource(KernelSourceOptions options, Watcher watcher)
    : clock_(options.clock),
      tree_(options.where, Classifier(std::move(options.rules), std::move(options.own), std::move(options.own_pod)), std::move(watcher)),
      fold_(options.where.v2),
      wait_(options.judge.value_or(Judge::none), options.where),
      node_(options.where) {}

Result<std::unique_ptr<KernelSource>> KernelSource::create(KernelSourceOptions options) {
  auto watcher = Watcher::create(options.where);
  if (!watcher) return tl::unexpected(watcher.error());
  const auto forced = options.judge;
  std::unique_ptr<KernelSource> source(new KernelSource(std::move(options), std::move(*watcher)));
  if (auto scanned = source->tree_.scan_all(source->clock_()); !scanned) return tl::unexpected(scanned.error());
  if (!forced) {
    const auto signals = look_for_signals(source->tree_.where(), source->catalog());
    source->wait_ = WaitReader(best_judge(signals), source->tree_.where());
  }
  return source;
}

std::optional<Bandwidth> KernelSource::last_bandwidth(Slot slot) const {
  const Group* group = catalog().find(slot);
  if (!group || slot >= last_.size() || last_[slot].id != group->id) return std::nullopt;
  return last_[slot].bandwidth;
}

KernelSource::Last& KernelSource::last(Slot slot, std::uint64_t id) {
  if (slot >= last_.size()) last_.resize(slot + 1);
  if (last_[slot].id != id) {
    last_[slot] = Last{id, {}, {}, {}};
    fold_.forget(slot);
  }
  return last_[slot];
}

/// What cannot be read at this tick cannot be read at the next one either: once is enough.
void KernelSource::fault(Sample& sample, const Error& error) {
  if (told_.news(error, clock_())) sample.faults.push_back(error);
}

Sample KernelSource::observe(const ReadPlan& reads) {
  Sample sample;
  const TimePoint begin = clock_();
  if (reads.wake != TimePoint{} && begin > reads.wake) sample.lateness = begin - reads.wake;
  if (!reads.quiet || !own_.written.empty() || !queued_.empty()) drain(sample);
  if (reads.rescan) tree_.begin_rescan();
  tree_.scan_some(kDirectoriesPerTick, begin);
  tree_.mend(begin);
  for (const Slot slot : tree_.take_gone()) wait_.forget(slot);
  for (const Slot slot : tree_.take_new()) want(slot, kEverything);
  for (const auto& request : reads.groups) want(request.slot, request.bits);
  read_wanted(sample);
  read_node(reads, sample);
  for (const auto& error : tree_.take_faults()) fault(sample, error);
  sample.at = clock_();   // not before any of the readings
  return sample;
}

void KernelSource::want(Slot slot, std::uint8_t bits) {
  if (!tree_.files(slot)) return;
  if (slot >= wanted_.size()) wanted_.resize(slot + 1);
  if (wanted_[slot] == 0) order_.push_back(slot);
  wanted_[slot] = static_cast<std::uint8_t>(wanted_[slot] | bits);
}

void KernelSource::read_wanted(Sample& sample) {
  sample.readings.reserve(order_.size());
  std::size_t failed = 0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const Slot slot = order_[i];
    // A large node's groups do not stay in the cache from one tick to the next, and a reading is long enough to fetch one.
    if (i + kAhead < order_.size()) tree_.fetch(order_[i + kAhead]);
    switch (read_group(slot, std::exchange(wanted_[slot], std::uint8_t{0}), sample)) {
      case Got::all: break;
      case Got::not_all: ++failed; break;
      case Got::group_is_gone: tree_.drop(slot); break;
    }
  }
  // One group is not the node: what it holds ends by itself when it has not been read for a second.
  if (order_.size() > 1 && failed == order_.size()) sample.failed = true;
  order_.clear();
}

KernelSource::Got KernelSource::read_group(Slot slot, std::uint8_t bits, Sample& sample) {
  GroupFiles* files = tree_.files(slot);
  if (!files) return Got::all;
  std::vector<Error> faults;
  Reading& reading = sample.readings.emplace_back();
  reading.slot = slot;
  reading.at = clock_();
  bool alive = true;
  if (bits & kReadUsage) alive = put(files->usage(), reading.usage, faults);
  if (alive && (bits & kReadThrottle)) alive = put(files->throttle(), reading.throttle, faults);
  if (alive && (bits & kReadBandwidth)) alive = put(files->bandwidth(), reading.bandwidth, faults);
  if (alive && (bits & kReadShares)) alive = put(files->shares(), reading.shares, faults);
  if (alive && (bits & kReadPopulated)) alive = put(files->populated(), reading.populated, faults);
  if (alive && (bits & kReadWait)) alive = put(wait_.read(slot, *catalog().find(slot), *files, reading.at), reading.wait, faults);
  if (!alive) {
    sample.readings.pop_back();
    return Got::group_is_gone;
  }
  for (const auto& error : faults) fault(sample, error);
  if ((bits & kSettings) == kSettings) tree_.refresh_cpus(slot);   // in the round robin; an event asks for one of them
  if (bits != kReadUsage) {   // who is what shows in the slower readings
    learn(reading);
    settle_role(reading);
  }
  return faults.empty() ? Got::all : Got::not_all;
}

void KernelSource::learn(const Reading& reading) {
  auto& known = last(reading.slot, catalog().find(reading.slot)->id);
  if (reading.usage) known.usage = reading.usage;
  if (reading.shares) {
    known.shares = reading.shares;
    fold_.learn(reading.slot, CpuFile::shares, format_shares(*reading.shares));
  }
  if (!reading.bandwidth) return;
  known.bandwidth = reading.bandwidth;
  const Bandwidth& b = *reading.bandwidth;
  fold_.learn(reading.slot, CpuFile::burst, format_microseconds(b.burst));
  if (catalog().v2) return fold_.learn(reading.slot, CpuFile::quota, format_cpu_max(b));
  fold_.learn(reading.slot, CpuFile::quota, format_quota(b.quota));
  fold_.learn(reading.slot, CpuFile::period, format_microseconds(b.period));
}

void KernelSource::settle_role(const Reading& reading) {
  const Group& group = *catalog().find(reading.slot);
  if (!reading.shares && !reading.usage) return;
  const auto& known = last(reading.slot, group.id);
  if (!known.shares || !known.bandwidth || !known.usage) return;
  const bool sandbox = looks_like_sandbox(group, *known.shares, *known.bandwidth, *known.usage);
  tree_.set_role(reading.slot, sandbox ? Role::infrastructure : Role::workload);
}

void KernelSource::read_node(const ReadPlan& reads, Sample& sample) {
  if (!reads.node_usage && !reads.node_cpus && !reads.node_pressure) return;
  NodeReading node;
  node.at = clock_();
  const auto take = [&](auto&& result, auto store) {
    if (result) return store(*result);
    if (result.error().code != Errc::absent) fault(sample, result.error());
  };
  if (reads.node_usage) take(node_.usage(), [&](nanoseconds v) { node.usage = v; });
  if (reads.node_cpus) take(node_.cpu_times(), [&](std::vector<CpuTimes>& v) { node.cpus = std::move(v); });
  if (reads.node_pressure) take(node_.pressure(), [&](double v) { node.pressure = v; });
  if (reads.node_usage && !node.usage) sample.failed = true;
  sample.node = std::move(node);
}

}  // namespace headroom
