// Others that move the limits of containers: two of them on one node undo each other.
#pragma once

#include <string>

#include "workloads/known.hpp"

namespace headroom {

/// "koordlet with CPUBurst (koordinator-system/koordlet-x7k2p)"; empty: none. Only pods that have the node's cgroups mounted
/// count: a tenant cannot pose as one.
std::string rival_in(const PodTable& pods);

}  // namespace headroom
