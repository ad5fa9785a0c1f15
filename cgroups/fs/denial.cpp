#include "cgroups/fs/denial.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "cgroups/fs/syscalls.hpp"

namespace headroom {
namespace {

constexpr std::uint64_t kDacOverride = 1ULL << 1;   // CAP_DAC_OVERRIDE, capabilities(7)

std::string_view take_word(std::string_view& rest) {
  const auto end = rest.find(' ');
  const auto word = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return word;
}

bool has_option(std::string_view options, std::string_view wanted) {
  const std::string list = "," + std::string(options) + ",";
  return list.find("," + std::string(wanted) + ",") != std::string::npos;
}

bool lies_on(std::string_view path, std::string_view point) {
  if (point == "/") return true;
  return path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/');
}

struct MountOver {
  std::string point;
  bool read_only = false;
};

/// ID PARENT DEV ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS; of several at one point the last is seen.
std::optional<MountOver> mount_over(std::string_view path, std::string_view mountinfo) {
  std::optional<MountOver> best;
  while (!mountinfo.empty()) {
    auto line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(mountinfo.size(), line.size() + 1));
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    auto super = line.substr(dash + 3);
    for (int word = 0; word < 2; ++word) take_word(super);
    for (int word = 0; word < 4; ++word) take_word(line);
    const auto point = take_word(line), options = take_word(line);
    if (!lies_on(path, point) || (best && point.size() < best->point.size())) continue;
    best = MountOver{std::string(point), has_option(options, "ro") || has_option(super, "ro")};
  }
  return best;
}

/// user:role:type:level
bool is_selinux_context(std::string_view label) { return std::count(label.begin(), label.end(), ':') >= 3; }

/// "docker-default (enforce)"
bool is_enforced_profile(std::string_view label) { return label.ends_with(" (enforce)"); }

std::string line_of(const char* dir, const char* name) { return fs::read_once(dir, name).value_or(""); }

/// The number behind "\nKey:"; `which` of several, from 0.
std::uint64_t status_number(std::string_view status, std::string_view key, int base, int which) {
  const auto at = status.find(key);
  if (at == std::string_view::npos) return 0;
  auto rest = status.substr(at + key.size());
  std::uint64_t value = 0;
  for (int i = 0; i <= which; ++i) {
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t")));
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
    if (error != std::errc{}) return 0;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  return value;
}

}  // namespace

DenialFacts read_denial_facts() {
  DenialFacts facts;
  if (const auto file = fs::open_file("/proc/self/mountinfo", "", O_RDONLY))
    if (fs::read_stream(file->get(), "/proc/self/mountinfo", "", facts.mountinfo) < 0) facts.mountinfo.clear();
  facts.label = line_of("/proc/self/attr", "current");
  while (!facts.label.empty() && facts.label.back() == '\0') facts.label.pop_back();   // SELinux ends it so
  facts.selinux_enforcing = line_of("/sys/fs/selinux", "enforce") == "1";
  const std::string status = line_of("/proc/self", "status");
  facts.user = status_number(status, "\nUid:", 10, 1);
  facts.capabilities = status_number(status, "\nCapEff:", 16, 0);
  return facts;
}

Denial explain_denial(const std::string& path, const DenialFacts& facts) {
  if (const auto mount = mount_over(path, facts.mountinfo); mount && mount->read_only)
    return {DenialCause::read_only_mount,
            fmt::format("{} is a read-only mount: mount the host's there read-write (in a pod: a hostPath volume without "
                        "readOnly), or stay in observe", mount->point)};
  if (facts.selinux_enforcing && is_selinux_context(facts.label))
    return {DenialCause::selinux,
            fmt::format("SELinux enforces and this process runs as {}: give it a type that may write cgroup_t (in a pod: "
                        "seLinuxOptions.type spc_t); ausearch -m avc shows the denial", facts.label)};
  if (is_enforced_profile(facts.label))
    return {DenialCause::apparmor,
            fmt::format("the AppArmor profile {} holds this process: allow it to write below {} (in a pod: profile "
                        "Unconfined); the kernel's log shows the denial", facts.label, path)};
  if (facts.user != 0 && (facts.capabilities & kDacOverride) == 0)
    return {DenialCause::not_root,
            fmt::format("it runs as user {} without CAP_DAC_OVERRIDE, and the file is another user's: run it as root, or "
                        "have the group delegated to it", facts.user)};
  return {DenialCause::unknown, "/proc shows no read-only mount, no SELinux context and no AppArmor profile that forbids it"};
}

}  // namespace headroom
