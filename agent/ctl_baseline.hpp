// headroomctl baseline: a unit's own limit, told to systemd so that it outlives a daemon-reload.
#pragma once

#include <string>

#include "agent/ctl_client.hpp"
#include "cgroups/types/result.hpp"

namespace CLI {
class App;
}

namespace headroom {

/// Registers the command; its exit code lands in `exit`.
void add_baseline(CLI::App& app, CtlExit& exit);

/// "40%", "250%", "none" -> CPUQuotaPerSecUSec; UINT64_MAX: none.
/// Errors: rejected: want 1%..100000%, or none.
Result<std::uint64_t> parse_cpu_quota(const std::string& text);

}  // namespace headroom
