// Original and intended values of every file that we write, and how they are put back.
// Shared by daemon, guard and --restore: libc only, no allocation after open().
//
// The file is a table, not a log: a row per written file with its original and its last kValues *distinct* intended
// values, each with a checksum and published by one store of one word, after its text. A process that is killed at any
// instruction leaves the row before or the row after, never a half. So there is nothing to compact and no tick pays for
// it.
//
// What stays recognisable: the value that stands in a file is the one of our last *accepted* write. It leaves the row
// only when kValues other values have been intended after it, that is after kValues refused writes in a row, each of
// another value. A caller that does not go on after a refused write (the planner undoes the plan) never gets beyond
// two.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headroom::ledger {

/// Same order as CpuFile in cgroups/fs; kept apart so that the guard links libc and this only.
enum class File : std::uint8_t { quota, period, burst, shares };

constexpr std::size_t kMaxPath = 768;     ///< absolute path of a group's directory, terminator included
constexpr std::size_t kMaxValue = 32;     ///< text of one file, terminator included ("max 100000")
constexpr std::size_t kMaxGroups = 4096;  ///< groups with anything of ours at one time
constexpr std::size_t kMaxFiles = 4096;   ///< files with anything of ours at one time
constexpr std::size_t kValues = 8;        ///< distinct intended values of one file that are kept

enum class Status {
  ok,
  full,        ///< no room: the caller must not write
  too_long,    ///< path or value too long: the caller must not write
  io,          ///< see errno
  other_boot,  ///< set aside under <file>.<boot id>; nothing is restored from it
  corrupt      ///< header unreadable; set aside
};

/// The mapped file <run>/ledger. One writer (one thread of the daemon), readers in other processes.
class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  ~Ledger();

  /// Maps <run_dir>/ledger, making it if it is not there, with all its space (about 5 MiB) so that a full tmpfs shows
  /// here and not as SIGBUS later. The caller holds the lock. Rows of a daemon that died are kept: restore() first.
  /// @return ok, io; other_boot and corrupt say what was set aside: a new ledger is open in its place.
  Status open(const char* run_dir);
  bool is_open() const { return map_ != nullptr; }
  void close();

  /// Before the write it belongs to, and before the test of fenced(). The first intend() of a file fixes its original,
  /// later ones add intended values. Another inode at the same path is another group: what the old one had is dropped.
  /// @param original, intended  as the file reads after the write, trimmed ("200000 100000", not "200000", for cpu.max)
  /// Errors: full, too_long, io (not open). Cost: < 1 us.
  Status intend(const char* group_dir, std::uint64_t inode, File file, const char* original, const char* intended);
  /// The file has its owner's value (again): nothing to put back. Not known: ok.
  Status forget(const char* group_dir, File file);
  bool empty() const;
  std::size_t entries() const;  ///< files with something of ours

  void set_v2(bool v2);  ///< which file names restore() uses; before the first intend()
  bool v2() const;
  void set_armed(bool armed);  ///< wakes a waiting guard
  bool armed() const;
  void beat(std::int64_t monotonic_ns);  ///< heartbeat, CLOCK_MONOTONIC, >= 4 Hz while there are entries
  bool fenced() const;                   ///< the guard has raised its fence: write nothing
  /// Only when nothing is under way, every lease dropped and every base read again: what is written from now on stands.
  void lower_fence();
  /// A guard has shown itself within the last second. @param now_ns  CLOCK_MONOTONIC
  bool guard_alive(std::int64_t now_ns) const;

 private:
  struct Map;
  Map* map_ = nullptr;
};

struct RestoreResult {
  std::uint32_t restored = 0;  ///< files put back
  std::uint32_t foreign = 0;   ///< held a value that is not ours: left
  std::uint32_t gone = 0;      ///< group removed (or another inode at its path)
  std::uint32_t failed = 0;    ///< the kernel refused; see stderr
};

/// Puts every file back in lowering order (burst; quota and period, children before pods; shares), what was refused
/// once more in the opposite order: only where the value is one that we wrote or intended. A ledger of another boot is
/// set aside; a missing one is nothing to restore.
/// @param clear  drop the rows, but those that failed: only with the daemon's lock held, or inside the daemon
RestoreResult restore(const char* run_dir, bool clear);

/// Steps inside intend() at which tests stop or kill the writer.
enum class Stage : int {
  payload = 1,   ///< text written, not yet published: a kill here leaves the row as it was
  published = 2  ///< published; the write itself has not happened
};
void set_stage_hook(void (*hook)(int stage));  ///< tests only; nullptr: none

}  // namespace headroom::ledger
