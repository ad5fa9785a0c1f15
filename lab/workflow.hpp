// A workflow: many steps that live for a second or two, at most so many at once, each a pod of its own in runc's order. The
// same on real cgroups and on a simulated node.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "lab/experiment.hpp"
#include "lab/random.hpp"

namespace headroom::lab {

struct WorkflowStep {
  std::size_t pod = 0;                   ///< index into Scenario::pods
  int replica = 0;
};

/// Every step of the scenario, in an order by seed.
std::vector<WorkflowStep> workflow_steps(const Scenario& scenario, int cpus, std::uint64_t seed);

struct WorkflowDone {
  Latencies steps;                       ///< from exec to the end of the job
  Throttled throttled;
  std::int64_t from = 0, to = 0;         ///< ns, of the world's clock
};

/// World is where the steps live:
///   struct Place;                                        // of one step
///   std::int64_t now();   Result<> pass(what);           // a moment
///   Result<> make_pod(Place&, plan);   Result<> attach(Place&, plan, load);
///   Result<> weigh(Place&, plan);      Result<> limit(Place&, plan);        // writes shares; writes the limit and lets it begin
///   std::optional<std::int64_t> ended(Place&);           // when its job was done
///   void remove(Place&, plan, Throttled& add);           // adds what it was throttled
template <class World>
class Workflow {
 public:
  Workflow(World& world, const Scenario& scenario, const Arm& arm) : world_(world), scenario_(scenario), arm_(arm) {}

  Result<WorkflowDone> run(const std::vector<WorkflowStep>& todo, const std::string& what) {
    done_.from = world_.now();
    std::size_t next = 0;
    while (next < todo.size() || !under_way_.empty()) {
      while (next < todo.size() && under_way_.size() < static_cast<std::size_t>(scenario_.parallel))
        if (auto ok = begin(todo[next++]); !ok) return tl::unexpected(ok.error());
      if (auto ok = look(); !ok) return tl::unexpected(ok.error());
      if (world_.now() - done_.from > kLongest) return fail(Errc::io, what, "the workflow has not ended in 10 minutes");
      const auto words = fmt::format("{}, step {} of {}", what, next - under_way_.size(), todo.size());
      if (auto ok = world_.pass(words); !ok) return tl::unexpected(ok.error());
    }
    done_.to = world_.now();
    return std::move(done_);
  }

  static constexpr std::int64_t kLongest = 600'000'000'000;   ///< ns, of a whole workflow

 private:
  // KERNEL 17: the pod first, then attach, 14 ms later shares, 10 ms after that period and quota, then exec.
  static constexpr std::int64_t kPodBefore = 150'000'000, kToShares = 14'000'000, kToQuota = 10'000'000;

  enum class Stage { pod, attached, weighed, works };
  struct Step {
    std::vector<PlannedGroup> plan;      ///< pod, sandbox, container
    Load load;
    typename World::Place place;
    Stage stage = Stage::pod;
    std::int64_t next = 0, limited = 0;  ///< next: when it enters the stage after this one
  };
  enum class Ended { no, yes };

  Result<> begin(const WorkflowStep& todo) {
    Step step;
    step.plan = for_arm(plan_pod(scenario_, todo.pod, todo.replica), scenario_, arm_);
    step.load = scenario_.pods[todo.pod].containers[step.plan.back().container].load;
    if (auto ok = world_.make_pod(step.place, step.plan); !ok) return ok;
    step.next = world_.now() + kPodBefore;
    under_way_.push_back(std::move(step));
    return {};
  }

  Result<> look() {
    for (std::size_t i = 0; i < under_way_.size();) {
      auto ended = advance(under_way_[i]);
      if (!ended) return tl::unexpected(ended.error());
      if (*ended == Ended::no) ++i;
      else under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return {};
  }

  Result<> enter(Step& step, Stage stage, std::int64_t stays, Result<> done) {
    step.stage = stage;
    step.next = world_.now() + stays;
    return done;
  }

  Result<Ended> advance(Step& step) {
    if (step.stage == Stage::works) return finish(step);
    if (world_.now() < step.next) return Ended::no;
    Result<> ok;
    switch (step.stage) {
      case Stage::pod:
        ok = enter(step, Stage::attached, kToShares, world_.attach(step.place, step.plan, step.load));
        break;
      case Stage::attached:
        ok = enter(step, Stage::weighed, kToQuota, world_.weigh(step.place, step.plan));
        break;
      case Stage::weighed:
        ok = enter(step, Stage::works, 0, world_.limit(step.place, step.plan));
        step.limited = world_.now();
        break;
      case Stage::works:
        break;
    }
    if (!ok) return tl::unexpected(ok.error());
    return Ended::no;
  }

  Result<Ended> finish(Step& step) {
    const auto ended = world_.ended(step.place);
    if (!ended) return Ended::no;
    done_.steps.push_back(*ended - step.limited);
    world_.remove(step.place, step.plan, done_.throttled);
    return Ended::yes;
  }

  World& world_;
  const Scenario& scenario_;
  const Arm& arm_;
  std::vector<Step> under_way_;
  WorkflowDone done_;
};

/// What comes of a workflow, but for counters of the daemon.
void put_workflow(ArmRun& out, WorkflowDone done);
/// Adds each arm's makespan as a finding.
Outcomes judge_workflow(Outcomes out);

}  // namespace headroom::lab
