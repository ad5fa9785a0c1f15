#include "engine/tick.hpp"

namespace headroom {

TickResult tick(Source& source, Sink& sink, Engine& engine) {
  Sample sample = source.observe(engine.reads);
  sample.outcomes = std::move(engine.outcomes);
  const Snapshot snapshot = advance(engine.model, sample, source.catalog());
  engine.desired.clear();
  engine.policy->decide(snapshot, engine.desired);
  Plan plan = make_plan(snapshot, engine.desired, engine.rails, engine.plans);
  engine.outcomes = sink.apply(plan, source.catalog());
  engine.schedule.rhythm = engine.policy->rhythm();
  next_reads(snapshot, engine.plans, engine.schedule, engine.due, engine.reads);
  return {snapshot, std::move(plan), std::move(sample)};
}

}  // namespace headroom
