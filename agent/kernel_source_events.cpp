#include "agent/kernel_source_events.hpp"

#include <algorithm>

namespace headroom {
namespace {

/// Written together by the kernel.
bool one_setting(CpuFile file) { return file != CpuFile::shares; }

bool within(TimePoint then, TimePoint now, nanoseconds span) {
  return then != TimePoint{} && now - then <= span;
}

}  // namespace

FileEvent::File event_file(CpuFile file) {
  switch (file) {
    case CpuFile::quota: return FileEvent::File::bandwidth;
    case CpuFile::period: return FileEvent::File::period;
    case CpuFile::burst: return FileEvent::File::burst;
    case CpuFile::shares: return FileEvent::File::shares;
  }
  return FileEvent::File::bandwidth;
}

std::optional<CpuFile> cpu_file(const std::string& name, bool v2) {
  for (const CpuFile file : {CpuFile::quota, CpuFile::period, CpuFile::burst, CpuFile::shares})
    if (name == file_name(file, v2)) return file;
  if (v2 && name == "cpu.weight.nice") return CpuFile::shares;   // another door to the same value
  return std::nullopt;
}

EventFold::Memory& EventFold::memory(Slot slot, CpuFile file) {
  if (slot >= memory_.size()) memory_.resize(slot + 1);
  return memory_[slot][static_cast<std::size_t>(file)];
}

FileBatch& EventFold::batch(Slot slot, CpuFile file) {
  const auto same = [&](const FileBatch& b) { return b.slot == slot && b.file == file; };
  const auto found = std::find_if(batches_.begin(), batches_.end(), same);
  if (found != batches_.end()) return *found;
  FileBatch fresh;
  fresh.slot = slot;
  fresh.file = file;
  return batches_.emplace_back(fresh);
}

void EventFold::own_write(const OwnWrites::Entry& entry) {
  auto& b = batch(entry.slot, entry.file);
  ++b.own;
  if (entry.kind == OwnKind::setting) b.own_setting = true;
  auto& m = memory(entry.slot, entry.file);
  m.known = m.ours = entry.text;
  m.own_at = entry.at;
}

void EventFold::event(Slot path_slot, const WatchEvent& event) {
  if (event.what != WatchEvent::What::modified && event.what != WatchEvent::What::closed_write) return;
  const auto file = cpu_file(event.name, v2_);
  if (!file) return;
  auto& b = batch(path_slot, *file);
  if (event.what == WatchEvent::What::modified) {
    b.modified = true;
    return;
  }
  b.closed = true;
  b.modified_before_close |= b.modified;
}

std::vector<FileBatch> EventFold::take() {
  for (FileBatch& b : batches_)
    b.own_beside = b.closed && one_setting(b.file) && std::any_of(batches_.begin(), batches_.end(), [&b](const FileBatch& other) {
      return other.slot == b.slot && other.file != b.file && one_setting(other.file) && other.own > 0;
    });
  return std::exchange(batches_, {});
}

bool EventFold::beside(const FileBatch& b, TimePoint now) const {
  if (b.own_beside) return true;
  if (!one_setting(b.file) || b.slot >= memory_.size()) return false;
  for (const CpuFile file : {CpuFile::quota, CpuFile::period, CpuFile::burst})
    if (file != b.file && within(memory_[b.slot][static_cast<std::size_t>(file)].own_at, now, kCarry)) return true;
  return false;
}

std::optional<FileEvent::What> EventFold::judge(const FileBatch& b, const std::optional<std::string>& present,
                                                TimePoint now) {
  if (!b.closed && !b.modified) return std::nullopt;   // ours: its event is still to come, or merged away
  auto& m = memory(b.slot, b.file);
  const bool differs = present && m.known && *present != *m.known;
  const bool is_ours = present && m.ours && *present == *m.ours;
  const bool own_near = b.own > 0 || within(m.own_at, now, kCarry);
  const bool reported = std::exchange(m.close_due, m.close_due && !b.closed);
  if (present) m.known = *present;
  if (present && !is_ours) m.ours.reset();

  std::optional<FileEvent::What> what;
  if (differs) {
    what = FileEvent::What::changed;
  } else if (!b.closed) {
    if (b.own == 0) what = FileEvent::What::changed;   // the same value again: it has refilled, and somebody has spoken
  } else if (reported && !b.modified_before_close) {
    what = std::nullopt;                               // the close of the write that was reported already
  } else if (own_near && is_ours && (b.modified_before_close || b.own == 0)) {
    what = FileEvent::What::overtaken;                 // theirs was taken or refused, it cannot be told: the careful answer
  } else if (b.modified_before_close && beside(b, now)) {
    what = FileEvent::What::overtaken;                 // the same value again, or the value before put back by ours
  } else {
    what = b.modified_before_close ? FileEvent::What::changed : FileEvent::What::refused;
  }
  if (what && !b.closed) m.close_due = true;
  return what;
}

const std::string* EventFold::known(Slot slot, CpuFile file) const {
  if (slot >= memory_.size()) return nullptr;
  const auto& m = memory_[slot][static_cast<std::size_t>(file)];
  return m.known ? &*m.known : nullptr;
}

void EventFold::learn(Slot slot, CpuFile file, std::string text) {
  auto& m = memory(slot, file);
  if (m.ours && *m.ours != text) m.ours.reset();
  m.known = std::move(text);
}

void EventFold::forget(Slot slot) {
  if (slot < memory_.size()) memory_[slot] = {};
  std::erase_if(batches_, [slot](const FileBatch& b) { return b.slot == slot; });
}

}  // namespace headroom
