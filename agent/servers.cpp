#include "agent/servers.hpp"

#include "agent/config_json.hpp"
#include "agent/process_stats.hpp"
#include "agent/record_routes.hpp"
#include "agent/routes.hpp"

namespace headroom {
namespace {

AgentView agent_view(const ConfigReport& config, const Board& board) {
  AgentView agent;
  agent.version = kVersion;
  agent.config_hash = config.hash;
  agent.config_generation = config.generation;
  agent.reloads_ok = config.reloads_ok;
  agent.reloads_failed = config.reloads_failed;
  agent.last_reload_success = config.last_success;
  agent.last_reload_ok = config.faults.empty();
  const auto report = board.latest();
  for (const SourceReport& source : report ? report->sources : std::vector<SourceReport>{{"cgroup", false, 0, {}}}) {
    agent.sources.emplace_back(source.name, source.up);
    agent.reconnects.emplace_back(source.name, source.reconnects);
  }
  agent.process = read_process();
  return agent;
}

}  // namespace

void Servers::control(const std::string& state_dir) {
  if (state_dir.empty()) return;
  const std::string socket = state_dir + "/control.sock";
  auto routes = control_routes(board_);
  routes.push_back({HttpMethod::get, "/v1/config", [this](const HttpParams&) -> HttpReply {
                      return {200, config_json(configs_.report(), *configs_.in_force(), board_.latest().get())};
                    }});
  routes.push_back(record_route(recorder_));
  auto server = HttpServer::on_unix(socket, std::move(routes));
  if (server) control_.emplace(std::move(*server));
  else log_.error("listen", server.error().detail, {{"where", socket}});
}

void Servers::listen(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (address == listening_ && metrics_) return;
  auto server = HttpServer::on_tcp(address, metrics_routes(board_, [this] { return agent_view(configs_.report(), board_); }));
  if (!server) {
    const std::string still = metrics_ ? "; metrics stay on " + listening_ : "";
    return log_.error("listen", server.error().detail + still, {{"where", address}});
  }
  metrics_.reset();
  metrics_.emplace(std::move(*server));
  listening_ = address;
}

}  // namespace headroom
