// The configuration in force as the control socket tells it, and as headroomctl reads it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/loaded_config.hpp"
#include "metrics/model/report.hpp"

namespace headroom {

/// {"file", "text", "hash", "generation", "faults": [...], "overrides": [{"path", "value", "from"}], "mode", "modeReason"}
/// @param report  the last one; nullptr: none yet
std::string config_json(const ConfigReport& config, const Loaded& in_force, const Report* report);

/// What headroomctl needs of it.
struct ConfigAnswer {
  std::string file, text;
  std::vector<Override> overrides;
  std::string mode, mode_reason;   ///< in force, and why it is not the one asked for
};
/// Throws nlohmann::json::exception (a std::exception) on what the daemon does not make.
ConfigAnswer parse_config_json(std::string_view body);

}  // namespace headroom
