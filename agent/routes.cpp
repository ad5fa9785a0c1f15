#include "agent/routes.hpp"

#include "agent/clock.hpp"
#include "agent/state_json.hpp"

namespace headroom {
namespace {

constexpr seconds kAlive{5};
constexpr milliseconds kPatience{1000};
constexpr milliseconds kRestorePatience{5000};

HttpReply plain(int status, std::string text) { return {status, std::move(text), "text/plain; charset=utf-8"}; }

HttpReply health(const Board& board) {
  if (monotonic_now() - board.last_tick() <= kAlive) return plain(200, "ok\n");
  return plain(503, "the loop has not ticked for 5 s\n");
}

HttpReply ready(const Board& board) {
  return board.latest() ? plain(200, "ok\n") : plain(503, "the first scan is not done\n");
}

HttpReply explain(Board& board, const Report& report, const HttpParams& params) {
  const auto query = params.find("group");
  if (query == params.end() || query->second.empty()) return {400, error_json("which group? explain?group=…", {})};
  const auto found = find_groups(report, query->second);
  if (found.size() == 1) {
    const std::string told = board.explain(found.front()->id, kPatience);
    if (told.empty()) return {503, error_json("the daemon's loop did not answer in time", {})};
    return {200, explain_json(report, *found.front(), told)};
  }
  std::vector<std::string> names;
  for (const GroupReport* g : found) names.push_back(g->path);
  if (found.empty()) return {404, error_json("no group is called '" + query->second + "'", {})};
  return {409, error_json("several groups are called '" + query->second + "'", names)};
}

/// A GET that is answered from a report made for it.
Route shows(Board& board, const char* path, std::function<HttpReply(const Report&, const HttpParams&)> body) {
  return {HttpMethod::get, path, [&board, body = std::move(body)](const HttpParams& params) -> HttpReply {
            const auto report = board.fresh(kPatience);
            if (!report) return {503, error_json("the first scan is not done", {})};
            return body(*report, params);
          }};
}

Route does(Board& board, const char* path, Command command, milliseconds patience) {
  return {HttpMethod::post, path, [&board, command, patience](const HttpParams&) -> HttpReply {
            std::string text = board.ask(command, patience);
            if (text.empty()) return {503, error_json("the daemon's loop did not answer in time", {})};
            return {200, std::move(text)};
          }};
}

}  // namespace

std::vector<Route> metrics_routes(Board& board, std::function<AgentView()> agent) {
  return {{HttpMethod::get, "/metrics",
           [&board, agent = std::move(agent)](const HttpParams&) -> HttpReply {
             return {200, to_prometheus({board.fresh(kPatience), agent()}), kPrometheusContentType};
           }},
          {HttpMethod::get, "/healthz", [&board](const HttpParams&) { return health(board); }},
          {HttpMethod::get, "/readyz", [&board](const HttpParams&) { return ready(board); }}};
}

std::vector<Route> control_routes(Board& board) {
  return {shows(board, "/v1/status", [](const Report& r, const HttpParams&) { return HttpReply{200, status_json(r)}; }),
          shows(board, "/v1/groups", [](const Report& r, const HttpParams&) { return HttpReply{200, groups_json(r)}; }),
          shows(board, "/v1/view", [](const Report& r, const HttpParams&) { return HttpReply{200, view_json(r)}; }),
          shows(board, "/v1/explain", [&board](const Report& r, const HttpParams& p) { return explain(board, r, p); }),
          does(board, "/v1/pause", Command::pause, kRestorePatience),
          does(board, "/v1/resume", Command::resume, kPatience),
          does(board, "/v1/restore", Command::restore, kRestorePatience)};
}

}  // namespace headroom
