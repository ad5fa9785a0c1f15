#include <algorithm>

#include "agent/state_json.hpp"

namespace headroom {
namespace {

constexpr std::size_t kShortestId = 6;

std::string_view trimmed(std::string_view path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path;
}

template <class Matches>
std::vector<const GroupReport*> all_that(const Report& report, Matches matches) {
  std::vector<const GroupReport*> found;
  for (const GroupReport& g : report.groups)
    if (matches(g)) found.push_back(&g);
  return found;
}

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }
bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}
std::string_view last_segment(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::string display_name(const GroupReport& g) {
  if (!g.ns.empty() && !g.pod.empty()) return g.ns + "/" + g.pod + (g.container.empty() ? "" : "/" + g.container);
  if (!g.container.empty() && g.container.front() != '/') return g.container;
  return g.path.empty() ? "/" : g.path;
}

std::vector<const GroupReport*> find_groups(const Report& report, std::string_view query) {
  const std::string_view q = trimmed(query);
  if (q.empty()) return {};
  auto found = all_that(report, [&](const GroupReport& g) { return g.path == q; });
  if (found.empty() && q.size() >= kShortestId)
    found = all_that(report, [&](const GroupReport& g) { return starts_with(g.container_id, q); });
  if (found.empty())   // the pod's own group; its containers carry the same UID
    found = all_that(report, [&](const GroupReport& g) { return g.pod_uid == q && g.kind == "pod"; });
  if (found.empty()) found = all_that(report, [&](const GroupReport& g) { return g.pod_uid == q; });
  if (found.empty()) found = all_that(report, [&](const GroupReport& g) { return display_name(g) == q; });
  if (found.empty()) found = all_that(report, [&](const GroupReport& g) { return g.pod == q || g.container == q; });
  if (found.empty())   // an absolute directory, as /sys/fs/cgroup/cpu/a/b
    found = all_that(report, [&](const GroupReport& g) {
      return !g.path.empty() && starts_with(query, "/") && ends_with(q, "/" + g.path);
    });
  if (found.empty()) found = all_that(report, [&](const GroupReport& g) { return last_segment(g.path) == q; });
  if (found.size() > 1 && starts_with(query, "/sys/"))   // of several suffixes the longest is the directory meant
    found = {*std::max_element(found.begin(), found.end(), [](auto* a, auto* b) { return a->path.size() < b->path.size(); })};
  return found;
}

}  // namespace headroom
