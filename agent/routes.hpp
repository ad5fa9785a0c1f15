// What is served: metrics and health on TCP, state and control on the UNIX socket.
#pragma once

#include <functional>
#include <vector>

#include "agent/board.hpp"
#include "agent/http_server.hpp"
#include "metrics/export/export.hpp"

namespace headroom {

/// /metrics, /healthz (the loop ticked within 5 s), /readyz (a first scan is done).
/// @param agent  called at every scrape, on a server's thread
std::vector<Route> metrics_routes(Board& board, std::function<AgentView()> agent);

/// GET /v1/status, /v1/groups, /v1/view, /v1/explain?group=…; POST /v1/pause, /v1/resume, /v1/restore.
std::vector<Route> control_routes(Board& board);

}  // namespace headroom
