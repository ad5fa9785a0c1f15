// What a tick means for people: one immutable value for metrics, state API and `top`. Plain data, made by engine/report.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/model/snapshot.hpp"

namespace headroom {

struct LeaseReport {
  std::string kind;            ///< "start", "burst"
  std::string actuator;        ///< "file", "hidden"
  MilliCpu cores;              ///< in all
  nanoseconds age{0};
  nanoseconds ends_in{0};      ///< 0: no end set
  std::string why;             ///< one sentence
};

struct GroupReport {
  Slot slot = kNoSlot;
  std::uint64_t id = 0;
  std::string path;
  std::string ns, pod, container;          ///< metric labels; see ECOSYSTEM 3: unique by construction
  std::string container_id, pod_uid;
  std::string kind;                        ///< "container", "pod", "scope", "slice", …
  std::string qos, rule;                   ///< labels qos and class
  std::shared_ptr<const WorkflowStep> step;   ///< null: of no engine that is known
  ContainerRole role = ContainerRole::service;
  bool borrower = false;                   ///< its class may borrow
  std::optional<MilliCpu> base_limit;      ///< owner's limit; nullopt: none or not known
  std::optional<Bandwidth> in_force;
  std::optional<Shares> shares, base_shares;
  MilliCpu use;                            ///< over 1 s
  MilliCpu rate;                           ///< now
  nanoseconds usage_total{0};
  ThrottleCounters throttle;               ///< since the group was made
  std::optional<nanoseconds> throttled_for;      ///< age of the present or last stretch of throttling; nullopt: none seen
  nanoseconds throttled_ago{0};            ///< since it was last seen throttled
  ThrottleCounters stretch;                ///< of that stretch alone
  nanoseconds lent_cpu{0};                 ///< CPU used above its own limit while a lease was out
  nanoseconds stall_avoided{0};
  std::optional<LeaseReport> lease;
  std::string verdict;                     ///< why it is treated as it is: one sentence, from Policy::explain
  Reason reason;                           ///< the numbers behind verdict
  nanoseconds harm_minute{0}, harm_total{0};
  std::uint64_t settings_writes = 0, refills = 0;
  std::uint32_t foreign_writes = 0;
};

/// What this kernel does with bandwidth; `assumed` until it was tried in a scratch group.
struct KernelView {
  bool burst_file = true, burst_above_quota = false, parent_child_rule = true, rewrite_refills = true,
       group_pressure = false, assumed = true;
};

struct WriteCount {
  std::string file, kind, result;          ///< labels of headroom_cgroup_writes_total
  std::uint64_t count = 0;
};

/// What is known of the configuration file.
struct ConfigReport {
  std::string file;                        ///< empty: built-in defaults
  std::string hash;                        ///< of the text in force
  std::uint64_t generation = 0;            ///< 1 at start, one more for every change taken up
  std::uint64_t reloads_ok = 0, reloads_failed = 0;
  double last_success = 0;                 ///< seconds since the epoch
  std::vector<std::string> faults;         ///< of the file as it is now, where it was refused; empty: it is in force
};

/// Somebody who is asked who is who.
struct SourceReport {
  std::string name;                        ///< "cgroup", "kubelet", "docker"
  bool up = false;
  std::uint64_t reconnects = 0;            ///< times it answered again after it had not
  std::string trouble;                     ///< why it is not up; a sentence
};

struct Report {
  TimePoint at;
  std::string mode;                        ///< "off", "observe", "enforce"
  std::string mode_reason;                 ///< why not the one asked for; empty: as asked
  bool paused = false;                     ///< by headroomctl pause or restore: nothing is lent until resume
  std::string policy;
  ConfigReport config;
  std::string cgroup_root;
  std::vector<SourceReport> sources;
  KernelView kernel;
  bool v2 = false;
  NodeView node;
  MilliCpu lendable, lent;
  std::vector<GroupReport> groups;         ///< containers, pods and plain groups that are watched
  std::vector<WriteCount> writes;
  double refill_cost_seconds = 0;
  std::vector<std::pair<std::string, double>> write_cost_seconds;    ///< by file
  std::vector<std::pair<std::string, std::uint64_t>> foreign_writes; ///< "file writer"
  std::vector<std::pair<std::string, std::uint64_t>> revoked;        ///< by reason
  std::uint64_t ticks = 0, reads = 0;
  std::array<std::uint64_t, 12> tick_duration{};  ///< cumulative histogram, buckets in export
  std::array<std::uint64_t, 12> tick_lateness{};
  double tick_duration_sum = 0, tick_lateness_sum = 0;
  bool guard_up = false;
  std::vector<std::string> events;         ///< last 50 notable things, newest last: revocations, foreign writes, faults
};

}  // namespace headroom
