// Scenarios on a simulated node: the same arms, the same engine, the same tables; time is the simulation's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cgroups/types/class_config.hpp"
#include "lab/experiment.hpp"
#include "lab/sim/node.hpp"

namespace headroom::lab {

/// What `--simulate` needs to know.
struct SimBench {
  int cpus = 2;
  std::uint64_t seed = 1;
  bool (*interrupted)() = nullptr;
  void (*tick)(const std::string& what, nanoseconds left) = nullptr;
};

/// One arm in one rotation on a simulated node: the tree, its loads and, where the arm has one, the engine.
class SimRig {
 public:
  /// Errors: malformed (no such policy).
  static Result<std::unique_ptr<SimRig>> build(const SimBench& bench, const Scenario& scenario, const Arm& arm,
                                               int rotation, const std::string& phase);

  /// Lets the loads begin in 100 ms, to end after `length`. @return when they begin
  TimePoint begin(nanoseconds length);
  /// The engine ticks on the way, where there is one. Errors: io "interrupted".
  Result<> run_until(TimePoint until, const std::string& what);
  /// As `headroomctl pause` and `resume`: nothing is lent, everything is watched.
  enum class Lending { off, on };
  void lend(Lending lending);

  Result<Slot> make_group(const PlannedGroup& group);
  Result<> settle(const PlannedGroup& group);   ///< writes its shares and its limit

  Throttled throttled() const;
  /// Events due in [from, to). Latency ns from due to done.
  Latencies latencies(PodClass pod_class, std::optional<KubeQos> qos, TimePoint from, TimePoint to) const;
  /// Paths of groups whose limit is not what it was, after lending has ended.
  std::vector<std::string> not_restored() const;
  std::size_t steps() const;
  /// Seconds that neighbours' containers have waited, summed; and of that what the engine says is because of it. nullopt: no
  /// engine.
  double neighbours_waited() const;
  std::optional<double> harm() const;
  std::size_t neighbours() const { return neighbours_.size(); }

  sim::SimNode& node() { return node_; }
  const std::vector<PlannedGroup>& plan() const { return plan_; }
  bool has_engine() const { return engine_.policy != nullptr; }
  const Engine& engine() const { return engine_; }
  /// Called after every tick.
  std::function<void(const TickResult&)> after_tick;

 private:
  SimRig(const SimBench& bench, const Scenario& scenario, const Arm& arm, int rotation);
  Result<> populate(int rotation);
  Result<> make_engine();
  ClassRule rule_of(const PlannedGroup& group) const;

  struct Member {
    PlannedGroup group;
    sim::Loads::Id load;
  };
  const SimBench& bench_;
  const Scenario& scenario_;
  Arm arm_;
  sim::SimNode node_;
  std::vector<ClassConfig> classes_;
  Node tuning_;
  std::vector<PlannedGroup> plan_;
  std::vector<Member> members_;
  std::vector<Slot> neighbours_;         ///< containers of protected pods
  nanoseconds harm_{0};                  ///< as of the last tick
  Engine engine_;
};

/// Called for each arm's measured stretch, instead of passing it.
using SimOnlooker = std::function<Result<>(SimRig& rig, const Arm& arm, int rotation, TimePoint to)>;

/// Until the end of the warm-up; an engine watches for the first part of it and lends nothing.
Result<> warm_up(SimRig& rig, const Scenario& scenario, TimePoint begin, const std::string& what);
/// Everything goes back to its owner's values, as at the daemon's end.
Result<> give_back(SimRig& rig, const std::string& what);

/// One arm in one rotation: build, warm up, measure, put back.
Result<ArmRun> measure_simulated(const SimBench& bench, const Scenario& scenario, const Arm& arm, int run, int rotation,
                                 seconds length, const std::string& phase, const SimOnlooker& onlooker,
                                 std::vector<std::string>& notes);
Result<Outcomes> rotate_simulated(const SimBench& bench, const Scenario& scenario, const RunOptions& options,
                                  const std::string& phase, const SimOnlooker& onlooker);
Result<Outcomes> simulate_greedy(const SimBench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> simulate_startup(const SimBench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> simulate_workflow(const SimBench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> simulate_wakeup(const SimBench& bench, const Scenario& scenario, const RunOptions& options);
Result<Outcomes> run_simulated(const SimBench& bench, const Scenario& scenario, const RunOptions& options);

/// First line of a report.
std::string machine_line(const SimBench& bench);

}  // namespace headroom::lab
