// The only cgroupfs syscalls: kept fds, pread/pwrite, scan and watch. errno is classified here, once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/types/sample.hpp"

namespace headroom {

/// The files of a group that we may read or write. Names differ by hierarchy version: file_name().
enum class CpuFile : std::uint8_t { quota, period, burst, shares };   // v2: quota and period are cpu.max
const char* file_name(CpuFile file, bool v2);

/// Injected before every syscall of a class in tests; returns 0 or an errno to fail with.
/// Calls: open, open_rw (a settings file, for writing), fstat, stat, access, pread, pwrite, readdir, mkdir, rmdir,
/// inotify_init, inotify_add_watch, inotify_read. `path` is absolute.
using FaultHook = int (*)(const char* call, const char* path);

/// One open group: directory fd kept, file fds opened on first use and kept. Move-only.
/// Every method may fail with: gone (the group was removed; also when its name was made again), absent (this kernel,
/// or this hierarchy, has no such file for the group), denied, malformed, io; write_file also with rejected.
/// A settings file is opened for writing at the first write_file: until then a read-only mount suffices. Closing it
/// again gives IN_CLOSE_WRITE, so take the group's watch away before a GroupFiles of a living group is destroyed.
class GroupFiles {
 public:
  static Result<GroupFiles> open(const Hierarchy& where, const std::string& path);
  /// The same for many groups, which share what they know of the hierarchy. Not nullptr.
  static Result<GroupFiles> open(std::shared_ptr<const Hierarchy> where, const std::string& path);
  GroupFiles(GroupFiles&&) noexcept;
  GroupFiles& operator=(GroupFiles&&) noexcept;
  ~GroupFiles();

  std::uint64_t inode() const;
  void fetch() const { __builtin_prefetch(impl_.get()); }   ///< into the cache, what the next reading needs
  Result<nanoseconds> usage();
  Result<ThrottleCounters> throttle();
  Result<Bandwidth> bandwidth();                 ///< burst 0 where there is no burst file
  Result<Shares> shares();
  Result<bool> populated();                      ///< v2 cgroup.events; v1 its mirror, pids.current > 0 or usage > 0
  Result<nanoseconds> pressure();                ///< cpu.pressure "some" total, of v2 or of the unified mirror
  Result<CpuSet> cpus();                         ///< effective; of the nearest ancestor that has a set

  /// Raw text of one file, trimmed; and one pwrite of it. The write is the whole of `text` or an error.
  Result<std::string> read_file(CpuFile file);
  Result<> write_file(CpuFile file, std::string_view text);

 private:
  struct Impl;
  explicit GroupFiles(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Directories below the root, breadth first, with inodes; path "" is the root.
struct FoundGroup { std::string path; std::uint64_t inode = 0; };
/// @param descend  false for a path: do not look below it; nullptr: everything
/// What vanishes meanwhile is left out. Errors: of the root, or no fds or memory left.
Result<std::vector<FoundGroup>> scan(const Hierarchy& where, bool (*descend)(const std::string& path));

/// inotify on group directories: IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE (KERNEL 15).
struct WatchEvent {
  enum class What { created, removed, modified, closed_write, overflow };
  What what = What::created;
  std::string path;         ///< of the watched directory, below the root
  std::string name;         ///< of the entry in it
};
class Watcher {
 public:
  static Result<Watcher> create(const Hierarchy& where);
  Watcher(Watcher&&) noexcept;
  Watcher& operator=(Watcher&&) noexcept;
  ~Watcher();
  /// Again after the group was made anew. Errors: gone, denied, io (no watch left).
  Result<> add(const std::string& path);
  void remove(const std::string& path);
  int fd() const;                                ///< for poll
  /// Everything queued now, in order, without blocking. created and removed are groups; modified and closed_write
  /// name a file. After `overflow` events are missing: scan again and re-read.
  Result<std::vector<WatchEvent>> drain();

 private:
  struct Impl;
  explicit Watcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

void set_fault_hook(FaultHook hook);             ///< tests only; nullptr: none. An atomic pointer.

}  // namespace headroom
