// Original and intended values of every file that we write, and how they are put back.
// Shared by daemon, guard and --restore: libc only, no allocation after open().
#pragma once

#include <cstddef>
#include <cstdint>

namespace headroom::ledger {

/// Same order as CpuFile in cgroups/fs; kept apart so that the guard links libc and this only.
enum class File : std::uint8_t { quota, period, burst, shares };

constexpr std::size_t kMaxPath = 768;     ///< absolute path of a group's directory, terminator included
constexpr std::size_t kMaxValue = 32;     ///< text of one file, terminator included ("max 100000")

enum class Status {
  ok,
  full,          ///< no room: the caller must not write
  too_long,      ///< path or value too long: the caller must not write
  io,            ///< see errno
  other_boot,    ///< set aside under <file>.<boot id>; nothing is restored from it
  corrupt        ///< header unreadable; set aside
};

/// The mapped file <run>/ledger. One writer (the daemon), readers in other processes.
class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  ~Ledger();

  /// Maps <run_dir>/ledger, making it if it is not there. The caller holds the lock.
  Status open(const char* run_dir);
  void close();

  /// Before the write it belongs to. The first intend() of a file fixes its original, later ones add intended values.
  Status intend(const char* group_dir, std::uint64_t inode, File file, const char* original, const char* intended);
  /// The file has its owner's value (again): nothing to put back.
  Status forget(const char* group_dir, File file);
  bool empty() const;
  std::size_t entries() const;             ///< files with something of ours

  void set_armed(bool armed);
  bool armed() const;
  void beat(std::int64_t monotonic_ns);    ///< heartbeat, >= 4 Hz while there are entries
  bool fenced() const;                     ///< the guard has raised its fence: write nothing
  void lower_fence();

 private:
  struct Map;
  Map* map_ = nullptr;
};

struct RestoreResult {
  std::uint32_t restored = 0;     ///< files put back
  std::uint32_t foreign = 0;      ///< held a value that is not ours: left
  std::uint32_t gone = 0;         ///< group removed (or another inode at its path)
  std::uint32_t failed = 0;       ///< the kernel refused; see stderr
};

/// Puts every file back in lowering order (burst, quota of children, quota of pods, period, shares): only where the
/// value is one that we wrote or intended. Works on the mapped file; the records stay until clear().
/// @param v2  file names: cpu.max, cpu.max.burst, cpu.weight
RestoreResult restore(const char* run_dir, bool clear);

}  // namespace headroom::ledger
