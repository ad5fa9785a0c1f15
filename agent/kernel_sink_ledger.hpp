// Which files hold something of ours, and the ledger's rows for them: kept in step by one pair of hands.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel_sink_steps.hpp"
#include "agent/kernel_source_own.hpp"
#include "cgroups/ledger/ledger.hpp"

namespace headroom {

/// One live group as the sink writes it.
struct SinkTarget {
  Slot slot = kNoSlot;
  std::uint64_t id = 0, inode = 0;
  std::string dir;             ///< absolute
  GroupFiles* files = nullptr;
};

/// Whose a value is that is about to be written: lent by us, or its owner's own, which we only bring there.
enum class Whose { ours, owners };

class OwnValues {
 public:
  /// @param book  nullptr: no settings write is ever allowed
  explicit OwnValues(ledger::Ledger* book) : book_(book) {}

  /// Before the write. The owner's value is what the file held when we first wrote it, or what somebody wrote since.
  /// Errors: io (ledger full, too long, not open): do not write.
  Result<> intend(const SinkTarget& target, const FileStep& step, Whose whose);
  void wrote(const SinkTarget& target, const FileStep& step, Whose whose);
  void refused(const SinkTarget& target, const FileStep& step);        ///< by the kernel: the file is as it was
  /// The file was found with this text: if it is not what we wrote last, it is somebody else's and stays.
  void found(Slot slot, std::uint64_t id, CpuFile file, const std::string& text);
  /// The plan takes something else for the value in force than what we wrote last: look before going on.
  bool doubtful(const SinkTarget& target, const FileStep& step) const;
  /// One file of a group that the catalog has lost while the group is there: its row stays in the ledger until settled().
  struct Orphan {
    std::string dir;
    std::uint64_t inode = 0;
    CpuFile file = CpuFile::quota;
    std::string original, ours;
  };
  /// Rows of groups that are not in the catalog any more. @param is_there  whether that directory has that inode
  std::vector<Orphan> drop_gone(const Catalog& catalog, bool (*is_there)(const std::string& dir, std::uint64_t inode));
  void settled(const Orphan& orphan);                                  ///< its owner's value stands, or somebody else's
  void reset();                                                        ///< somebody restored everything: no rows any more

  /// Every step gives its file the owner's value back.
  bool homeward(const SinkTarget& target, const std::vector<FileStep>& steps) const;
  bool any() const { return count_ > 0; }

 private:
  struct Row {
    std::uint64_t id = 0, inode = 0;
    std::string dir, original, ours;
  };
  using Rows = std::array<std::optional<Row>, 4>;
  std::optional<Row>& row(Slot slot, CpuFile file);
  const Row* find(const SinkTarget& target, CpuFile file) const;
  void erase(Slot slot, CpuFile file);

  ledger::Ledger* book_;
  std::vector<Rows> rows_;
  std::size_t count_ = 0;
  std::uint64_t seen_ = 0;   ///< generation of the catalog that drop_gone() saw last
};

}  // namespace headroom
