// One counter of a journal changed: what is decided again is decided from the inputs, so the plans part.
#include <fmt/core.h>

#include "lab/replay.hpp"

namespace headroom::lab {
namespace {

constexpr milliseconds kFlip{50};

/// Of what tick `at` read: a group with a lease, or else the first whose usage was read.
Result<std::pair<Slot, std::string>> find_counter(const std::vector<std::string>& segments, std::uint64_t at) {
  Replay replay({segments.begin(), segments.end()});
  const Replay::Tick* tick = replay.next();
  while (tick != nullptr && tick->number != at) tick = replay.next();
  if (replay.error()) return tl::unexpected(*replay.error());
  if (tick == nullptr) return fail(Errc::absent, "--flip", fmt::format("no tick {} in the journal", at));
  std::pair<Slot, std::string> out{kNoSlot, ""};
  for (const Reading& reading : tick->recorded.sample.readings) {
    const Group* group = tick->recorded.catalog.find(reading.slot);
    if (!reading.usage || group == nullptr) continue;
    const bool leased = has_lease(replay.engine()->plans, reading.slot);
    if (leased || out.first == kNoSlot) out = {reading.slot, group->path};
    if (leased) break;
  }
  if (out.first == kNoSlot) return fail(Errc::absent, "--flip", fmt::format("tick {} read no usage", at));
  return out;
}

}  // namespace

Result<FlippedJournal> flip_counter(const std::vector<std::string>& segments, std::uint64_t at) {
  const auto counter = find_counter(segments, at);
  if (!counter) return tl::unexpected(counter.error());
  FlippedJournal out;
  out.what = fmt::format("usage of /{}, read at tick {}: {} ms more than was read", counter->second, at, kFlip.count());
  const auto edit = [&](JournalTick& tick) {
    if (tick.number != at) return;
    for (Reading& reading : tick.sample.readings)
      if (reading.slot == counter->first && reading.usage) *reading.usage += kFlip;
  };
  for (const auto& segment : segments) {
    auto edited = edited_segment(segment, edit);
    if (!edited) return tl::unexpected(edited.error());
    out.segments.push_back(std::move(*edited));
  }
  return out;
}

}  // namespace headroom::lab
