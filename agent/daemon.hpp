// headroomd from its options on: what is started in which order, and ended in the other.
#pragma once

#include "agent/options.hpp"

namespace headroom {

/// Exit codes of headroomd; wrong arguments are 2.
enum class Exit : int { done = 0, failed = 1, lock_held = 3 };

/// The whole program after its command line.
Exit run_task(const Options& options);

/// Both mains: parses, runs, catches what a library throws.
int headroomd_main(int argc, char** argv);

}  // namespace headroom
