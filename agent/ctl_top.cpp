#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "agent/ctl_render.hpp"
#include "agent/ctl_text.hpp"

namespace headroom {
namespace {

using nlohmann::json;
using ctl::column;
using ctl::duration;

double number(const json& g, const char* key) { return g.at(key).is_null() ? 0 : g.at(key).get<double>(); }
std::string cores(const json& value) { return value.is_null() ? "none" : fmt::format("{:.2f}", value.get<double>()); }

std::vector<const json*> sorted(const json& groups, const std::function<double(const json&)>& rank) {
  std::vector<std::pair<double, const json*>> ranked;
  for (const json& g : groups)
    if (const double r = rank(g); r > 0) ranked.emplace_back(r, &g);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const json*> out;
  for (const auto& [r, g] : ranked) out.push_back(g);
  return out;
}

/// What every table of one screen is laid out by.
struct Layout {
  std::size_t rows = 0;   ///< of each table
  std::size_t name = 34;  ///< width of the names
  Paint paint;
};

std::string head(const json& s, const Paint& p) {
  const json& node = s.at("node");
  const bool paused = s.at("paused").get<bool>();
  const std::string reason = paused ? "" : s.at("modeReason").get<std::string>();
  std::string out = fmt::format("{}headroom{} {}{}{}{}{}  policy {}  judge {}  guard {}\n", p.bold, p.reset,
                                s.at("mode").get<std::string>(), reason.empty() ? "" : " (" + ctl::clean(reason) + ")",
                                p.yellow, paused ? " PAUSED" : "", p.reset, s.at("policy").get<std::string>(),
                                node.at("judge").get<std::string>(), s.at("guardUp").get<bool>() ? "up" : "none");
  out += fmt::format("{} CPUs  use {:.2f}  load {}  lendable {:.2f}  lent {:.2f}\n", node.at("cpus").get<int>(),
                     node.at("useCores").get<double>(), node.at("state").get<std::string>(),
                     node.at("lendableCores").get<double>(), node.at("lentCores").get<double>());
  return out;
}

std::string borrowers(const json& groups, const Layout& lay) {
  const auto list = sorted(groups, [](const json& g) { return g.at("lease").is_null() ? 0 : 1 + number(g.at("lease"), "cores"); });
  std::string out = fmt::format("\n{}{}  LIMIT    HAS    USE  LEASE  VIA      FOR   ENDS  WHY{}\n", lay.paint.bold,
                                column("BORROWS", lay.name), lay.paint.reset);
  for (std::size_t i = 0; i < list.size() && i < lay.rows; ++i) {
    const json& g = *list[i];
    const json& l = g.at("lease");
    out += fmt::format("{}  {:>5}  {}{:>5.2f}{}  {:>5.2f}  {:5}  {:6}  {:>5}  {:>5}  {}\n", column(g.at("name").get<std::string>(), lay.name),
                       cores(g.at("limitCores")), lay.paint.green, number(l, "cores"), lay.paint.reset, number(g, "rateCores"),
                       l.at("kind").get<std::string>(), l.at("actuator").get<std::string>(), duration(number(l, "ageSeconds")),
                       l.at("endsInSeconds").is_null() ? "-" : duration(number(l, "endsInSeconds")),
                       ctl::clean(l.at("why").get<std::string>()));
  }
  if (list.empty()) out += "  nobody\n";
  return out;
}

/// Whose CPUs they are: limits of protected containers that they do not use, and what is nobody's.
std::string lenders(const json& view, const Layout& lay) {
  const auto spare = [](const json& g) {
    const bool leaf = g.at("kind") != "pod" && g.at("kind") != "qos";
    return leaf && !g.at("mayBorrow").get<bool>() && !g.at("limitCores").is_null()
               ? number(g, "limitCores") - number(g, "useCores") : 0.0;
  };
  const auto list = sorted(view.at("groups"), spare);
  const json& node = view.at("status").at("node");
  double owned = 0;
  for (const json* g : list) owned += spare(*g);
  const double idle = number(node, "cpus") - number(node, "useCores");
  std::string out = fmt::format("\n{}{}  LIMIT           USE  SPARE{}\n", lay.paint.bold, column("FROM", lay.name), lay.paint.reset);
  for (std::size_t i = 0; i < list.size() && i < lay.rows; ++i)
    out += fmt::format("{}  {:>5}         {:>5.2f}  {:>5.2f}\n", column(list[i]->at("name").get<std::string>(), lay.name),
                       cores(list[i]->at("limitCores")), number(*list[i], "useCores"), spare(*list[i]));
  out += fmt::format("{}                       {:>5.2f}\n", column("nobody's (idle and unclaimed)", lay.name), std::max(0.0, idle - owned));
  return out;
}

std::string throttled(const json& groups, const json& before, const Layout& lay) {
  std::map<std::string, double> old;
  if (before.is_object())
    for (const json& g : before.at("groups")) old[g.at("path")] = number(g, "throttledSeconds");
  const auto since = [&](const json& g) {
    const auto found = old.find(g.at("path"));
    return number(g, "throttledSeconds") - (found == old.end() ? 0 : found->second);
  };
  const auto list = sorted(groups, since);
  std::string out = fmt::format("\n{}{}  LIMIT           USE  {:>5}  WHY NOT MORE{}\n", lay.paint.bold, column("THROTTLED", lay.name),
                                before.is_object() ? "NOW" : "TOTAL", lay.paint.reset);
  for (std::size_t i = 0; i < list.size() && i < lay.rows; ++i)
    out += fmt::format("{}  {:>5}         {:>5.2f}  {}{:>5}{}  {}\n", column(list[i]->at("name").get<std::string>(), lay.name),
                       cores(list[i]->at("limitCores")), number(*list[i], "useCores"), lay.paint.red, duration(since(*list[i])),
                       lay.paint.reset, ctl::clean(list[i]->at("verdict").get<std::string>()));
  if (list.empty()) out += "  nobody\n";
  return out;
}

/// Three tables below two lines, each with its title and at least one row, and the last event.
std::size_t rows_that_fit(std::size_t screen_rows) {
  constexpr std::size_t kFixed = 2 + 3 * 2 + 1 + 2 + 1, kAny = 20;   // and the line of the cursor
  if (screen_rows == 0) return kAny;
  return std::max<std::size_t>(1, screen_rows > kFixed ? (screen_rows - kFixed) / 3 : 1);
}

std::size_t width_of_names(const json& groups, std::size_t columns) {
  std::vector<std::string> names{"nobody's (idle and unclaimed)"};
  for (const json& g : groups) names.push_back(g.at("name").get<std::string>());
  return ctl::name_width(names, columns);
}

}  // namespace

std::string render_top(std::string_view view_json, std::string_view before, std::size_t rows, const Screen& screen) {
  const json view = json::parse(view_json);
  const json old = before.empty() ? json() : json::parse(before);
  const json& groups = view.at("groups");
  const Layout lay{rows > 0 ? rows : rows_that_fit(screen.rows), width_of_names(groups, screen.columns), screen.paint};
  std::string out = head(view.at("status"), lay.paint);
  out += borrowers(groups, lay) + lenders(view, lay) + throttled(groups, old, lay);
  const json& events = view.at("status").at("events");
  if (!events.empty())
    out += "\n" + std::string(lay.paint.dim) + ctl::clean(events.back().get<std::string>()) + lay.paint.reset + "\n";
  return out;
}

}  // namespace headroom
