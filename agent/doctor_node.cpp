// Kernel, cgroups, burst, refill, pressure, judge: what the node offers.
#include <fmt/format.h>

#include "agent/doctor.hpp"
#include "metrics/export/export.hpp"   // word(Judge)

namespace headroom::doctor {
namespace {

void add(std::vector<Finding>& out, Level level, const char* topic, std::string fact, std::string means = {},
         std::string todo = {}) {
  out.push_back({level, topic, std::move(fact), std::move(means), std::move(todo), {}});
}

void kernel(const NodeFacts& n, std::vector<Finding>& out) {
  add(out, Level::good, "kernel",
      fmt::format("Linux {} on {}, {} CPUs; usage counters move every {} ms", n.release, n.machine, n.cpus,
                  static_cast<double>(n.tick.count()) / 1e6));
}

void namespaces(const NodeFacts& n, std::vector<Finding>& out) {
  if (n.own_cgroup_namespace == Known::yes)
    add(out, Level::warning, "namespaces", "this is a cgroup namespace of its own (a container)",
        "only what lies below it can be seen, unless the host's tree is mounted somewhere else",
        "mount the host's /sys/fs/cgroup and name it with --cgroup-root");
  if (n.own_pid_namespace == Known::yes)
    add(out, Level::note, "namespaces", "this is a PID namespace of its own",
        "the judge run-delay cannot be used, and other writers cannot be found among the processes");
  if (n.own_cgroup_namespace != Known::yes && n.own_pid_namespace != Known::yes) add(out, Level::good, "namespaces", "the host's");
}

std::string layout(const Hierarchy& h) {
  if (h.v2) return "v2 at " + h.cpu;
  std::string out = "v1, cpu at " + h.cpu;
  out += h.cpuacct == h.cpu ? " with cpuacct" : h.cpuacct.empty() ? ", no cpuacct" : ", cpuacct apart at " + h.cpuacct;
  out += h.unified.empty() ? ", no cgroup2 beside it" : ", cgroup2 without cpu at " + h.unified;
  return out;
}

void cgroups(const NodeFacts& n, std::vector<Finding>& out) {
  if (!n.where) {
    add(out, Level::fault, "cgroups", n.where_error.where + ": " + n.where_error.detail,
        "without the cpu controller there is nothing to read and nothing to lend",
        "mount the hierarchy with the cpu controller; in a container give --cgroup-root");
    return;
  }
  add(out, Level::good, "cgroups", layout(*n.where));
  if (!n.where->v2 && n.where->cpuacct.empty())
    add(out, Level::fault, "cgroups", "no cpuacct hierarchy is mounted", "usage cannot be read: nothing can be forecast",
        "mount -t cgroup -o cpuacct none /sys/fs/cgroup/cpuacct");
  if (n.read_only == Known::yes)
    add(out, Level::warning, "mounts", n.where->cpu + " is mounted read-only here",
        "headroomd can only observe from here",
        "for enforce: a hostPath mount without readOnly, or ProtectControlGroups=no in the unit");
  else
    add(out, n.read_only == Known::no ? Level::good : Level::note, "mounts",
        n.where->cpu + (n.read_only == Known::no ? " is not mounted read-only" : ": whether it is mounted read-only could not be found out"));
}

/// Where headroom looks, by libcgroup's names.
Mounts ours(const Hierarchy& h) {
  Mounts out{{"cpu", h.cpu}, {"cpuacct", h.cpuacct}, {"cpuset", h.cpuset}, {"pids", h.pids}};
  if (h.v2) out = {{"cpu", h.cpu}};
  return out;
}

/// The same mount, or a group below it (--cgroup-root).
bool agrees(const std::string& mine, const std::string& theirs) {
  return mine == theirs || (mine.size() > theirs.size() && mine.compare(0, theirs.size(), theirs) == 0 && mine[theirs.size()] == '/');
}

std::string mounts_of(const NodeFacts& n, const std::string& controller) {
  std::string out;
  for (const auto& [name, path] : n.libcgroup)
    if (name == controller) out += (out.empty() ? "" : " and ") + path;
  return out;
}

/// cpu and cpuacct may be one mount under several names (cpu -> cpu,cpuacct): a link is not a difference.
bool one_agrees(const NodeFacts& n, const std::string& controller, const std::string& mine) {
  for (const auto& [name, path] : n.libcgroup)
    if (name == controller && agrees(mine, path)) return true;
  return false;
}

void libcgroup(const NodeFacts& n, std::vector<Finding>& out) {
  if (!n.libcgroup_error.empty() || n.libcgroup.empty()) {
    add(out, n.where ? Level::warning : Level::note, "libcgroup",
        "libcgroup finds no controllers" + (n.libcgroup_error.empty() ? "" : " (" + n.libcgroup_error + ")"),
        n.where ? "headroom reads the same mount table and finds them: one of the two is mistaken" : "", "");
    return;
  }
  if (!n.where) return;
  std::string same;
  for (const auto& [controller, path] : ours(*n.where)) {
    const std::string theirs = mounts_of(n, controller);
    if (path.empty() && theirs.empty()) continue;
    if (!path.empty() && one_agrees(n, controller, path)) {
      same += (same.empty() ? "" : ", ") + controller;
      continue;
    }
    add(out, Level::warning, "libcgroup",
        fmt::format("{}: headroom uses {}, libcgroup has it {}", controller, path.empty() ? "nothing" : path,
                    theirs.empty() ? "nowhere" : "at " + theirs),
        "tools that use libcgroup (cgexec, cgset) and headroom would work on different groups",
        "see /proc/self/mountinfo; --cgroup-root says which tree is meant");
  }
  if (!same.empty()) add(out, Level::good, "libcgroup", "finds " + same + " at the same mounts");
}

/// v1 refuses a child above its parent, v2 takes it.
bool as_documented(const NodeFacts& n) { return n.tried->parent_child_rule == !n.where->v2; }

void tried(const NodeFacts& n, std::vector<Finding>& out) {
  if (!n.try_error.where.empty()) {
    add(out, Level::warning, "try", n.try_error.where + ": " + n.try_error.detail,
        "no scratch group could be made: headroomd would stay in observe", "as root, on a writable mount");
    return;
  }
  if (!n.tried) return;
  const Probed& p = *n.tried;
  add(out, p.rewrite_refills ? Level::good : Level::warning, "refill",
      p.refills_assumed   ? "rewriting a value refills the pool at once (documented; in this cgroup namespace no process may be moved to try it)"
      : p.rewrite_refills ? "rewriting a value refills the pool at once (tried)" : "rewriting a value does not refill the pool (tried)",
      p.rewrite_refills ? "" : "no hidden leases: limits are raised in the files, where everybody can read them", "");
  if (p.burst_above_quota)
    add(out, Level::note, "burst", "this kernel takes a burst above the quota (tried)", "as some vendors' kernels do", "");
  if (!as_documented(n))
    add(out, Level::note, "kernel",
        p.parent_child_rule ? "a child's quota above its parent's is refused (tried)" : "a child's quota may be above its parent's (tried)",
        "other than documented for this cgroup version; headroom goes by what was tried", "");
}

void burst(const NodeFacts& n, std::vector<Finding>& out) {
  switch (n.burst_file) {
    case Known::yes: return add(out, Level::good, "burst", "groups have a burst file");
    case Known::no:
      return add(out, Level::warning, "burst", "groups have no burst file (Linux before 5.14, or built without)",
                 "hidden leases rewrite the quota instead, and nothing carries a container over what is shorter than 50 ms",
                 "a newer kernel; everything else works");
    case Known::unknown:
      return add(out, Level::note, "burst", "no group with settings was found to look at", "there is nothing to lend to yet");
  }
}

void pressure(const NodeFacts& n, std::vector<Finding>& out) {
  if (n.pressure) return add(out, Level::good, "psi", fmt::format("on; CPU pressure of the node is {:.0f} % now", *n.pressure * 100));
  add(out, Level::warning, "psi", "/proc/pressure/cpu cannot be read: pressure stall information is off",
      "headroom has a poorer judge of what its leases do to neighbours", "boot with psi=1");
}

void judge(const NodeFacts& n, std::vector<Finding>& out) {
  if (!n.judge_error.empty())
    return add(out, Level::fault, "judge", n.judge_error, "a daemon started here could not watch its groups",
               "inotify limits (fs.inotify.max_user_watches) or rights");
  if (!n.judge) return;
  if (*n.judge != Judge::none)
    return add(out, Level::good, "judge", fmt::format("{} would tell that a neighbour waits", headroom::word(*n.judge)));
  add(out, Level::warning, "judge", "nothing tells that a neighbour waits",
      "headroom lends up to 75 % of the CPUs only, instead of 95 %",
      "one of: psi=1 with cgroup v2, or with cgroup2 mounted at /sys/fs/cgroup/unified and containers in it; "
      "sysctl kernel.sched_schedstats=1 (v1); the host's PID namespace (hostPID: true)");
}

}  // namespace

void judge_node(const Facts& facts, std::vector<Finding>& out) {
  const NodeFacts& n = facts.node;
  kernel(n, out);
  namespaces(n, out);
  cgroups(n, out);
  libcgroup(n, out);
  if (n.where) {
    burst(n, out);
    tried(n, out);
  }
  pressure(n, out);
  judge(n, out);
}

}  // namespace headroom::doctor
