#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/ctl_render.hpp"
#include "agent/ctl_text.hpp"

namespace headroom {
namespace {

using nlohmann::json;
using ctl::clean;
using ctl::duration;

std::string text(const json& j, const char* key) { return j.at(key).get<std::string>(); }

/// The stretch of throttling that goes on; nullptr: none does. As the stretch itself it ends after a minute without any.
const json* present(const json& g) {
  const json& s = g.at("stretch");
  return s.is_null() || s.at("lastSecondsAgo").get<double>() > 60 ? nullptr : &s;
}

double lost_now(const json& g) {
  const json* s = present(g);
  return s == nullptr ? 0 : s->at("throttledSeconds").get<double>();
}

bool is_below(const std::string& path, const std::string& pod) {
  return path.size() > pod.size() && path.compare(0, pod.size(), pod) == 0 && path[pod.size()] == '/';
}

/// A pod has no lease of its own: its quota goes up and down with those of its containers (KERNEL 9, 10).
std::string done_about_pod(const json& groups, const std::string& pod) {
  std::size_t leases = 0, may = 0;
  const json* worst = nullptr;
  for (const json& g : groups) {
    if (!is_below(text(g, "path"), pod) || !g.at("mayBorrow").get<bool>()) continue;
    ++may;
    if (!g.at("lease").is_null()) ++leases;
    if (worst == nullptr || lost_now(g) > lost_now(*worst)) worst = &g;
  }
  if (leases > 0) return fmt::format("raised with the leases of {} of its containers", leases);
  if (may == 0) return "nothing: none of its containers may borrow";
  return fmt::format("nothing now; its container {}: {}", text(*worst, "name"), text(*worst, "verdict"));
}

std::string done_about(const json& view, const json& g) {
  const json& status = view.at("status");
  if (status.at("paused").get<bool>()) return "nothing: paused";
  const json& lease = g.at("lease");
  if (g.at("kind") == "pod") return done_about_pod(view.at("groups"), text(g, "path"));
  if (lease.is_null()) return "nothing: " + text(g, "verdict");
  return fmt::format("{} {:.2f} cores ({}, {}) for {}", text(status, "mode") == "enforce" ? "lends" : "would lend",
                     lease.at("cores").get<double>(), text(lease, "kind"), text(lease, "actuator"),
                     duration(lease.at("ageSeconds").get<double>()));
}

std::vector<const json*> worst_first(const json& groups, std::size_t rows) {
  std::vector<const json*> list;
  for (const json& g : groups)
    if (g.at("throttledPeriods").get<std::uint64_t>() > 0) list.push_back(&g);
  std::stable_sort(list.begin(), list.end(), [](const json* a, const json* b) {
    const double x = lost_now(*a), y = lost_now(*b);
    return x != y ? x > y : a->at("throttledSeconds").get<double>() > b->at("throttledSeconds").get<double>();
  });
  if (list.size() > rows) list.resize(rows);
  return list;
}

double share(const json& counts) {
  const double periods = counts.at("periods").get<double>();
  return periods > 0 ? 100 * counts.at("throttledPeriods").get<double>() / periods : 0;
}

std::string since(const json& g) {
  if (const json* s = present(g)) return duration(s->at("beganSecondsAgo").get<double>());
  return g.at("stretch").is_null() ? "before" : "over";
}

std::string row(const json& view, const json& g, std::size_t name_width) {
  const json* stretch = present(g);
  const json& limit = g.at("limitCores");
  return fmt::format("{:>6}  {:>6.1f}%  {:>6}  {:>6}  {:>5}  {:>5.2f}  {:9}  {}  {}\n", since(g),
                     share(stretch == nullptr ? g : *stretch), duration(lost_now(g)),
                     duration(g.at("throttledSeconds").get<double>()),
                     limit.is_null() ? "none" : fmt::format("{:.2f}", limit.get<double>()), g.at("useCores").get<double>(),
                     ctl::fit(text(g, "kind"), 9), ctl::column(text(g, "name"), name_width), clean(done_about(view, g)));
}

}  // namespace

std::string render_throttled(std::string_view view_json, std::size_t rows, const Screen& screen) {
  const json view = json::parse(view_json);
  const auto list = worst_first(view.at("groups"), rows);
  if (list.empty()) return "No watched group has been throttled.\n";
  std::vector<std::string> names{"GROUP"};
  for (const json* g : list) names.push_back(text(*g, "name"));
  const std::size_t width = ctl::name_width(names, screen.columns);
  const Paint& p = screen.paint;
  std::string out = fmt::format("{} SINCE  PERIODS    LOST  IN ALL  LIMIT    USE  LEVEL      {}  HEADROOM{}\n", p.bold,
                                ctl::column("GROUP", width), p.reset);
  for (const json* g : list) out += row(view, *g, width);
  return out;
}

std::string throttled_json(std::string_view view_json, std::size_t rows) {
  const json view = json::parse(view_json);
  json out = json::array();
  for (const json* g : worst_first(view.at("groups"), rows)) {
    json one{{"level", g->at("kind")}, {"doing", done_about(view, *g)}};
    for (const char* key : {"name", "path", "class", "limitCores", "useCores", "throttledSeconds", "throttledPeriods",
                            "periods", "stretch", "stallAvoidedSeconds", "lease", "verdict"})
      one[key] = g->at(key);
    out.push_back(std::move(one));
  }
  return json{{"throttled", out}}.dump();
}

}  // namespace headroom
