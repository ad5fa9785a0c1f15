// The engine as an enforcing daemon has it, on a simulated node.
#pragma once

#include "lab/sim/node.hpp"
#include "policies/policy.hpp"

namespace headroom::lab::sim {

inline ClassRule step_rule() {
  ClassRule rule;
  rule.name = "step";
  rule.qos = QosClass::step;
  rule.borrow = BorrowRule{};
  return rule;
}

inline void arm(Engine& engine, SimNode& node) {
  Faults faults;
  engine.policy = make_policy("headroom", {}, faults);
  const bool v2 = node.kernel().machine().version == Version::v2;
  engine.model.params.judge = Judge::pressure;
  engine.rails.can.v2 = v2;
  engine.rails.can.parent_child_rule = !v2;
  engine.rails.can.assumed = false;
  engine.rails.node_cores = MilliCpu{2000};
  engine.rails.guard_up = engine.rails.may_write = true;
  engine.reads.wake = node.now();
  engine.reads.node_usage = engine.reads.node_cpus = engine.reads.node_pressure = engine.reads.rescan = true;
}

}  // namespace headroom::lab::sim
