// What has happened since the last observe: events of the tree, and of files that somebody else wrote.
#include "agent/kernel_source.hpp"

#include <algorithm>
#include <iterator>

#include "workloads/names.hpp"

namespace headroom {
namespace {

std::string child_of(const WatchEvent& event) { return event.path.empty() ? event.name : event.path + "/" + event.name; }

bool is_unit_group(const Group& group) { return !unit_of(group.path).empty(); }

}  // namespace

void KernelSource::drain(Sample& sample) {
  take_events(sample);
  for (const auto& batch : fold_.take()) judge_file(batch, sample);
}

void KernelSource::take_events(Sample& sample) {
  for (const auto& entry : own_.written) {
    const Group* group = catalog().find(entry.slot);
    if (!group || group->id != entry.group_id) continue;
    last(entry.slot, group->id);
    fold_.own_write(entry);
  }
  own_.written.clear();
  auto events = std::exchange(queued_, {});
  auto rest = tree_.watcher().drain();
  if (rest) {
    events.insert(events.end(), std::make_move_iterator(rest->begin()), std::make_move_iterator(rest->end()));
  } else {
    fault(sample, rest.error());
    sample.failed = true;
  }
  for (const auto& event : events) take_event(event, sample);
}

void KernelSource::take_event(const WatchEvent& event, Sample& sample) {
  const TimePoint now = clock_();
  switch (event.what) {
    case WatchEvent::What::created: tree_.created(child_of(event), now); break;
    case WatchEvent::What::removed: tree_.removed(child_of(event)); break;
    case WatchEvent::What::modified:
    case WatchEvent::What::closed_write:
      if (const Slot slot = tree_.find(event.path); slot != kNoSlot) {
        last(slot, catalog().find(slot)->id);   // a slot in use again begins with an empty memory
        fold_.event(slot, event);
      }
      break;
    case WatchEvent::What::overflow: take_overflow(sample); break;
  }
}

bool KernelSource::is_ours(const WatchEvent& event) const {
  if (event.what != WatchEvent::What::modified) return false;
  const Slot slot = tree_.find(event.path);
  const auto file = cpu_file(event.name, catalog().v2);
  return file && std::any_of(own_.written.begin(), own_.written.end(), [&](const OwnWrites::Entry& entry) {
    return entry.slot == slot && entry.file == *file;
  });
}

bool KernelSource::heard_of_others() {
  auto events = tree_.watcher().drain();
  if (!events) return true;   // observe meets it again and says so
  const bool others = std::any_of(events->begin(), events->end(), [&](const WatchEvent& e) { return !is_ours(e); });
  queued_.insert(queued_.end(), std::make_move_iterator(events->begin()), std::make_move_iterator(events->end()));
  return others;
}

/// Events were lost: walk everything, read every setting again. A foreign value shows in the reading itself.
void KernelSource::take_overflow(Sample& sample) {
  const TimePoint now = clock_();
  if (auto scanned = tree_.scan_all(now); !scanned) fault(sample, scanned.error());
  for (Slot slot = 0; slot < catalog().groups.size(); ++slot) want(slot, kReadBandwidth | kReadShares);
}

void KernelSource::judge_file(const FileBatch& batch, Sample& sample) {
  GroupFiles* files = tree_.files(batch.slot);
  const Group* group = catalog().find(batch.slot);
  if (!files || !group || !EventFold::worth_reading(batch)) return;
  const bool is_shares = batch.file == CpuFile::shares;
  want(batch.slot, is_shares ? kReadShares : kReadBandwidth);
  const auto text = files->read_file(batch.file);
  if (!text && text.error().code == Errc::gone) return;   // the reading that was just asked for drops it
  const TimePoint now = clock_();
  const auto what = fold_.judge(batch, text ? std::optional(*text) : std::nullopt, now);
  if (!what) return;
  if (group->identity.kind != GroupKind::pod) tree_.set_owners_limit(batch.slot, group->id, std::nullopt);   // what was said before, no longer counts
  sample.events.push_back({batch.slot, group->id, event_file(batch.file), *what, now, reloading_ && is_unit_group(*group)});
  if (text) own_.foreign.push_back({batch.slot, group->id, batch.file, *text});
}

}  // namespace headroom
