// Hidden leases: rewriting a value that changes nothing, on every finite level of a path (KERNEL 1).
#include "agent/kernel_sink.hpp"

namespace headroom {

Outcome KernelSink::refill(const Refill& r, const Catalog& catalog) {
  const TimePoint begin = clock_();
  Outcome outcome{r.slot, 0, WriteKind::refill, Bandwidth{}, std::nullopt, begin, nanoseconds{0}, r.why};
  Result<> result;
  if (const Group* group = catalog.find(r.slot)) outcome.group_id = group->id;
  if (const auto last = access_.last_bandwidth(r.slot)) outcome.to = *last;
  for (Slot slot = r.slot; result && slot != kNoSlot;) {
    const auto target = target_of(slot, catalog);
    if (!target) result = tl::unexpected(target.error());
    else if (fenced()) result = fail(Errc::denied, kFence, "raised by the guard: nothing was written");
    else result = refill_level(*target);
    const Group* group = catalog.find(slot);
    slot = group ? group->parent : kNoSlot;
  }
  if (!result) outcome.error = result.error();
  outcome.at = clock_();
  outcome.cost = outcome.at - begin;
  return outcome;
}

/// The burst file with the value it has; without one the quota, read back immediately before.
Result<> KernelSink::refill_level(const SinkTarget& target) {
  auto limit = access_.last_bandwidth(target.slot);
  if (!limit) {
    const auto read = target.files->bandwidth();
    if (!read && read.error().code == Errc::absent) return {};   // the root has none
    if (!read) return tl::unexpected(read.error());
    limit = *read;
  }
  if (!limit->quota) return {};
  const TimePoint begin = clock_();
  CpuFile file = CpuFile::burst;
  auto text = target.files->read_file(file);
  if (!text && text.error().code == Errc::absent) text = target.files->read_file(file = CpuFile::quota);
  if (!text) return tl::unexpected(text.error());
  tell(WriteKind::refill, target.dir, file, *text);
  const auto result = target.files->write_file(file, *text);
  const TimePoint end = clock_();
  counters_.count(file, WriteKind::refill, result ? WriteResult::ok : result_of(result.error().code), end - begin);
  if (result) own_.written.push_back({target.slot, target.id, file, *text, OwnKind::refill, end});
  return result;
}

}  // namespace headroom
