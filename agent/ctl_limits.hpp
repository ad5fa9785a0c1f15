// headroomctl limits: looks for a minute, then says whether deleting the limits would do.
#pragma once

#include <string>

#include "agent/ctl_client.hpp"
#include "agent/ctl_render.hpp"
#include "agent/limits.hpp"

namespace CLI {
class App;
}

namespace headroom {

/// Registers the command; its exit code lands in `exit`.
void add_limits(CLI::App& app, const CtlClient& client, CtlExit& exit);

/// The verdict, then who it is about, at most `rows` of each kind (0: all).
std::string render_limits(const limits::Facts& facts, std::size_t rows, const Screen& screen);
/// {"verdict": "keep", "stretchSeconds", "cpus", "busyCores", "containers", "guaranteed", "limited": [{"path", "why", …}]}
std::string limits_json(const limits::Facts& facts);

}  // namespace headroom
