// The node: use, sums over groups, steal, punctuality, and the load state that decides.
#include <algorithm>

#include "metrics/model/state.hpp"

namespace headroom::model {
namespace {

constexpr nanoseconds kWindow = milliseconds{90};  // a 100 ms clock is sometimes early
constexpr nanoseconds kUseNow = milliseconds{30};
constexpr nanoseconds kHold = seconds{3};  // POLICY 3
constexpr nanoseconds kCooling = seconds{5};
constexpr std::uint32_t kBlind = 3;  // failed ticks in a row

void take_node_usage(NodeMemory& memory, NodeView& node, const ModelParams& params, Ring::Point now) {
  if (memory.has_window && now.at <= memory.usage.back(0).at) return;
  node.usage = now.usage;
  if (!memory.has_window || now.usage < memory.usage.back(0).usage) {
    memory.usage = Ring{};
    memory.window = now;
    memory.has_window = true;
    memory.has_before = false;
  }
  memory.usage.push(now, 2 * params.scheduler_tick);
  std::size_t i = 1;
  while (i + 1 < memory.usage.count && now.at - memory.usage.back(i).at < kUseNow) ++i;
  if (memory.usage.count > 1) {
    node.use_now = rate_of(now.usage - memory.usage.back(i).usage, now.at - memory.usage.back(i).at);
    memory.read = true;
  }
  if (now.at - memory.window.at >= kWindow) {
    memory.window_before = memory.window;
    memory.has_before = true;
    memory.window = now;
  }
  if (memory.has_before)
    memory.use_100ms = rate_of(now.usage - memory.window_before.usage, now.at - memory.window_before.at);
}

void take_steal(NodeMemory& memory, NodeView& node, const ModelParams& params, TimePoint at, nanoseconds total) {
  const auto newest = [&]() -> NodeMemory::Steal& {
    return memory.steal[(memory.steal_count - 1) % memory.steal.size()];
  };
  if (memory.steal_count > 0 && total < newest().total) memory.steal_count = 0;
  if (memory.steal_count > 0 && at - newest().at < seconds{1}) return;
  memory.steal[memory.steal_count++ % memory.steal.size()] = {at, total};
  const std::size_t oldest = memory.steal_count < memory.steal.size() ? 0 : memory.steal_count % memory.steal.size();
  node.steal = rate_of(total - memory.steal[oldest].total, at - memory.steal[oldest].at);
  node.stolen = node.steal.value > static_cast<std::int64_t>(node.cpus) * params.steal_permille;
}

/// /proc/stat counts in 10 ms, so nothing shorter than a window is looked at. A CPU that is not there has nothing free.
void take_cpus(NodeMemory& memory, NodeView& node, const ModelParams& params, const NodeReading& reading) {
  if (reading.cpus.empty()) return;
  const nanoseconds wall = reading.at - memory.cpus_at;
  if (memory.cpus.size() == reading.cpus.size() && wall < kWindow) return;
  nanoseconds steal{0}, busy{0};
  for (const CpuTimes& cpu : reading.cpus) steal += cpu.steal;
  if (memory.cpus.size() == reading.cpus.size()) {
    node.cpu_busy.resize(reading.cpus.size());
    for (std::size_t i = 0; i < reading.cpus.size(); ++i) {
      const nanoseconds used = std::max(nanoseconds{0}, reading.cpus[i].busy - memory.cpus[i].busy);
      // Every field is cut to 10 ms, so that a full CPU's busy time looks short by up to a tenth; its idle time does not move.
      // What the hypervisor has taken is not free.
      node.cpu_busy[i] = rate_of(std::clamp(wall - (reading.cpus[i].idle - memory.cpus[i].idle), nanoseconds{0}, wall), wall);
      busy += used;
    }
    if (!reading.usage && !memory.has_window) {  // no root counter: the CPUs' sum serves
      node.use_now = memory.use_100ms = rate_of(busy, wall);
      memory.read = true;
    }
  }
  memory.cpus.assign(reading.cpus.begin(), reading.cpus.end());
  memory.cpus_at = reading.at;
  take_steal(memory, node, params, reading.at, steal);
}

/// At most once per 100 ms: a few ns a group.
void sum_groups(ModelState::Impl& m) {
  m.node.protected_use = MilliCpu{};
  m.node.class_use.fill(MilliCpu{});
  for (const Slot slot : m.counted) {
    const Place& place = m.places[slot];
    m.node.class_use[static_cast<std::size_t>(place.qos)] += m.groups[slot].use_1s;
    if (place.protect) m.node.protected_use += m.groups[slot].use_100ms;
  }
}

/// Since when `holds` has been true without a break.
bool held(std::optional<TimePoint>& since, TimePoint now, nanoseconds time, std::int64_t holds) {
  if (holds == 0) since.reset();
  if (holds != 0 && !since) since = now;
  return since && now - *since >= time;
}

/// Enter and leave conditions lie apart (target and target - 10 points, 20 % and 25 %), so +-2 % cannot flap.
void decide_state(NodeMemory& memory, const NodeView& node, TimePoint now) {
  const std::int64_t all = node.cpus * 1000;
  const bool overloaded = held(memory.above, now, kHold, node.protected_use > node.target);
  const bool relaxed = held(memory.below, now, kHold, node.protected_use.value < node.target.value - all / 10);
  const bool quiet = held(memory.calm, now, kHold, memory.use_100ms.value < all / 5);
  switch (memory.decided) {
    case LoadState::overload:
      if (!relaxed) return;
      memory.decided = LoadState::cooling;
      memory.cooling = now;
      return;
    case LoadState::cooling:
      if (overloaded)
        memory.decided = LoadState::overload;
      else if (now - *memory.cooling >= kCooling)
        memory.decided = LoadState::normal;
      return;
    case LoadState::idle:
      if (memory.use_100ms.value >= all / 4) memory.decided = LoadState::normal;
      return;
    case LoadState::normal:
    case LoadState::unknown:
      memory.decided = overloaded ? LoadState::overload : quiet ? LoadState::idle : LoadState::normal;
      return;
  }
}

void take_lateness(NodeMemory& memory, NodeView& node, const Sample& sample) {
  const auto bucket = sample.at.time_since_epoch() / milliseconds{100};
  const auto size = static_cast<std::int64_t>(memory.lateness.size());
  for (auto b = std::max(memory.lateness_bucket + 1, bucket - size + 1); b <= bucket; ++b)
    memory.lateness[static_cast<std::size_t>(b % size)] = nanoseconds{0};
  memory.lateness_bucket = std::max(memory.lateness_bucket, bucket);
  auto& present = memory.lateness[static_cast<std::size_t>(bucket % size)];
  present = std::max(present, sample.lateness);
  node.worst_lateness_1s = *std::max_element(memory.lateness.begin(), memory.lateness.end());
}

}  // namespace

void take_node(ModelState::Impl& m, const ModelParams& params, const Sample& sample) {
  NodeView& node = m.node;
  NodeMemory& memory = m.memory;
  node.at = sample.at;
  node.judge = params.judge;
  node.contract_window = params.contract_window;
  node.contract_budget = nanoseconds{params.contract_window} * params.added_wait_permille / 1000;
  const int percent = std::min(params.target_percent.value_or(100), params.judge == Judge::none ? 75 : 95);
  node.target = MilliCpu{node.cpus * std::int64_t{10} * percent};
  if (sample.failed) ++node.failed_ticks;
  else if (sample.node && (sample.node->usage || !memory.has_window)) node.failed_ticks = 0;
  // else: a tick that did not look at the node proves nothing
  take_lateness(memory, node, sample);
  if (sample.node) {
    if (sample.node->usage) take_node_usage(memory, node, params, {sample.node->at, *sample.node->usage});
    take_cpus(memory, node, params, *sample.node);
    if (sample.node->pressure) node.pressure = sample.node->pressure;
  }
  if (!memory.summed || sample.at - memory.sums_at >= kWindow) {
    sum_groups(m);
    memory.summed = true;
    memory.sums_at = sample.at;
    if (memory.read && !sample.failed) decide_state(memory, node, sample.at);
  }
  node.blind = node.failed_ticks >= kBlind;
  node.hold_when_blind = params.hold_when_blind;
  node.state = !memory.read || node.blind ? LoadState::unknown : memory.decided;
}

}  // namespace headroom::model
