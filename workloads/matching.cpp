#include "workloads/matching.hpp"

#include <algorithm>

#include "workloads/names.hpp"

namespace headroom {
namespace {

using enum MatchVerdict;

MatchVerdict all_of(MatchVerdict a, MatchVerdict b) {
  if (a == no || b == no) return no;
  return a == unknown || b == unknown ? unknown : yes;
}

MatchVerdict told(bool holds) { return holds ? yes : no; }

bool has_all(const TextMap& map, const std::map<std::string, std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& entry) {
    const auto found = map.find(entry.first);
    return found != map.end() && found->second == entry.second;
  });
}

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// "flyte" means "flyte-v1" and "flyte-v2".
bool names_engine(const std::vector<std::string>& engines, std::string_view engine) {
  if (engine.empty()) return false;
  const auto version = engine.find("-v");
  return is_among(engines, engine) || (version != std::string_view::npos && is_among(engines, engine.substr(0, version)));
}

/// What is asked of a pod: a group of no pod is not meant, a pod of which nothing is known may be.
template <class Holds>
MatchVerdict of_pod(const Candidate& who, Holds holds) {
  if (who.known.pod != nullptr) return told(holds(*who.known.pod));
  return who.identity.pod_uid.empty() ? no : unknown;
}

bool may_be_docker(const Identity& identity) {
  const bool by_its_name = identity.runtime == Runtime::docker || identity.runtime == Runtime::any;
  return by_its_name && !identity.container_id.empty() && identity.pod_uid.empty();
}

MatchVerdict of_engine(const Match& entry, const Candidate& who) {
  if (who.identity.pod_uid.empty()) {
    if (!may_be_docker(who.identity) || !is_among(entry.engines, "globalfunc")) return no;
    return who.known.docker == nullptr ? unknown : told(who.worker);
  }
  return who.known.what == nullptr ? unknown : told(names_engine(entry.engines, who.known.what->step.engine));
}

MatchVerdict of_docker_name(const Match& entry, const Candidate& who) {
  if (!may_be_docker(who.identity)) return no;
  if (who.known.docker == nullptr) return unknown;
  return told(docker_name_groups(entry.docker_name, entry.ports, who.known.docker->name).has_value());
}

bool is_segment(std::string_view path, std::string_view name) {
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (path.substr(0, slash) == name) return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
  return false;
}

/// A slice only gathers others: its services and scopes are what it holds.
bool is_in_slice(std::string_view slice, std::string_view path) {
  const auto unit = unit_of(path);
  return !unit.empty() && !unit.ends_with(".slice") && is_segment(path, slice);
}

bool asks_nothing(const Match& m) {
  return m.engines.empty() && m.docker_name.empty() && m.namespaces.empty() && m.pod_labels.empty() && m.pod_annotations.empty() &&
         !m.qos && m.path.empty() && m.unit.empty() && m.slice.empty();
}

}  // namespace

MatchVerdict matches(const Match& entry, const Candidate& who) {
  if (asks_nothing(entry)) return no;
  MatchVerdict verdict = yes;
  if (!entry.path.empty()) {
    const auto fits = [&](const std::string& glob) { return glob_matches(glob, who.path); };
    verdict = all_of(verdict, told(std::any_of(entry.path.begin(), entry.path.end(), fits)));
  }
  if (!entry.unit.empty()) verdict = all_of(verdict, told(glob_matches(entry.unit, unit_of(who.path))));
  if (!entry.slice.empty()) verdict = all_of(verdict, told(is_in_slice(entry.slice, who.path)));
  if (entry.qos) verdict = all_of(verdict, told(entry.qos == who.identity.kube_qos));
  if (!entry.engines.empty()) verdict = all_of(verdict, of_engine(entry, who));
  if (!entry.docker_name.empty()) verdict = all_of(verdict, of_docker_name(entry, who));
  if (!entry.namespaces.empty()) verdict = all_of(verdict, of_pod(who, [&](const Pod& p) { return is_among(entry.namespaces, p.ns); }));
  if (!entry.pod_labels.empty()) verdict = all_of(verdict, of_pod(who, [&](const Pod& p) { return has_all(p.labels, entry.pod_labels); }));
  if (!entry.pod_annotations.empty())
    verdict = all_of(verdict, of_pod(who, [&](const Pod& p) { return has_all(p.annotations, entry.pod_annotations); }));
  return verdict;
}

Judged matches(const ClassConfig& config, const Candidate& who) {
  Judged result;
  for (std::size_t i = 0; i < config.match.size(); ++i) {
    const auto verdict = matches(config.match[i], who);
    if (verdict == yes) return {verdict, i};
    if (verdict == unknown) result = {verdict, i};
  }
  return result;
}

std::optional<TextMap> worker_labels(const DockerContainer& docker, std::span<const ClassConfig> classes) {
  for (const ClassConfig& config : classes) {
    for (const Match& entry : config.match) {
      if (entry.docker_name.empty()) continue;
      auto groups = docker_name_groups(entry.docker_name, entry.ports, docker.name);
      if (groups && groups->contains("port")) return groups;
    }
  }
  return std::nullopt;
}

}  // namespace headroom
