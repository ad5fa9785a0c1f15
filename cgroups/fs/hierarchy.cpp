#include "cgroups/fs/hierarchy.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "cgroups/fs/syscalls.hpp"

namespace headroom {
namespace {

struct Mount {
  bool unified = false;
  std::string root;  ///< which group of its hierarchy is seen at `point`; "" for the hierarchy's root
  std::string point;
  std::string controllers;  ///< v1: the super block's options, ",cpu,cpuacct,"
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// mountinfo writes blanks, tabs, newlines and backslashes as \ooo.
std::string unescaped(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) && octal(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// "/" -> "", "/a/b/" -> "/a/b": so that a path plus "/x" is a path.
std::string without_trailing_slash(std::string path) {
  while (!path.empty() && path.back() == '/') path.pop_back();
  return path;
}

/// One line of proc_pid_mountinfo(5): ID PARENT DEV ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS
std::optional<Mount> parse_mount(std::string_view line) {
  const auto dash = line.find(" - ");
  if (dash == std::string_view::npos) return std::nullopt;
  const auto left = split(line.substr(0, dash), ' ');
  const auto right = split(line.substr(dash + 3), ' ');
  if (left.size() < 6 || right.size() < 3) return std::nullopt;
  const bool unified = right[0] == "cgroup2";
  if (!unified && right[0] != "cgroup") return std::nullopt;
  return Mount{unified, without_trailing_slash(unescaped(left[3])), without_trailing_slash(unescaped(left[4])),
               "," + std::string(right[2]) + ","};
}

/// Cgroup mounts in their order; one that was mounted over is not seen any more.
std::vector<Mount> parse_mounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  for (const auto line : split(mountinfo, '\n')) {
    auto mount = parse_mount(line);
    if (!mount) continue;
    std::erase_if(mounts, [&](const Mount& m) { return m.point == mount->point; });
    mounts.push_back(std::move(*mount));
  }
  return mounts;
}

bool holds(const Mount& mount, const char* controller) {
  return !mount.unified && mount.controllers.find("," + std::string(controller) + ",") != std::string::npos;
}

/// The rest of `path` below `dir`: "" or "/…"; nullopt if it is not below.
std::optional<std::string> below(const std::string& path, const std::string& dir) {
  if (path.compare(0, dir.size(), dir) != 0) return std::nullopt;
  if (path.size() > dir.size() && path[dir.size()] != '/') return std::nullopt;
  return path.substr(dir.size());
}

std::size_t common_prefix(const std::string& a, const std::string& b) {
  std::size_t n = 0;
  while (n < a.size() && n < b.size() && a[n] == b[n]) ++n;
  return n;
}

/// Of several mounts of one hierarchy (a container's own and the host's) the one beside the cpu mount.
template <class Wanted>
const Mount* nearest(const std::vector<Mount>& mounts, const Mount& cpu, Wanted wanted) {
  const Mount* best = nullptr;
  for (const auto& mount : mounts) {
    if (!wanted(mount)) continue;
    if (!best || common_prefix(mount.point, cpu.point) > common_prefix(best->point, cpu.point)) best = &mount;
  }
  return best;
}

/// The cpu hierarchy and the group in it that is our root.
struct Choice {
  const Mount* cpu = nullptr;
  std::string group;  ///< below the mount: "" or "/…"
};

/// A v1 cpu mount, or cgroup2 where no v1 hierarchy that `fits` holds the controller.
template <class Fits>
const Mount* cpu_mount(const std::vector<Mount>& mounts, Fits fits) {
  const Mount* unified = nullptr;
  for (const auto& mount : mounts) {
    if (!fits(mount)) continue;
    if (holds(mount, "cpu")) return &mount;
    if (mount.unified && !unified) unified = &mount;
  }
  return unified;
}

Choice choose(const std::vector<Mount>& mounts, const std::string& root) {
  if (root.empty()) {
    const auto usual = [](const Mount& m) { return below(m.point, "/sys/fs/cgroup").has_value(); };
    if (const Mount* m = cpu_mount(mounts, usual)) return {m, ""};
    return {cpu_mount(mounts, [](const Mount&) { return true; }), ""};
  }
  const auto below_root = [&](const Mount& m) { return below(m.point, root).has_value(); };
  if (const Mount* m = cpu_mount(mounts, below_root)) return {m, ""};
  Choice best;
  for (const auto& mount : mounts) {
    const auto rest = below(root, mount.point);
    if (!rest || !(mount.unified || holds(mount, "cpu"))) continue;
    if (!best.cpu || mount.point.size() > best.cpu->point.size()) best = {&mount, *rest};
  }
  return best;
}

/// The same group in another hierarchy; "" where that mount does not show it.
std::string same_group(const Mount* mount, const Choice& choice) {
  if (!mount) return {};
  const auto rest = below(choice.cpu->root + choice.group, mount->root);
  return rest ? mount->point + *rest : std::string{};
}

Hierarchy describe(const std::vector<Mount>& mounts, const Choice& choice) {
  const auto v1 = [&](const char* controller) {
    return nearest(mounts, *choice.cpu, [controller](const Mount& m) { return holds(m, controller); });
  };
  Hierarchy h;
  h.v2 = choice.cpu->unified;
  h.cpu = choice.cpu->point + choice.group;
  if (h.v2) {
    h.cpuacct = h.cpuset = h.pids = h.unified = h.cpu;
    h.top = choice.cpu->point;
    return h;
  }
  const Mount* cpuacct = v1("cpuacct");
  h.cpuacct = same_group(cpuacct, choice);
  h.cpuset = same_group(v1("cpuset"), choice);
  h.pids = same_group(v1("pids"), choice);
  h.top = cpuacct ? cpuacct->point : std::string{};
  h.unified = same_group(nearest(mounts, *choice.cpu, [](const Mount& m) { return m.unified; }), choice);
  return h;
}

tl::unexpected<Error> no_controller(const std::vector<Mount>& mounts, const std::string& root, const std::string& why) {
  std::string seen;
  for (const auto& m : mounts) seen += (seen.empty() ? "" : ", ") + m.point + (m.unified ? " (cgroup2)" : " (v1)");
  return fail(Errc::absent, root.empty() ? "cgroup mounts" : "--cgroup-root " + root,
              why + "; seen: " + (seen.empty() ? "no cgroup mount" : seen) +
                  "; mount the host's /sys/fs/cgroup and name it with --cgroup-root");
}

/// Symbolic links (/sys/fs/cgroup/cpu -> cpu,cpuacct) never show in mountinfo.
std::string resolved(const std::string& path) {
  if (path.empty()) return path;
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return without_trailing_slash(real ? std::string(real.get()) : path);
}

}  // namespace

Result<Hierarchy> detect_hierarchy(std::string_view mountinfo, const std::string& cgroup_root) {
  const auto mounts = parse_mounts(mountinfo);
  const auto choice = choose(mounts, resolved(cgroup_root));
  if (!choice.cpu) return no_controller(mounts, cgroup_root, "no cpu controller");
  auto hierarchy = describe(mounts, choice);
  if (hierarchy.v2) {
    // A hybrid host's unified mount is cgroup2 too, without the controller. Unreadable here: the reader will say so.
    const auto controllers = fs::read_once(hierarchy.cpu, "cgroup.controllers");
    if (controllers && (" " + *controllers + " ").find(" cpu ") == std::string::npos)
      return no_controller(mounts, cgroup_root, "cgroup.controllers of " + hierarchy.cpu + " has no cpu");
  }
  return hierarchy;
}

Result<Hierarchy> detect_hierarchy(const std::string& cgroup_root) {
  const std::string where = "/proc/self/mountinfo";
  const auto file = fs::open_file(where, "", O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  std::string text;
  const long got = fs::read_stream(file->get(), where, "", text);
  if (got < 0) return fs::failure(static_cast<int>(-got), where);
  return detect_hierarchy(std::string_view(text), cgroup_root);
}

}  // namespace headroom
