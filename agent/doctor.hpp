// headroomctl doctor: what this node lets headroom do. look() asks the kernel, everything after it is pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/fs/probe.hpp"
#include "metrics/model/snapshot.hpp"

namespace headroom::doctor {

enum class Level {
  good,
  note,      ///< worth knowing, nothing to do
  warning,   ///< works, but less well or less safely than it could
  fault      ///< keeps headroom from working, or values of ours are out and nobody stands by
};

struct Finding {
  Level level = Level::good;
  std::string topic;                ///< "burst"
  std::string fact;                 ///< what was found
  std::string means;                ///< what follows from it
  std::string todo;                 ///< the way out; empty where there is nothing to do
  std::vector<std::string> named;   ///< groups, units, pods: left out of a report
};

enum class Known { yes, no, unknown };

/// A controller and where it is mounted: "cpu", "/sys/fs/cgroup/cpu".
using Mounts = std::vector<std::pair<std::string, std::string>>;

struct NodeFacts {
  std::string release, machine;            ///< of uname
  int cpus = 1;
  nanoseconds tick{0};                     ///< in which usage counters move
  std::string cgroup_root;                 ///< as given
  std::optional<Hierarchy> where;
  Error where_error;                       ///< if not
  Mounts libcgroup;                        ///< controllers as libcgroup lists them
  std::string libcgroup_error;             ///< empty: it answered
  Known read_only = Known::unknown;        ///< mount of the cpu controller
  Known own_cgroup_namespace = Known::unknown, own_pid_namespace = Known::unknown;
  Known burst_file = Known::unknown;       ///< seen in a group
  std::optional<Probed> tried;             ///< --try
  Error try_error;                         ///< where it was asked for and failed; code io and empty: not asked
  std::optional<double> pressure;          ///< of the node, 0..1
  Known group_pressure = Known::unknown;
  std::optional<Judge> judge;              ///< that a daemon started here would have
  std::string judge_error;
};

/// What this process is, and what a daemon run as it could write.
struct RightsFacts {
  uid_t uid = 0;
  std::uint64_t capabilities = 0;
  Known no_new_privs = Known::unknown;
  std::string confined;                    ///< "SELinux enforcing", "AppArmor profile x"; empty: not that we know
  std::string file;                        ///< a settings file that was asked about; empty: there is no group
  int file_error = 0;                      ///< errno of the question whether it may be written; 0: it may
};

/// The run directory: lock, ledger, guard.
struct RunFacts {
  std::string dir;
  Known there = Known::unknown, writable = Known::unknown, on_tmpfs = Known::unknown;
  Known locked = Known::unknown;           ///< a daemon that enforces is alive
  Known ledger = Known::unknown;           ///< there is one of this boot
  std::uint32_t entries = 0;               ///< files with something of ours
  Known guard = Known::unknown;            ///< has shown itself within a second
  Known fence = Known::unknown;            ///< raised: the daemon was silent
  std::string guard_program;               ///< where headroomd would take it from
  Known guard_runs = Known::unknown;       ///< it is there and may be executed
};

struct WriterFacts {
  std::vector<std::string> agents;         ///< processes that write cpu limits of groups, by name, once each
  Known systemd = Known::unknown, cpu_manager = Known::unknown;   ///< kubelet's static CPU manager
  std::vector<std::string> quota_units;    ///< systemd units with a finite quota of their own
};

struct DaemonFacts {
  std::string socket;
  std::optional<std::string> status;       ///< JSON of /v1/status
  Errc error = Errc::absent;               ///< if not
  std::string way_out;                     ///< if not
  std::string version;                     ///< of this program
};

struct Facts {
  NodeFacts node;
  RightsFacts rights;
  RunFacts run;
  WriterFacts writers;
  DaemonFacts daemon;
};

enum class Try { nothing, scratch_group };

struct Question {
  std::string socket, cgroup_root, run_dir;
  Try attempt = Try::nothing;              ///< scratch_group: makes one, tries writes and refills in it, removes it
};

/// Reads only, but for Try::scratch_group. Never fails: what cannot be found out is unknown.
Facts look(const Question& question);

// Its parts.
NodeFacts look_at_node(const Question& question);
RightsFacts look_at_rights(const NodeFacts& node);
RunFacts look_at_run_dir(const std::string& dir);
WriterFacts look_for_writers(const NodeFacts& node);
/// @return empty, with `error` set, where libcgroup finds nothing
Mounts ask_libcgroup(std::string& error);

/// In the order in which they are to be read.
std::vector<Finding> findings(const Facts& facts);

// Its parts.
void judge_node(const Facts& facts, std::vector<Finding>& out);
void judge_daemon(const Facts& facts, std::vector<Finding>& out);
void judge_surroundings(const Facts& facts, std::vector<Finding>& out);

/// 0 all good (notes are), 1 warnings, 3 faults.
int exit_code(const std::vector<Finding>& findings);

const char* word(Level level);

}  // namespace headroom::doctor
