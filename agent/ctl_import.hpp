// headroomctl import: another agent's configuration as ours.
#pragma once

#include <string>
#include <string_view>

#include "agent/ctl_client.hpp"
#include "config/koordinator.hpp"

namespace CLI {
class App;
}

namespace headroom {

/// Registers the command; its exit code lands in `exit`.
void add_import(CLI::App& app, CtlExit& exit);

/// headroom.yaml that means the same, with comments on what means something else here. Valid as it stands.
/// @param from  the file's name
std::string native_config(const SloConfig& config, std::string_view from);

}  // namespace headroom
