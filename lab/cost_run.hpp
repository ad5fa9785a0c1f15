// What the real daemon costs on a node: CPU, wake-ups, memory, and its ratio to the bare reads of its own schedule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/cost_node.hpp"
#include "lab/cost_replay.hpp"

namespace headroom::lab {

/// CPU and wake-ups of a process, all threads.
struct ProcessCost {
  double cpu_seconds = 0;          ///< /proc/<pid>/task/*/schedstat
  double wakeups = 0;              ///< voluntary_ctxt_switches
};
ProcessCost process_cost(pid_t pid);

struct CostOptions {
  NodeShape shape;
  Sandboxes sandboxes = Sandboxes::one_a_pod;
  Lending lending = Lending::on;
  seconds length{60};              ///< measured without the bare reads beside it
  seconds warm_up{25};             ///< start leases are over then (20 s by default)
  seconds scrape{15};
  std::optional<seconds> record;   ///< record that much of the schedule and measure its bare reads, too
  std::string daemon, hooked;      ///< programs
  std::string dir;                 ///< own directory on tmpfs
  std::string name;                ///< of the scratch tree
  bool (*interrupted)() = nullptr; ///< asked four times a second
};

struct CostResult {
  double groups = 0, leases = 0;
  double cpu_percent = 0;          ///< of one core, the daemon alone
  double guard_percent = 0;
  double wakeups = 0, guard_wakeups = 0;   ///< per second
  double rss_mib = 0, peak_mib = 0;
  double scrapes = 0, series = 0, reads = 0;      ///< reads: groups per second, as the daemon counts
  // With the bare reads beside it, in slices that take turns with those above:
  std::optional<double> beside_percent, bare_percent, bare_reads;
  std::optional<double> ratio() const {
    return bare_percent ? std::optional(*beside_percent / *bare_percent) : std::nullopt;
  }
};

/// Errors: as of its parts.
Result<CostResult> measure_cost(const Hierarchy& where, const CostOptions& options);
/// "name value" lines.
std::string to_rows(const CostResult& result);

}  // namespace headroom::lab
