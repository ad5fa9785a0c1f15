// What the sink tells the source: which files it wrote itself. And back: which of them somebody else has written since.
#pragma once

#include <string>
#include <vector>

#include "cgroups/fs/tree.hpp"

namespace headroom {

/// Whether a successful write of ours changed the value or only refilled the pool (KERNEL 1).
enum class OwnKind { setting, refill };

/// Both sides run in the loop's thread, in turns: the sink fills `written`, the next observe empties it.
struct OwnWrites {
  struct Entry {
    Slot slot = kNoSlot;
    std::uint64_t group_id = 0;
    CpuFile file = CpuFile::quota;
    std::string text;          ///< as the file reads after it
    OwnKind kind = OwnKind::setting;
    TimePoint at;
  };
  struct Foreign {
    Slot slot = kNoSlot;
    std::uint64_t group_id = 0;
    CpuFile file = CpuFile::quota;
    std::string text;          ///< what the file holds now
  };
  std::vector<Entry> written;    ///< successful writes since the last drain of inotify
  std::vector<Foreign> foreign;  ///< files that somebody else has written: where the value is not ours, the ledger need not keep it
};

/// What the sink needs of the live groups; given by the source.
class GroupAccess {
 public:
  virtual ~GroupAccess() = default;
  /// nullptr: no such group, or not one that we read and write. Valid until the next observe.
  virtual GroupFiles* files(Slot slot) = 0;
  /// Last reading; nullopt: never read. May be older than what somebody has just written.
  virtual std::optional<Bandwidth> last_bandwidth(Slot slot) const = 0;
};

}  // namespace headroom
