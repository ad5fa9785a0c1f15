// headroomctl record: what is asked of the daemon.
#pragma once

#include <string>

#include "cgroups/types/result.hpp"

namespace headroom {

/// Path and query of the request. A relative file is one of this process's directory, not of the daemon's.
/// @param length  "30s", "10m", "2h": 1 s to 24 h
/// Errors: malformed.
Result<std::string> record_request(const std::string& file, const std::string& length);

}  // namespace headroom
