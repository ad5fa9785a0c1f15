// One way through: observe -> advance -> decide -> plan -> apply -> report.
#pragma once

#include "engine/planner.hpp"
#include "engine/schedule.hpp"
#include "metrics/model/advance.hpp"

namespace headroom {

/// Impure edge: where samples come from. Kernel, simulation or a journal.
class Source {
 public:
  virtual ~Source() = default;
  virtual Sample observe(const ReadPlan& reads) = 0;
  virtual const Catalog& catalog() const = 0;
};

/// Impure edge: where plans go.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::vector<Outcome> apply(const Plan& plan, const Catalog& catalog) = 0;
};

/// Answers success like the real one (observe).
class NullSink final : public Sink {
 public:
  std::vector<Outcome> apply(const Plan& plan, const Catalog& catalog) override;
};

/// Everything that is carried from tick to tick, beside the edges.
struct Engine {
  ModelState model;
  std::unique_ptr<Policy> policy;
  Guardrails rails;
  ScheduleParams schedule;
  PlanState plans;
  ScheduleState due;
  ReadPlan reads;
  Desired desired;
  std::vector<Outcome> outcomes;     ///< of the last plan, fed back with the next sample
};

struct TickResult {
  Snapshot snapshot;
  Plan plan;
  Sample sample;                     ///< what was observed, with the outcomes of the plan before: for the journal
};

/// The whole daemon in ten lines.
TickResult tick(Source& source, Sink& sink, Engine& engine);

}  // namespace headroom
