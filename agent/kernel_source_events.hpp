// inotify and what the sink says that it wrote -> what somebody else wrote. No I/O: the caller reads the files.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel_source_own.hpp"

namespace headroom {

/// The setting as FileEvent knows it, and the file whose text tells the value of each access.
FileEvent::File event_file(CpuFile file);
/// nullopt: not a file that we write (cgroup.procs, …).
std::optional<CpuFile> cpu_file(const std::string& name, bool v2);

/// What became of one file within one read of events, in order.
struct FileBatch {
  Slot slot = kNoSlot;
  CpuFile file = CpuFile::quota;
  bool modified = false;             ///< IN_MODIFY at all
  bool modified_before_close = false;
  bool closed = false;               ///< IN_CLOSE_WRITE: never ours, our fds stay open (KERNEL 15)
  int own = 0;                       ///< successful writes of ours since the read of events before
  bool own_setting = false;          ///< one of them changed the value
  bool own_beside = false;           ///< closed, and a write of ours to quota, period or burst of the same group is among the batches
};

/// Collects a batch; keeps per file what is needed across batches.
///
/// A foreign write is IN_MODIFY (if the kernel took it) then IN_CLOSE_WRITE, which need not fall into one batch: both
/// sides are remembered for kCarry. The kernel merges equal neighbours in its queue, so events are never counted.
/// Quota, period and burst are one setting of the kernel's: a write to one of them puts back the other two as they were
/// when it began, so that a refill by the burst file can overtake somebody's quota (live test Foreign.AQuotaThatCameWithARefill…).
class EventFold {
 public:
  /// How far apart the halves of one foreign write may be: a writer that is preempted between write and close.
  static constexpr nanoseconds kCarry = milliseconds{100};

  explicit EventFold(bool v2) : v2_(v2) {}

  void own_write(const OwnWrites::Entry& entry);
  /// @param path_slot  slot of the watched directory. Events of files that we never write are ignored.
  void event(Slot path_slot, const WatchEvent& event);
  /// Files touched in this batch, in order of first touch. Clears the batch.
  std::vector<FileBatch> take();

  /// The verdict on one file.
  /// @param present  text of the file now; nullopt: could not be read
  /// @return nullopt: nobody but us
  std::optional<FileEvent::What> judge(const FileBatch& batch, const std::optional<std::string>& present, TimePoint now);

  /// Whether the value has to be read at all: a refill of ours alone changes nothing.
  static bool worth_reading(const FileBatch& batch) {
    return batch.closed || batch.own == 0 || batch.own_setting;
  }
  /// Text of the file as last seen or written by us; nullptr: never seen.
  const std::string* known(Slot slot, CpuFile file) const;
  void learn(Slot slot, CpuFile file, std::string text);
  void forget(Slot slot);

 private:
  struct Memory {
    std::optional<std::string> known;      ///< last text seen or written
    std::optional<std::string> ours;       ///< last text that we wrote; cleared by a foreign value
    TimePoint own_at;                      ///< epoch: never
    bool close_due = false;                ///< a foreign write was reported whose IN_CLOSE_WRITE is still to come
  };
  Memory& memory(Slot slot, CpuFile file);
  FileBatch& batch(Slot slot, CpuFile file);
  /// A write of ours to another file of the same setting is near.
  bool beside(const FileBatch& batch, TimePoint now) const;

  bool v2_;
  std::vector<std::array<Memory, 4>> memory_;
  std::vector<FileBatch> batches_;
};

}  // namespace headroom
