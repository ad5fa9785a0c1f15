#include "lab/tree.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "cgroups/types/text.hpp"
#include "cgroups/types/weights.hpp"

namespace headroom::lab {
namespace {

namespace fs = std::filesystem;

Result<> put(const std::string& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const bool ok = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0) close(fd);
  if (ok) return {};
  return fail(error == EACCES || error == EPERM || error == EROFS ? Errc::denied : Errc::io, file,
              fmt::format("writing '{}': {}", text, std::strerror(error)));
}

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::vector<std::string> distinct_mounts(const Hierarchy& where) {
  std::vector<std::string> out;
  for (const auto& dir : {where.cpu, where.cpuacct, where.cpuset, where.pids, where.unified}) {
    if (!dir.empty() && std::find(out.begin(), out.end(), dir) == out.end()) out.push_back(dir);
  }
  return out;
}

void kill_inside(const std::string& dir) {
  std::ifstream procs(dir + "/cgroup.procs");
  for (pid_t pid = 0; procs >> pid;) {
    if (pid > 1 && pid != getpid()) kill(pid, SIGKILL);
  }
}

/// rmdir from the leaves up. A group stays busy until its last process has been reaped.
void remove_tree(const std::string& dir) {
  std::error_code none;
  std::vector<std::string> children;
  for (fs::directory_iterator it(dir, none), end; it != end; it.increment(none)) {
    if (it->is_directory(none)) children.push_back(it->path());
  }
  for (const auto& child : children) remove_tree(child);
  for (int attempt = 0; attempt < 400; ++attempt) {
    if (rmdir(dir.c_str()) == 0 || errno != EBUSY) return;
    kill_inside(dir);
    std::this_thread::sleep_for(milliseconds{5});
  }
}

bool alive(const std::string& name) {
  pid_t pid = 0;
  const char* digits = name.c_str() + std::strlen(kScratchPrefix);
  std::from_chars(digits, name.c_str() + name.size(), pid);
  return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

void add_values(TreeValues& out, const std::string& dir, bool v2) {
  for (const auto file : {CpuFile::quota, CpuFile::period, CpuFile::burst, CpuFile::shares}) {
    const auto path = dir + "/" + file_name(file, v2);
    if (access(path.c_str(), R_OK) == 0) out.files.emplace_back(path, first_line(path));
  }
}

}  // namespace

ScratchTree::ScratchTree(Hierarchy where, std::string name)
    : where_(std::move(where)), name_(std::move(name)), mounts_(distinct_mounts(where_)) {}

ScratchTree::ScratchTree(ScratchTree&& other) noexcept
    : where_(other.where_), name_(std::exchange(other.name_, {})), mounts_(other.mounts_),
      enabled_in_(std::exchange(other.enabled_in_, {})) {}

Result<ScratchTree> ScratchTree::create(const Hierarchy& where, const std::string& name) {
  sweep_stale(where);
  ScratchTree out(where, name);
  if (where.v2 && first_line(where.cpu + "/cgroup.subtree_control").find("cpu") == std::string::npos) {
    if (auto ok = put(where.cpu + "/cgroup.subtree_control", "+cpu"); !ok) return tl::unexpected(ok.error());
    out.enabled_in_.push_back(where.cpu);
  }
  if (auto ok = out.make(""); !ok) return tl::unexpected(ok.error());
  return out;
}

ScratchTree::~ScratchTree() {
  if (name_.empty()) return;
  remove("");
  for (const auto& dir : enabled_in_) static_cast<void>(put(dir + "/cgroup.subtree_control", "-cpu"));
}

Result<> ScratchTree::make(const std::string& path) {
  for (const auto& mount : mounts_) {
    const auto parent_end = path.find_last_of('/');
    const auto dir = mount + "/" + name_ + (path.empty() ? "" : "/" + path);
    if (mkdir(dir.c_str(), 0755) != 0 && errno != EEXIST) {
      return fail(errno == EACCES || errno == EPERM || errno == EROFS ? Errc::denied : Errc::io, dir,
                  fmt::format("mkdir: {}", std::strerror(errno)));
    }
    if (where_.v2 && !path.empty()) {
      const auto parent = mount + "/" + name_ + (parent_end == std::string::npos ? "" : "/" + path.substr(0, parent_end));
      if (auto ok = put(parent + "/cgroup.subtree_control", "+cpu"); !ok) return ok;
    }
    if (mount == where_.cpuset && !where_.v2) {   // an empty v1 cpuset takes no process: give it its parent's
      for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
        const auto value = first_line(fs::path(dir).parent_path() / file);
        if (auto ok = put(dir + "/" + file, value); !ok) return ok;
      }
    }
  }
  return {};
}

void ScratchTree::remove(const std::string& path) {
  for (const auto& mount : mounts_) remove_tree(mount + "/" + name_ + (path.empty() ? "" : "/" + path));
}

Result<> ScratchTree::attach(const std::string& path, pid_t pid) {
  for (const auto& mount : mounts_) {
    if (auto ok = put(mount + "/" + full(path) + "/cgroup.procs", std::to_string(pid)); !ok) return ok;
  }
  return {};
}

Result<> ScratchTree::write_shares(const std::string& path, Shares shares) {
  const auto value = where_.v2 ? weight_from_shares(shares).value_or(Shares{1}) : shares;
  return put(where_.cpu + "/" + full(path) + "/" + file_name(CpuFile::shares, where_.v2), format_shares(value));
}

Result<> ScratchTree::write_quota(const std::string& path, std::optional<microseconds> quota) {
  const auto dir = where_.cpu + "/" + full(path) + "/";
  if (where_.v2) return put(dir + "cpu.max", format_cpu_max(Bandwidth{quota, kKubePeriod, {}}));
  if (auto ok = put(dir + file_name(CpuFile::period, false), format_microseconds(kKubePeriod)); !ok) return ok;
  return put(dir + file_name(CpuFile::quota, false), format_quota(quota));
}

Result<GroupFiles> ScratchTree::open(const std::string& path) const { return GroupFiles::open(where_, full(path)); }

int sweep_stale(const Hierarchy& where) {
  int swept = 0;
  for (const auto& mount : distinct_mounts(where)) {
    std::error_code none;
    std::vector<std::string> stale;
    for (fs::directory_iterator it(mount, none), end; it != end; it.increment(none)) {
      const auto name = it->path().filename().string();
      if (name.rfind(kScratchPrefix, 0) == 0 && !alive(name)) stale.push_back(it->path());
    }
    for (const auto& dir : stale) remove_tree(dir);
    swept += mount == where.cpu ? static_cast<int>(stale.size()) : 0;
  }
  return swept;
}

TreeValues read_values(const Hierarchy& where) {
  TreeValues out;
  std::error_code none;
  add_values(out, where.cpu, where.v2);
  for (fs::recursive_directory_iterator it(where.cpu, none), end; it != end; it.increment(none)) {
    if (!it->is_directory(none)) continue;
    if (it->path().filename().string().rfind(kScratchPrefix, 0) == 0) {
      it.disable_recursion_pending();
      continue;
    }
    add_values(out, it->path(), where.v2);
  }
  std::sort(out.files.begin(), out.files.end());
  return out;
}

std::vector<std::string> differences(const TreeValues& before, const TreeValues& after) {
  const std::map<std::string, std::string> then(before.files.begin(), before.files.end());
  std::vector<std::string> out;
  for (const auto& [path, value] : after.files) {
    const auto was = then.find(path);
    if (was != then.end() && was->second != value) out.push_back(fmt::format("{}: {} was {}", path, value, was->second));
  }
  return out;
}

}  // namespace headroom::lab
