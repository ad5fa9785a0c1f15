// One counter of a journal changed: what is decided again is decided from the inputs, so the plans part.
#include <fmt/core.h>

#include "lab/replay.hpp"

namespace headroom::lab {
namespace {

constexpr milliseconds kFlip{50};

struct Counter {
  std::uint64_t tick = 0;
  Slot slot = kNoSlot;
  std::string path;
};

/// Of a group with a lease, or else of the first whose usage was read.
Counter usage_in(const Replay::Tick& tick, const PlanState& plans) {
  Counter out{tick.number, kNoSlot, ""};
  for (const Reading& reading : tick.recorded.sample.readings) {
    const Group* group = tick.recorded.catalog.find(reading.slot);
    if (!reading.usage || group == nullptr) continue;
    const bool leased = has_lease(plans, reading.slot);
    if (leased || out.slot == kNoSlot) out = {tick.number, reading.slot, group->path};
    if (leased) break;
  }
  return out;
}

/// At tick `at`, or at the next that read any usage.
Result<Counter> find_counter(const std::vector<std::string>& segments, std::uint64_t at) {
  Replay replay({segments.begin(), segments.end()});
  while (const Replay::Tick* tick = replay.next()) {
    if (tick->number < at) continue;
    auto found = usage_in(*tick, replay.engine()->plans);
    if (found.slot != kNoSlot) return found;
  }
  if (replay.error()) return tl::unexpected(*replay.error());
  return fail(Errc::absent, "--flip", fmt::format("no usage was read at tick {} or later", at));
}

}  // namespace

Result<FlippedJournal> flip_counter(const std::vector<std::string>& segments, std::uint64_t at) {
  const auto counter = find_counter(segments, at);
  if (!counter) return tl::unexpected(counter.error());
  FlippedJournal out;
  out.tick = counter->tick, out.slot = counter->slot;
  out.what = fmt::format("usage of /{}, read at tick {}: {} ms more than was read", counter->path, counter->tick, kFlip.count());
  const auto edit = [&](JournalTick& tick) {
    if (tick.number != counter->tick) return;
    for (Reading& reading : tick.sample.readings)
      if (reading.slot == counter->slot && reading.usage) *reading.usage += kFlip;
  };
  for (const auto& segment : segments) {
    auto edited = edited_segment(segment, edit);
    if (!edited) return tl::unexpected(edited.error());
    out.segments.push_back(std::move(*edited));
  }
  return out;
}

std::optional<std::string> first_other_state(const std::vector<std::string>& segments, const FlippedJournal& flipped) {
  Replay as_read({segments.begin(), segments.end()}), changed({flipped.segments.begin(), flipped.segments.end()});
  for (;;) {
    const Replay::Tick *one = as_read.next(), *other = changed.next();
    if (one == nullptr || other == nullptr) return std::nullopt;
    if (one->number < flipped.tick || as_read.state() == changed.state()) continue;
    const auto use = [&](const Replay::Tick& tick) { return static_cast<double>(tick.snapshot.groups[flipped.slot].use_100ms.value) / 1000; };
    return fmt::format("tick {}: {:.3f} cores over 100 ms instead of {:.3f}", one->number, use(*other), use(*one));
  }
}

}  // namespace headroom::lab
