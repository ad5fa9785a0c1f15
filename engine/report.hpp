// build_report: what a tick means for people. Pure; as dear as there are groups, so not for every tick.
#pragma once

#include "engine/accounts.hpp"
#include "metrics/model/report.hpp"

namespace headroom {

/// Node, leases and groups of the report. Left to the caller, who alone knows them: mode, mode_reason, cgroup_root,
/// writes and their cost, foreign_writes, revoked, ticks, reads, histograms, events.
/// @param lendable  Desired::lendable of the tick
Report build_report(const Snapshot& snapshot, const Policy& policy, const PlanState& plans, const Guardrails& rails,
                    const Accounts& accounts, MilliCpu lendable);

/// What is out in all: beyond the borrowers' own limits.
struct LentTotal {
  MilliCpu cores;
  std::size_t leases = 0;
};
LentTotal total_lent(const Snapshot& snapshot, const PlanState& plans);

}  // namespace headroom
