// One arm in one rotation: the tree, its load and, where the arm has one, the daemon. Measured over a stretch.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab/arm.hpp"
#include "lab/daemon.hpp"
#include "lab/process.hpp"
#include "lab/stats.hpp"
#include "lab/tree.hpp"

namespace headroom::lab {

/// What every run needs to know about where it runs.
struct Bench {
  Hierarchy where;
  int cpus = 1;
  std::string daemon;            ///< path of headroomd
  std::string daemon_config;     ///< text that replaces the generated configuration; empty: none
  std::string dir;               ///< own directory on tmpfs
  std::string scratch;           ///< name of the scratch tree
  std::uint64_t seed = 1;
  bool (*interrupted)() = nullptr;
  void (*tick)(const std::string& what, nanoseconds left) = nullptr;   ///< progress, once a second
};

/// A container of the tree with its load process.
struct Member {
  PlannedGroup group;
  LoadProcess process;
};

/// Throttled time of steps now. Seconds.
struct Throttled {
  double container = 0, pod = 0;
};

class Rig {
 public:
  /// Builds the tree and starts every load process (they wait), then the daemon. Errors: as of its parts.
  static Result<Rig> build(const Bench& bench, const Scenario& scenario, const Arm& arm, int rotation,
                           const std::string& phase, seconds longest);

  /// Lets the load begin in 100 ms, to end after `length`. @return when it begins, CLOCK_MONOTONIC ns
  std::int64_t begin(nanoseconds length);
  /// Sleeps until then, with progress. Errors: io "interrupted".
  Result<> wait_until(std::int64_t at, const std::string& what);

  Throttled throttled();
  /// Seconds that neighbours' containers have waited, by their cgroups' pressure; summed. nullopt: no pressure to be read.
  std::optional<double> neighbours_waited();
  std::size_t neighbours() const;
  /// Events of steps, or of neighbours of one QoS, due in [from, to). Latency ns from due to done.
  Latencies latencies(PodClass pod_class, std::optional<KubeQos> qos, std::int64_t from, std::int64_t to) const;
  /// Steps whose container or pod quota is not what it was at the beginning: empty after the daemon has ended.
  std::vector<std::string> not_restored();
  void stop_daemon();

  ScratchTree& tree() { return *tree_; }
  std::vector<Member>& members() { return members_; }
  std::vector<PlannedGroup>& plan() { return plan_; }
  Daemon* daemon() { return daemon_ ? &*daemon_ : nullptr; }
  const Scenario& scenario() const { return *scenario_; }
  std::size_t steps() const;

 private:
  Rig() = default;
  Result<> populate(int rotation, seconds longest);
  Result<> wait_ready();

  const Bench* bench_ = nullptr;
  const Scenario* scenario_ = nullptr;
  std::vector<PlannedGroup> plan_;
  std::unique_ptr<ScratchTree> tree_;      // destroyed last: processes go first, then the groups
  std::vector<Member> members_;
  std::optional<Daemon> daemon_;           // destroyed first: it puts its own things back
};

}  // namespace headroom::lab
