#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "agent/clock.hpp"
#include "agent/ctl_client.hpp"
#include "agent/doctor.hpp"
#include "agent/kernel_source.hpp"
#include "agent/options.hpp"

namespace headroom::doctor {
namespace {

Known if_so(bool so) { return so ? Known::yes : Known::no; }

/// Inode numbers of the namespaces that a machine boots with: include/linux/proc_ns.h.
Known in_own_namespace(const char* link, unsigned long initial) {
  char text[64];
  const ssize_t n = ::readlink(link, text, sizeof text - 1);
  if (n <= 0) return Known::unknown;
  text[n] = '\0';
  const char* number = std::strchr(text, '[');
  return number == nullptr ? Known::unknown : if_so(std::strtoul(number + 1, nullptr, 10) != initial);
}

Known is_read_only(const std::string& dir) {
  struct statvfs mount{};
  return ::statvfs(dir.c_str(), &mount) == 0 ? if_so((mount.f_flag & ST_RDONLY) != 0) : Known::unknown;
}

bool there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// The first group below the root that has settings files; v2's root has none.
std::string sample_group(const Hierarchy& where) {
  const auto groups = scan(where, [](const std::string& path) { return path.find('/') == std::string::npos; });
  if (!groups) return {};
  for (const auto& group : *groups) {
    const std::string dir = group.path.empty() ? where.cpu : where.cpu + "/" + group.path;
    if (!group.path.empty() && there(dir + "/" + file_name(CpuFile::quota, where.v2))) return dir;
  }
  return there(where.cpu + "/" + file_name(CpuFile::quota, where.v2)) ? where.cpu : std::string{};
}

void look_at_groups(NodeFacts& out) {
  const Hierarchy& where = *out.where;
  out.read_only = is_read_only(where.cpu);
  if (const std::string sample = sample_group(where); !sample.empty())
    out.burst_file = if_so(there(sample + "/" + file_name(CpuFile::burst, where.v2)));
  out.group_pressure = if_so(assume(where).group_pressure);
  const auto source = KernelSource::create({where, {}, std::nullopt, own_group(where.cpu), &monotonic_now});
  if (source) out.judge = (*source)->judge();
  else out.judge_error = source.error().where + ": " + source.error().detail;
}

nanoseconds tick_length() {
  timespec t{};
  return clock_getres(CLOCK_MONOTONIC_COARSE, &t) == 0 ? nanoseconds{t.tv_nsec} : nanoseconds{0};
}

DaemonFacts look_at_daemon(const std::string& socket) {
  DaemonFacts out;
  out.socket = socket;
  out.version = kVersion;
  auto answer = ask_unix(socket, HttpMethod::get, "/v1/status");
  if (answer && answer->status == 200 && is_ours(*answer)) {
    out.status = std::move(answer->body);
  } else if (answer) {
    out.error = answer->status == 403 ? Errc::denied : Errc::malformed;
    out.way_out = answer->status == 403 ? "run headroomctl as root or as the daemon's user"
                                        : "what answers there is no headroomd that this version understands";
  } else {
    out.error = answer.error().code;
    out.way_out = way_out(socket, answer.error());
  }
  return out;
}

std::uint64_t hex_after(const std::string& text, const char* key) {
  const auto at = text.find(key);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + std::strlen(key), nullptr, 16);
}

std::string confinement() {
  const auto selinux = fs::read_once("/sys/fs/selinux", "enforce");
  if (selinux && *selinux == "1") return "SELinux enforcing";
  const auto profile = fs::read_once("/proc/self/attr", "current");
  if (profile && !profile->empty() && profile->rfind("unconfined", 0) != 0 && profile->find(':') == std::string::npos)
    return "AppArmor profile " + *profile;
  return {};
}

}  // namespace

NodeFacts look_at_node(const Question& question) {
  NodeFacts out;
  utsname name{};
  if (::uname(&name) == 0) {
    out.release = name.release;
    out.machine = name.machine;
  }
  out.cpus = online_cpus();
  out.tick = tick_length();
  out.cgroup_root = question.cgroup_root;
  out.libcgroup = ask_libcgroup(out.libcgroup_error);
  out.own_cgroup_namespace = in_own_namespace("/proc/self/ns/cgroup", 0xEFFFFFFBUL);
  out.own_pid_namespace = in_own_namespace("/proc/self/ns/pid", 0xEFFFFFFCUL);
  if (const auto pressure = read_node_pressure()) out.pressure = *pressure;
  auto where = detect_hierarchy(question.cgroup_root);
  if (!where) {
    out.where_error = where.error();
    return out;
  }
  out.where = std::move(*where);
  look_at_groups(out);
  if (question.attempt == Try::nothing) return out;
  auto tried = probe(*out.where);
  if (tried) out.tried = *tried;
  else out.try_error = tried.error();
  return out;
}

RightsFacts look_at_rights(const NodeFacts& node) {
  RightsFacts out;
  out.uid = ::geteuid();
  if (const auto status = fs::read_once("/proc/self", "status")) {
    out.capabilities = hex_after(*status, "\nCapEff:");
    if (status->find("\nNoNewPrivs:") != std::string::npos)
      out.no_new_privs = if_so(hex_after(*status, "\nNoNewPrivs:") == 1);
  }
  out.confined = confinement();
  const std::string group = node.where ? sample_group(*node.where) : std::string{};
  if (group.empty()) return out;
  out.file = group + "/" + file_name(CpuFile::quota, node.where->v2);
  // Asked, never opened for writing: closing it again would look like somebody's write to a daemon that watches.
  out.file_error = ::faccessat(AT_FDCWD, out.file.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : errno;
  return out;
}

Facts look(const Question& question) {
  Facts out;
  out.node = look_at_node(question);
  out.rights = look_at_rights(out.node);
  out.run = look_at_run_dir(question.run_dir);
  out.writers = look_for_writers(out.node);
  out.daemon = look_at_daemon(question.socket);
  return out;
}

}  // namespace headroom::doctor
