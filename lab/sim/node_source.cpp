// SimNode as the engine's Source.
#include <algorithm>
#include <cmath>
#include <utility>

#include "lab/sim/node.hpp"

namespace headroom::lab::sim {
namespace {

constexpr std::uint8_t kEverything = kReadUsage | kReadThrottle | kReadBandwidth | kReadShares | kReadPopulated;
constexpr Ns kLeastPause = 50'000;                   // between two ticks, however soon the next one is due
constexpr nanoseconds kReadCost{1000};
constexpr double kPressureSpan = 10e9;               // ns: of avg10

}  // namespace

Sample SimNode::observe(const ReadPlan& reads) {
  const Ns due = std::max(ns(reads.wake), kernel_.now() + kLeastPause);
  if (!happened_) pass(due, Until::something_happens);
  if (lateness_.count() > 0) pass(kernel_.now() + lateness_.count(), Until::the_end);
  happened_ = false;
  observed_ = true;
  if (each_tick_.count() > 0) kernel_.wake(daemon_, each_tick_.count());
  counters_.cost += each_tick_;
  Sample sample;
  sample.at = now();
  sample.lateness = lateness_;
  sample.events = std::exchange(events_, {});
  for (const auto& event : sample.events) want(event.slot, event.file == FileEvent::File::shares ? kReadShares : kReadBandwidth);
  for (const Slot slot : std::exchange(new_, {})) want(slot, kEverything);
  for (const auto& request : reads.groups) want(request.slot, request.bits);
  sample.readings.reserve(order_.size());
  for (const Slot slot : order_) read_group(slot, std::exchange(wanted_[slot], std::uint8_t{0}), sample);
  order_.clear();
  read_node(reads, sample);
  return sample;
}

void SimNode::want(Slot slot, std::uint8_t bits) {
  if (catalog_.find(slot) == nullptr) return;
  if (slot >= wanted_.size()) wanted_.resize(catalog_.groups.size());
  if (wanted_[slot] == 0) order_.push_back(slot);
  wanted_[slot] = static_cast<std::uint8_t>(wanted_[slot] | bits);
}

/// The root has no settings and counts no throttling.
void SimNode::read_group(Slot slot, std::uint8_t bits, Sample& sample) {
  Reading& reading = sample.readings.emplace_back();
  reading.slot = slot;
  reading.at = sample.at;
  const bool limits = slot != kRoot;
  if (bits & kReadUsage) reading.usage = kernel_.usage(slot);
  if (limits && (bits & kReadThrottle)) reading.throttle = kernel_.throttle(slot);
  if (limits && (bits & kReadBandwidth)) reading.bandwidth = kernel_.bandwidth(slot);
  if (limits && (bits & kReadShares)) reading.shares = kernel_.shares(slot);
  if (bits & kReadPopulated) reading.populated = kernel_.populated(slot);
  if (bits & kReadWait) reading.wait = kernel_.waited(slot);
  for (std::uint8_t left = bits; left != 0; left &= static_cast<std::uint8_t>(left - 1)) counters_.cost += kReadCost;
}

void SimNode::read_node(const ReadPlan& reads, Sample& sample) {
  if (!reads.node_usage && !reads.node_cpus && !reads.node_pressure) return;
  NodeReading node;
  node.at = sample.at;
  counters_.cost += kReadCost;
  if (reads.node_usage) node.usage = kernel_.usage(kRoot);
  if (reads.node_pressure) node.pressure = node_pressure();
  if (reads.node_cpus) {
    const nanoseconds passed = now() - kernel_.machine().start;
    for (int i = 0; i < catalog_.cpus; ++i)
      node.cpus.push_back({kernel_.busy(i), passed - std::min(passed, kernel_.busy(i)), nanoseconds{0}});
  }
  sample.node = std::move(node);
}

/// Decaying mean over about 10 s of the time in which anybody waited.
double SimNode::node_pressure() {
  const Ns passed = kernel_.now() - pressed_at_, waited = kernel_.waited(kRoot).count();
  if (passed <= 0) return pressure_;
  const double share = static_cast<double>(waited - pressed_) / static_cast<double>(passed);
  pressure_ = share + (pressure_ - share) * std::exp(-static_cast<double>(passed) / kPressureSpan);
  pressed_at_ = kernel_.now();
  pressed_ = waited;
  return pressure_;
}

}  // namespace headroom::lab::sim
