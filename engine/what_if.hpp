// A node after a tick, copied, so that something can be changed in it and decided again by the same code. Pure.
#pragma once

#include <memory>
#include <vector>

#include "engine/explain.hpp"

namespace headroom {

class WhatIf {
 public:
  WhatIf(const Snapshot& now, const Policy& policy, const PlanState& plans, const Guardrails& rails, std::uint64_t tick);
  WhatIf(const WhatIf&) = delete;
  WhatIf& operator=(const WhatIf&) = delete;

  /// Does what `change` says, in the most modest way that fits its words.
  void apply(const Change& change, Slot slot);
  /// Another tick at which the slot is read. @return what is to be said of it then
  Explanation decide(Slot slot);
  const Catalog& catalog() const { return catalog_; }

 private:
  Snapshot snapshot() const { return {at_, catalog_, groups_, node_, fresh_, {}}; }
  ClassRule& own_rule(Slot slot);
  void begin_life(Slot slot);
  void settle(Slot slot);
  void lift(Bar bar, Slot slot);
  void lift_ceiling(MilliCpu cores, Slot slot);
  void make_room(MilliCpu cores, Slot slot);

  TimePoint at_;
  Catalog catalog_;
  std::vector<GroupState> groups_;
  NodeView node_;
  std::vector<Slot> fresh_;
  Guardrails rails_;
  PlanState plans_;
  std::unique_ptr<Policy> policy_;
  std::uint64_t tick_;
};

/// explain(), and for who does not borrow what comes of its change. About a microsecond a group.
Explanation explain_fully(const Snapshot& now, const Policy& policy, const PlanState& plans, const Guardrails& rails,
                          std::uint64_t tick, Slot slot);

}  // namespace headroom
