#include "config/config.hpp"

#include <algorithm>

#include "config/sections.hpp"
#include "config/values.hpp"

namespace headroom {
namespace {

void read_node(const Field& field, Config& config) {
  const auto map = field.map({"target", "onBlind"});
  using Target = std::optional<int>;   // nullopt: auto
  const auto target = [](std::string_view text) -> std::optional<Target> {
    if (text == "auto") return std::optional<Target>(std::in_place);
    const auto percent = parse_percent(text, 1, 100);
    if (!percent) return std::nullopt;
    return std::optional<Target>(std::in_place, percent);
  };
  read(map.get("target"), "auto or 1..100% (\"90%\")", target, config.target_percent);
  read_word<bool>(map.get("onBlind"), {{"restore", true}, {"hold", false}}, config.restore_when_blind);
}

void read_contract(const Field& field, Config& config) {
  const auto map = field.map({"addedWait", "per"});
  read(map.get("addedWait"), "0.1..10% (\"1%\")", [](std::string_view text) { return parse_permille(text, 1, 100); },
       config.added_wait_permille);
  read(map.get("per"), "10s..1h (\"1m\")", [](std::string_view text) { return parse_duration(text, seconds{10}, seconds{3600}); },
       config.contract_window);
}

void read_log(const Field& field, Config& config) {
  const auto map = field.map({"level", "format"});
  read_word<std::string>(map.get("level"),
                         {{"trace", "trace"}, {"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}}, config.log_level);
  read_word<bool>(map.get("format"), {{"text", false}, {"json", true}}, config.log_json);
}

void read_policy(const std::optional<Field>& field, Config& config) {
  read_word<std::string>(field, {{"headroom", "headroom"}, {"koordinator", "koordinator"}, {"static", "static"}}, config.policy);
  if (config.policy == "koordinator") field->fault("want headroom or static: koordinator is not available in this version");
}

void read_tuning(const Field& field, Config& config) {
  for (const auto& [name, value] : field.entries("a map of the policy's parameters")) {
    const auto text = value.scalar("a value");
    if (text) config.tuning.values[name] = Node::Value{*text, value.place_text()};
  }
}

/// People paste the whole ConfigMap.
bool is_config_map(const Tree& root) {
  const auto is_kind = [](const TreeEntry& entry) { return entry.key == "kind" && entry.value.text == "ConfigMap"; };
  return std::any_of(root.entries.begin(), root.entries.end(), is_kind);
}

void read_top(const Field& root, Config& config) {
  const auto top = root.map({"version", "mode", "rollout", "node", "contract", "classes", "annotations", "breaker", "signals",
                             "policy", "listen", "log", "journal", "sources", "tuning"});
  read(top.get("version"), "1", [](std::string_view text) { return parse_integer(text, 1, 1); }, config.version);
  read_word<Mode>(top.get("mode"), {{"off", Mode::off}, {"observe", Mode::observe}, {"enforce", Mode::enforce}}, config.mode);
  if (const auto node = top.get("node")) read_node(*node, config);
  if (const auto contract = top.get("contract")) read_contract(*contract, config);
  const auto classes = top.get("classes");
  config.classes = classes ? read_classes(*classes) : default_classes();
  read_policy(top.get("policy"), config);
  read(top.get("listen"), "ADDRESS:PORT (\"127.0.0.1:9478\", \"[::]:9478\" in quotes)", parse_listen, config.listen);
  if (const auto log = top.get("log")) read_log(*log, config);
  if (const auto tuning = top.get("tuning")) read_tuning(*tuning, config);
  check_later_sections(top);
}

/// "file:LINE:COLUMN…" by line and column: the reader goes through the text once.
void sort_by_place(std::vector<Error>& faults, std::size_t file_length) {
  const auto key = [file_length](const Error& error) {
    const auto numbers = error.where.substr(file_length + 1);
    const auto colon = numbers.find(':');
    return std::pair(std::stol(numbers), std::stol(numbers.substr(colon + 1)));
  };
  std::stable_sort(faults.begin(), faults.end(), [&](const Error& a, const Error& b) { return key(a) < key(b); });
}

}  // namespace

tl::expected<Config, std::vector<Error>> parse_config(std::string_view text, std::string_view file) {
  auto parsed = parse_tree(text, file);
  Findings findings;
  findings.file = file;
  findings.faults = std::move(parsed.faults);
  Config config;
  const Field root(parsed.root, "", findings);
  if (is_config_map(parsed.root)) {
    root.fault("want the text under the ConfigMap's key headroom.yaml, got the ConfigMap");
  } else {
    read_top(root, config);
  }
  if (!findings.faults.empty()) {
    sort_by_place(findings.faults, file.size());
    return tl::unexpected(std::move(findings.faults));
  }
  config.warnings = std::move(findings.warnings);
  return config;
}

}  // namespace headroom
