// Where a run is and how long it still takes, on stderr.
#pragma once

#include <string>

#include "lab/experiment.hpp"

namespace headroom::lab {

/// Expected wall time of everything, as an estimate to count down from.
void plan_progress(const Scenario& scenario, const RunOptions& options);
/// One line, rewritten in place on a terminal, every 10 s elsewhere.
void show_progress(const std::string& what, nanoseconds left);
/// The same of nodes that are simulated, `took` so far.
void show_nodes(int done, int all, nanoseconds took);
void end_progress();

}  // namespace headroom::lab
