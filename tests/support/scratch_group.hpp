// A cgroup of our own in every hierarchy at once, removed with all that is in it.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <vector>

#include "cgroups/types/text.hpp"
#include "tests/support/live.hpp"

namespace headroom::live {

/// open, one write, close: what somebody else does, and what tools do. 0 or errno.
inline int foreign_write(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::write(fd, text.data(), text.size()) < 0 ? errno : 0;
  ::close(fd);
  return error;
}

/// First line of a file; "" where it cannot be read.
inline std::string read_line(const std::string& path) {
  std::string line;
  std::ifstream in(path);
  std::getline(in, line);
  return line;
}

/// Made in cpu, cpuacct, cpuset (with its parent's CPUs), pids and unified. On v2 its parent hands out the controllers,
/// so processes go into groups without children. Throws std::runtime_error where something is refused.
class ScratchGroup {
 public:
  /// A group below the root, unique on this machine: hr-<tag>-<pid>-<n>.
  explicit ScratchGroup(const std::string& tag) : ScratchGroup("", unique(tag), 0) {}
  /// A child. The parent removes it too, if it is still there then.
  ScratchGroup(const ScratchGroup& parent, const std::string& name) : ScratchGroup(parent.path_, name, 0) {}
  ScratchGroup(const ScratchGroup&) = delete;
  ScratchGroup& operator=(const ScratchGroup&) = delete;
  ~ScratchGroup() { remove(); }

  const std::string& path() const { return path_; }
  /// Directory in the cpu hierarchy.
  std::string dir() const { return in(host().cpu); }
  std::string in(const std::string& hierarchy) const { return hierarchy + "/" + path_; }
  std::string file(CpuFile f) const { return dir() + "/" + file_name(f, on_v2()); }
  GroupFiles open() const { return must(GroupFiles::open(host(), path_)); }

  /// Moves the calling process here, in all hierarchies; cpu last. Async-signal-safe enough for a forked child.
  bool join() const {
    for (const auto& base : bases())
      if (foreign_write(in(base) + "/cgroup.procs", "0") != 0) return false;
    return true;
  }

  /// Kills what is in it and in its children, and removes them. Called by the destructor.
  void remove() {
    for (int tries = 0; tries < 500; ++tries) {
      bool left = false;
      for (const auto& base : bases()) left = !remove_below(in(base)) || left;
      if (!left) return;
      rest(milliseconds{4});
    }
  }

  /// Every mounted hierarchy that we use, without repetition, cpu last.
  static std::vector<std::string> bases() {
    std::vector<std::string> out;
    for (const auto& base : {host().cpuset, host().pids, host().unified, host().cpuacct, host().cpu}) {
      if (!base.empty() && base != host().cpu && std::find(out.begin(), out.end(), base) == out.end())
        out.push_back(base);
    }
    out.push_back(host().cpu);
    return out;
  }

 private:
  ScratchGroup(const std::string& parent, const std::string& name, int)
      : path_(parent.empty() ? name : parent + "/" + name) {
    if (on_v2()) hand_out_controllers(parent.empty() ? host().cpu : host().cpu + "/" + parent);
    for (const auto& base : bases()) {
      if (::mkdir(in(base).c_str(), 0755) != 0 && !(base != host().cpu && errno == EEXIST))
        throw std::runtime_error("mkdir " + in(base) + ": " + std::generic_category().message(errno));
    }
    if (!on_v2() && !host().cpuset.empty()) inherit_cpus();
  }

  static std::string unique(const std::string& tag) {
    static int count = 0;
    return "hr-" + tag + "-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  }

  static void hand_out_controllers(const std::string& dir) {
    const int error = foreign_write(dir + "/cgroup.subtree_control", "+cpu");
    if (error != 0) throw std::runtime_error("+cpu in " + dir + ": " + std::generic_category().message(error));
    for (const char* other : {"+cpuset", "+pids"}) (void)foreign_write(dir + "/cgroup.subtree_control", other);
  }

  /// A new v1 cpuset group has no CPUs, and nobody may enter it.
  void inherit_cpus() const {
    const std::string own = in(host().cpuset), parent = own.substr(0, own.find_last_of('/'));
    for (const auto& [from, to] :
         {std::pair{"/cpuset.effective_cpus", "/cpuset.cpus"}, std::pair{"/cpuset.effective_mems", "/cpuset.mems"}})
      (void)foreign_write(own + to, read_line(parent + from));
  }

  static void kill_members(const std::string& dir) {
    std::ifstream in(dir + "/cgroup.procs");
    for (pid_t pid = 0; in >> pid;) {
      if (pid == ::getpid()) {
        for (const auto& base : bases()) (void)foreign_write(base + "/cgroup.procs", "0");
      } else if (pid > 0) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, WNOHANG);
      }
    }
  }

  static bool remove_below(const std::string& dir) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(dir, error))
      if (entry.is_directory(error)) remove_below(entry.path().string());
    // A throttled process does not die before it may run.
    (void)foreign_write(dir + "/" + file_name(CpuFile::quota, on_v2()), on_v2() ? "max" : "-1");
    kill_members(dir);
    return ::rmdir(dir.c_str()) == 0 || errno == ENOENT;
  }

  std::string path_;
};

/// Quota and period of a group; the burst stays.
inline Result<> set_limit(GroupFiles& group, std::optional<microseconds> quota, microseconds period) {
  if (on_v2()) return group.write_file(CpuFile::quota, format_cpu_max({quota, period, microseconds{0}}));
  if (auto set = group.write_file(CpuFile::period, format_microseconds(period)); !set) return set;
  return group.write_file(CpuFile::quota, format_quota(quota));
}

inline Result<> set_burst(GroupFiles& group, microseconds burst) {
  return group.write_file(CpuFile::burst, format_microseconds(burst));
}

/// The largest weight there is, so that other work on the machine does not decide a test.
inline Result<> set_heavy(GroupFiles& group) { return group.write_file(CpuFile::shares, on_v2() ? "10000" : "262144"); }

}  // namespace headroom::live
