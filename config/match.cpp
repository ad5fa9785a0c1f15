#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "config/sections.hpp"
#include "config/values.hpp"

namespace headroom {
namespace {

constexpr std::array<std::string_view, 16> kEngines{"argo",    "dflow",      "kfp",     "tekton",  "ray",      "spark",
                                                    "dask",    "kubeflow",   "trainer", "flyte",   "flyte-v1", "flyte-v2",
                                                    "airflow", "globalfunc", "jenkins", "gitlab"};
constexpr std::string_view kNeverMatches = "an entry with it matches nothing, and where its class lends nothing, no later class lends to what it may mean";
constexpr std::int64_t kPatternMemory = 1 << 20;   // bytes; a tenant's names are matched with it

void check_engines(const Field& field) {
  constexpr std::string_view kWanted = "a list of engines ([argo, dflow])";
  const auto items = field.items(kWanted);
  if (items.empty() && field.is_list()) field.fault(fmt::format("want {}, got an empty list", kWanted));
  for (const auto& item : items) {
    const auto engine = item.scalar("an engine");
    if (!engine || std::find(kEngines.begin(), kEngines.end(), *engine) != kEngines.end()) continue;
    item.wrong(fmt::format("one of {}", fmt::join(kEngines, ", ")), nearest(*engine, kEngines));
  }
}

/// @return the names of the pattern's groups; nullopt if it is no pattern (reported)
std::optional<std::vector<std::string>> check_pattern(const Field& field) {
  const auto text = field.scalar("a pattern in RE2's syntax");
  if (!text) return std::nullopt;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  const RE2 pattern(*text, options);
  if (!pattern.ok()) {
    field.fault(fmt::format("want a pattern in RE2's syntax, got {}: \"{}\"", pattern.error(), pattern.error_arg()));
    return std::nullopt;
  }
  std::vector<std::string> groups;
  for (const auto& [name, index] : pattern.NamedCapturingGroups()) groups.push_back(name);
  return groups;
}

void check_port_range(const Field& field) {
  constexpr std::string_view kWanted = "two ports of 1..65535, the lower first ([26000, 27000])";
  const auto items = field.items(kWanted);
  if (!field.is_list()) return;
  if (items.size() != 2) return field.wrong(kWanted);
  int low = 0, high = 0;
  const auto parse = [](std::string_view text) { return parse_integer(text, 1, 65'535); };
  read(std::optional{items[0]}, "a port of 1..65535", parse, low);
  read(std::optional{items[1]}, "a port of 1..65535", parse, high);
  if (low > 0 && high > 0 && low > high) field.fault(fmt::format("want {}, got {} before {}", kWanted, low, high));
}

void check_docker_name(const Map& entry) {
  const auto name = entry.get("dockerName");
  const auto range = entry.get("portRange");
  const auto groups = name ? check_pattern(*name) : std::nullopt;
  if (range) check_port_range(*range);
  if (range && !name) range->fault("want a dockerName beside it: it bounds that pattern's group \"port\"");
  const bool has_port = groups && std::find(groups->begin(), groups->end(), "port") != groups->end();
  if (range && groups && !has_port) range->fault("want a group (?P<port>...) in dockerName: it is what this bounds");
}

/// Keys of later versions. True if the entry has any.
bool check_unknowable(const Map& entry) {
  bool any = false;
  for (const std::string_view key : {"engine", "dockerName", "portRange", "namespace", "podLabels", "podAnnotations", "unit", "slice"}) {
    const auto field = entry.get(key);
    if (!field) continue;
    any = true;
    if (key != "portRange") field->not_in_force(fmt::format("match.{}", key), kNeverMatches);
  }
  if (const auto field = entry.get("engine")) check_engines(*field);
  check_docker_name(entry);
  if (const auto field = entry.get("namespace")) read_texts(*field, "a list of namespaces ([argo])");
  for (const auto* key : {"podLabels", "podAnnotations"}) {
    if (const auto field = entry.get(key)) check_text_map(*field, "a map ({tier: latency})");
  }
  const auto not_empty = [](std::string_view text) { return text.empty() ? std::nullopt : std::optional{std::string(text)}; };
  std::string ignored;
  read(entry.get("unit"), "a glob on the unit's name", not_empty, ignored);
  const auto slice = [](std::string_view text) { return text.ends_with(".slice") && text.size() > 6 ? std::optional{std::string(text)} : std::nullopt; };
  read(entry.get("slice"), "the name of a slice (\"dflow.slice\")", slice, ignored);
  return any;
}

/// One glob, or a list of which any may match.
std::vector<std::string> read_paths(const Field& field) {
  constexpr std::string_view kWanted = "a glob on the path below the root (\"dflow.slice/**\")";
  if (field.is_list()) return read_texts(field, kWanted);
  std::string glob;
  const auto not_empty = [](std::string_view text) { return text.empty() ? std::nullopt : std::optional{std::string(text)}; };
  read(std::optional{field}, kWanted, not_empty, glob);
  return {glob};
}

}  // namespace

std::vector<std::string> read_texts(const Field& field, std::string_view wanted) {
  std::vector<std::string> result;
  const auto items = field.items(wanted);
  if (items.empty() && field.is_list()) field.fault(fmt::format("want {}, got an empty list", wanted));
  for (const auto& item : items) {
    const auto text = item.scalar("a word");
    if (text && text->empty()) item.wrong("a word");
    if (text) result.push_back(*text);
  }
  return result;
}

void check_text_map(const Field& field, std::string_view wanted) {
  if (!field.is_map()) return field.wrong(wanted);
  for (const auto& [key, value] : field.entries(wanted)) value.scalar("a word");
}

Match read_match(const Field& field) {
  constexpr std::string_view kWanted = "a map ({path: \"dflow.slice/**\"})";
  Match result;
  if (!field.is_map()) {
    field.wrong(kWanted);
    return result;
  }
  const auto entry = field.map({"engine", "dockerName", "portRange", "namespace", "podLabels", "podAnnotations", "qos",
                                "path", "unit", "slice"});
  if (entry.empty()) field.fault(fmt::format("want {}, got an empty one", kWanted));
  result.other = check_unknowable(entry);
  if (const auto path = entry.get("path")) result.path = read_paths(*path);
  read_word<std::optional<KubeQos>>(entry.get("qos"),
                                    {{"Guaranteed", KubeQos::guaranteed}, {"Burstable", KubeQos::burstable}, {"BestEffort", KubeQos::best_effort}},
                                    result.qos);
  return result;
}

}  // namespace headroom
