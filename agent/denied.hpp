// What is said when the daemon may not write, and for how much of the node that is.
#pragma once

#include <span>
#include <string>

#include "agent/kernel_sink_counters.hpp"
#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/types/plan.hpp"

namespace headroom {

/// Why the mode is not `enforce`: "not enforcing: WHERE: DETAIL", and for Errc::denied what forbids it and the way out.
std::string not_enforcing(const Error& error, const Hierarchy& where);

/// The write that shows that this process may not write at all; nullptr: none does. That is a denied one while no write
/// of this sink has succeeded, or one to a mount that has become read-only; a single denied file after others were
/// written is only that file's.
const Error* all_denied(std::span<const Outcome> outcomes, const SinkCounters& written, const Hierarchy& where);

}  // namespace headroom
