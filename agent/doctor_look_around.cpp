// What else is on the node: the run directory of a daemon, its guard, and others that write.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cctype>

#include "agent/clock.hpp"
#include "agent/doctor.hpp"
#include "agent/options.hpp"
#include "cgroups/fs/syscalls.hpp"
#include "cgroups/fs/tree.hpp"
#include "cgroups/ledger/layout.hpp"

namespace headroom::doctor {
namespace {

constexpr std::int64_t kGuardSilence = 1'000'000'000;   // ns, as Ledger::guard_alive

Known if_so(bool so) { return so ? Known::yes : Known::no; }

std::string whole_file(const char* path) {
  std::string text;
  const auto file = fs::open_file(path, "", O_RDONLY);
  if (file) (void)fs::read_stream(file->get(), path, "", text);
  return text;
}

/// /proc/locks names device and inode; taking the lock to see whether it is free would wake a guard.
Known is_locked(const std::string& path) {
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return errno == ENOENT ? Known::no : Known::unknown;
  const std::string locks = whole_file("/proc/locks");
  const std::string key = fmt::format(" {:02x}:{:02x}:{} ", major(st.st_dev), minor(st.st_dev), st.st_ino);
  for (std::size_t from = 0, end = 0; from < locks.size(); from = end + 1) {
    end = std::min(locks.find('\n', from), locks.size());
    const std::string line = locks.substr(from, end - from);
    if (line.find("FLOCK") != std::string::npos && line.find("->") == std::string::npos && line.find(key) != std::string::npos)
      return Known::yes;
  }
  // A node on which nobody holds any lock has an empty list.
  return locks.empty() && ::access("/proc/locks", R_OK) != 0 ? Known::unknown : Known::no;
}

void look_at_ledger(RunFacts& out) {
  struct stat st{};
  if (::stat((out.dir + "/ledger").c_str(), &st) != 0) {
    out.ledger = errno == ENOENT ? Known::no : Known::unknown;
    return;
  }
  ledger::Image* image = nullptr;
  const auto status = ledger::map_image(out.dir.c_str(), ledger::Missing::fail, image);
  if (image == nullptr) {
    out.ledger = status == ledger::Status::io ? Known::unknown : Known::no;
    return;
  }
  const ledger::Header& header = image->header;
  out.ledger = Known::yes;
  out.entries = header.live.load();
  const std::int64_t seen = header.guard_beat.load();
  out.guard = if_so(seen != 0 && monotonic_now().time_since_epoch().count() - seen < kGuardSilence);
  out.fence = if_so(header.fence.load() != 0);
  ledger::unmap_image(image);
}

/// As in /proc/PID/comm, which the kernel cuts at 15 characters.
constexpr const char* kAgents[] = {"koordlet", "rubik", "rubik-agent", "katalyst-agent", "crane-agent", "cgrulesengd", "kubelet"};

bool is_number(const char* name) {
  for (; *name != '\0'; ++name)
    if (std::isdigit(static_cast<unsigned char>(*name)) == 0) return false;
  return true;
}

bool asks_for_cpu_manager(const std::string& pid) {
  std::string words = whole_file(("/proc/" + pid + "/cmdline").c_str());
  std::replace(words.begin(), words.end(), '\0', ' ');
  return words.find("cpu-manager-policy=static") != std::string::npos ||
         words.find("cpu-manager-policy static") != std::string::npos;
}

void look_at_process(const std::string& pid, WriterFacts& out) {
  const auto name = fs::read_once("/proc/" + pid, "comm");
  if (!name || std::find(std::begin(kAgents), std::end(kAgents), *name) == std::end(kAgents)) return;
  if (std::find(out.agents.begin(), out.agents.end(), *name) == out.agents.end()) out.agents.push_back(*name);
  if (*name == "kubelet" && asks_for_cpu_manager(pid)) out.cpu_manager = Known::yes;
}

void look_at_processes(WriterFacts& out) {
  DIR* dir = ::opendir("/proc");
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir))
    if (is_number(entry->d_name)) look_at_process(entry->d_name, out);
  ::closedir(dir);
}

bool is_unit(const std::string& path) {
  const bool kubernetes = path.find("kubepods") != std::string::npos;
  return !kubernetes && (path.ends_with(".service") || path.ends_with(".slice") || path.ends_with(".scope"));
}

bool no_pods(const std::string& path) { return path.find("kubepods") == std::string::npos; }

void look_at_units(const Hierarchy& where, WriterFacts& out) {
  const auto groups = scan(where, no_pods);
  if (!groups) return;
  for (const auto& group : *groups) {
    if (!is_unit(group.path)) continue;
    auto files = GroupFiles::open(where, group.path);
    if (!files) continue;
    const auto bandwidth = files->bandwidth();
    if (bandwidth && bandwidth->quota) out.quota_units.push_back(group.path);
  }
}

}  // namespace

RunFacts look_at_run_dir(const std::string& dir) {
  RunFacts out;
  out.dir = dir;
  out.guard_program = beside_this_program("headroom-guard");
  out.guard_runs = if_so(::access(out.guard_program.c_str(), X_OK) == 0);
  struct stat st{};
  if (::stat(dir.c_str(), &st) != 0) {
    out.there = errno == ENOENT ? Known::no : Known::unknown;
    return out;
  }
  out.there = Known::yes;
  out.writable = if_so(::access(dir.c_str(), W_OK | X_OK) == 0);
  struct statfs mount{};
  if (::statfs(dir.c_str(), &mount) == 0) out.on_tmpfs = if_so(mount.f_type == TMPFS_MAGIC);
  out.locked = is_locked(dir + "/lock");
  look_at_ledger(out);
  return out;
}

WriterFacts look_for_writers(const NodeFacts& node) {
  WriterFacts out;
  out.systemd = if_so(::access("/run/systemd/system", F_OK) == 0);
  look_at_processes(out);
  const std::string state = whole_file("/var/lib/kubelet/cpu_manager_state");
  if (state.find("\"policyName\":\"static\"") != std::string::npos) out.cpu_manager = Known::yes;
  if (node.where) look_at_units(*node.where, out);
  return out;
}

}  // namespace headroom::doctor
