#include "agent/kernel_sink_counters.hpp"

#include <chrono>

#include "agent/kernel_sink_steps.hpp"

namespace headroom {
const char* word(WriteKind kind) {
  switch (kind) {
    case WriteKind::settings: return "settings";
    case WriteKind::refill: return "refill";
    case WriteKind::restore: return "restore";
  }
  return "";
}

namespace {

const char* word(WriteResult result) {
  switch (result) {
    case WriteResult::ok: return "ok";
    case WriteResult::foreign: return "foreign";
    case WriteResult::rejected: return "rejected";
    case WriteResult::gone: return "gone";
    case WriteResult::denied: return "denied";
    case WriteResult::io: return "io";
  }
  return "";
}

double in_seconds(nanoseconds t) { return std::chrono::duration<double>(t).count(); }

}  // namespace

WriteResult result_of(Errc code) {
  switch (code) {
    case Errc::gone: return WriteResult::gone;
    case Errc::denied: return WriteResult::denied;
    case Errc::rejected: return WriteResult::rejected;
    case Errc::absent:
    case Errc::malformed:
    case Errc::io: return WriteResult::io;
  }
  return WriteResult::io;
}

void SinkCounters::count(CpuFile file, WriteKind kind, WriteResult result, nanoseconds cost) {
  const auto f = static_cast<std::size_t>(file);
  ++counts_[f][static_cast<std::size_t>(kind)][static_cast<std::size_t>(result)];
  cost_[f] += cost;
  if (kind != WriteKind::refill) return;
  refill_cost_ += cost;
  ++refills_;
}

std::vector<WriteCount> SinkCounters::writes() const {
  std::vector<WriteCount> out;
  for (std::size_t f = 0; f < kFiles; ++f)
    for (std::size_t k = 0; k < kKinds; ++k)
      for (std::size_t r = 0; r < kResults; ++r)
        if (const auto n = counts_[f][k][r]; n > 0)
          out.push_back({file_word(static_cast<CpuFile>(f)), word(static_cast<WriteKind>(k)),
                         word(static_cast<WriteResult>(r)), n});
  return out;
}

std::vector<std::pair<std::string, double>> SinkCounters::cost_seconds() const {
  std::vector<std::pair<std::string, double>> out;
  for (std::size_t f = 0; f < kFiles; ++f)
    if (cost_[f].count() > 0) out.emplace_back(file_word(static_cast<CpuFile>(f)), in_seconds(cost_[f]));
  return out;
}

double SinkCounters::refill_cost_seconds() const { return in_seconds(refill_cost_); }

std::optional<nanoseconds> SinkCounters::mean_refill_cost() const {
  if (refills_ == 0) return std::nullopt;
  return nanoseconds{refill_cost_.count() / static_cast<std::int64_t>(refills_)};
}

std::uint64_t SinkCounters::succeeded() const { return all_succeeded() - succeeded_before_; }

SinkCounters SinkCounters::carried_on() const {
  SinkCounters out = *this;
  out.succeeded_before_ = all_succeeded();
  return out;
}

std::uint64_t SinkCounters::all_succeeded() const {
  std::uint64_t sum = 0;
  for (const auto& kinds : counts_)
    for (const auto& results : kinds) sum += results[static_cast<std::size_t>(WriteResult::ok)];
  return sum;
}

std::uint64_t SinkCounters::total() const {
  std::uint64_t sum = 0;
  for (const auto& kinds : counts_)
    for (const auto& results : kinds)
      for (std::size_t r = 0; r < kResults; ++r)
        if (r != static_cast<std::size_t>(WriteResult::foreign)) sum += results[r];
  return sum;
}

}  // namespace headroom
