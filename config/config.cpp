#include "config/config.hpp"

#include <algorithm>

#include "config/check.hpp"
#include "config/classes.hpp"

namespace headroom {
namespace {

Mode mode_of(const std::string& word) {
  if (word == "enforce") return Mode::enforce;
  return word == "off" ? Mode::off : Mode::observe;
}

std::optional<int> target_of(const Section& node) {
  if (node.text("target") == "auto") return std::nullopt;
  return static_cast<int>(node.amount("target") / 1000);
}

Node tuning_of(const Tree* tuning, std::string_view file) {
  Node result;
  if (tuning == nullptr) return result;
  for (const TreeEntry& entry : tuning->entries) {
    result.values[entry.key] = Node::Value{entry.value.text, place(file, entry.value.mark, "tuning." + entry.key)};
  }
  return result;
}

AnnotationRules annotations_of(const Section& annotations) {
  AnnotationRules out;
  constexpr std::string_view kUpTo = "headroom.io/up-to";
  if (annotations.find(kUpTo) != nullptr) out.up_to_max = MilliCpu{annotations.section(kUpTo).amount("max")};
  out.koordinator = annotations.text("koordinator.sh/cpuBurst") == "accept";
  return out;
}

SourceConfig source_of(const Section& sources, std::string_view name) {
  SourceConfig out;
  const Tree* given = sources.find(name);
  if (given == nullptr || given->kind != Tree::Kind::map) {
    out.use = sources.text(name) == "off" ? SourceConfig::Use::off : SourceConfig::Use::automatic;
    return out;
  }
  const Section source = sources.section(name);
  const auto text = [&](std::string_view key) { return source.find(key) == nullptr ? std::string{} : source.text(key); };
  out.use = SourceConfig::Use::on;
  out.address = text("address");
  out.ca = text("ca");
  out.pin = text("pin");
  out.insecure = text("insecure") == "true";
  return out;
}

std::vector<RolloutStep> rollout_of(const Section& top) {
  std::vector<RolloutStep> out;
  for (const Section& item : sections_of(top.find("rollout"), *child_of(top.key(), "rollout"))) {
    RolloutStep step;
    step.nodes = map_at(item, "nodes");
    step.enforce = static_cast<int>(item.amount("enforce"));
    step.only.holdout = static_cast<int>(item.amount("holdout"));
    step.only.namespaces = texts_at(item, "namespaces");
    out.push_back(std::move(step));
  }
  return out;
}

Config config_of(const Tree& root, std::string_view file) {
  const Section top(&root, keys().front());
  const Section node = top.section("node"), contract = top.section("contract"), log = top.section("log"), journal = top.section("journal");
  Config config;
  config.mode = mode_of(top.text("mode"));
  config.target_percent = target_of(node);
  config.steal_permille = static_cast<int>(node.amount("steal") / 100);
  config.restore_when_blind = node.text("onBlind") == "restore";
  config.added_wait_permille = static_cast<int>(contract.amount("addedWait") / 100);
  config.contract_window = seconds{contract.amount("per") / 1000};
  config.rollout = rollout_of(top);
  config.classes = classes_of(top);
  config.annotations = annotations_of(top.section("annotations"));
  const Section sources = top.section("sources");
  config.sources = {source_of(sources, "kubelet"), source_of(sources, "docker"), source_of(sources, "systemd")};
  config.label_by_nfd = top.section("signals").text("nodeLabel") == "nfd";
  config.policy = top.text("policy");
  config.listen = top.text("listen");
  config.log_level = log.text("level");
  config.log_json = log.text("format") == "json";
  config.journal_bytes = static_cast<std::size_t>((journal.amount("max") << 20) / 1000);
  config.tuning = tuning_of(top.find("tuning"), file);
  return config;
}

/// People paste the whole ConfigMap.
bool is_config_map(const Tree& root) {
  const auto is_kind = [](const TreeEntry& entry) { return entry.key == "kind" && entry.value.text == "ConfigMap"; };
  return std::any_of(root.entries.begin(), root.entries.end(), is_kind);
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
  const Field root(parsed.root, "", findings);
  if (is_config_map(parsed.root)) {
    root.fault("want the text under the ConfigMap's key headroom.yaml, got the ConfigMap");
  } else {
    check_text(root);
  }
  if (!findings.faults.empty()) {
    sort_by_place(findings.faults, file.size());
    return tl::unexpected(std::move(findings.faults));
  }
  Config config = config_of(parsed.root, file);
  config.warnings = std::move(findings.warnings);
  return config;
}

}  // namespace headroom
