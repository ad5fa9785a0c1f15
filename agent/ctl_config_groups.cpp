#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "agent/ctl_config.hpp"
#include "agent/ctl_text.hpp"
#include "config/config.hpp"
#include "config/tree.hpp"
#include "engine/describe.hpp"
#include "workloads/identity.hpp"
#include "workloads/kube_pods.hpp"

namespace headroom {
namespace {

using json = nlohmann::ordered_json;

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

std::string_view tier_of(KubeQos qos) {
  switch (qos) {
    case KubeQos::guaranteed: return "";
    case KubeQos::burstable: return "/burstable";
    case KubeQos::best_effort: return "/besteffort";
  }
  return "";
}

void add_pod(const Pod& pod, GroupsFile& out) {
  const std::string name = pod.ns + "/" + pod.name;
  if (!pod.qos) {
    out.errors.push_back(fmt::format("{}: want status.qosClass, as the API server gives it", ctl::clean(name)));
    return;
  }
  const std::string path = fmt::format("kubepods{}/pod{}", tier_of(*pod.qos), pod.uid);
  bool any = false;
  for (const PodContainer& container : pod.containers) {
    if (container.id.empty()) continue;   // it has not begun
    any = true;
    out.groups.push_back({name + "/" + container.name, path + "/" + container.id, ""});
  }
  if (!any) out.groups.push_back({name, path, ""});
}

/// A list, an array of pods, or one pod.
GroupsFile groups_of_pods(std::string_view text, std::string_view file) {
  GroupsFile out;
  const json root = json::parse(text, nullptr, false);
  const bool list = root.is_object() && root.contains("items");
  const auto wrapped = list ? std::string(text) : fmt::format("{{\"items\":{}{}{}}}", root.is_array() ? "" : "[", text, root.is_array() ? "" : "]");
  auto pods = parse_pod_list(wrapped, file);
  if (!pods) {
    out.errors.push_back(fmt::format("{}: want paths, one a line, or the JSON of kubectl get pods -o json: {}", file, pods.error().detail));
    return out;
  }
  for (const Error& fault : pods->faults) out.errors.push_back(fmt::format("{}: {}", fault.where, fault.detail));
  for (const Pod& pod : pods->pods) add_pod(pod, out);
  out.pods = std::make_shared<const PodTable>(std::move(pods->pods));
  return out;
}

/// "headroom.yaml:33:9"; empty for the built-in default.
std::string place_of(const Tree& root, std::string_view file, std::size_t index, std::size_t entry) {
  for (const TreeEntry& top : root.entries) {
    if (top.key != "classes") continue;
    for (const TreeEntry& part : top.value.items[index].entries) {
      if (part.key != "match") continue;
      const Mark mark = part.value.items[entry].mark;
      return fmt::format("{}:{}:{}", file, mark.line, mark.column);
    }
  }
  return "built-in default";
}

std::string rule_text(const Classified& found, const Config& config, const Tree& root, std::string_view file) {
  const Bar bar = first_bar(found.rule);
  std::string out = found.rule.name == "system" ? "never touched: " + std::string(describe(bar)) : "no rule matches: protected, and lent nothing";
  if (found.matched) {
    out = fmt::format("classes[{}].match[{}] ({})", *found.matched, *found.entry, place_of(root, file, *found.matched, *found.entry));
  }
  const auto may_mean_it = found.rule.bars.has(Bar::withheld) ? found.held_back : found.rule.bars.has(Bar::unknown) ? found.unheard : std::nullopt;
  if (may_mean_it) {
    return out + fmt::format("; classes[{}] ({}) may mean it and asks what a path does not tell, so nothing is lent", *may_mean_it,
                             config.classes[*may_mean_it].rule.name);
  }
  const bool lends = found.matched && config.classes[*found.matched].rule.borrow;
  return lends && bar != Bar::none ? fmt::format("{}; nothing is lent: {}", out, describe(bar)) : out;
}

struct Row {
  GroupLine line;
  std::string qos, name, borrow, rule;
  bool wrong() const { return !line.expected.empty() && line.expected != name; }
};

std::string table(const std::vector<Row>& rows, std::size_t wrong, const std::vector<std::string>& warnings) {
  std::size_t width = 5, classes = 5;
  for (const Row& row : rows) {
    width = std::max(width, row.line.name.size());
    classes = std::max(classes, row.name.size());
  }
  std::string out = fmt::format("{:{}}  {:{}}  QOS     BORROWS           RULE\n", "GROUP", width, "CLASS", classes);
  for (const Row& row : rows) {
    out += fmt::format("{:{}}  {:{}}  {:6}  {:16}  {}\n", ctl::clean(row.line.name), width, row.name, classes, row.qos, row.borrow, row.rule);
  }
  for (const Row& row : rows) {
    if (row.wrong()) out += fmt::format("WRONG {}: want class {}, got {}\n", ctl::clean(row.line.name), ctl::clean(row.line.expected), row.name);
  }
  for (const std::string& warning : warnings) out += "warning: " + warning + "\n";
  const auto said = std::count_if(rows.begin(), rows.end(), [](const Row& row) { return !row.line.expected.empty(); });
  return out + fmt::format("{} group{}, {} with a class to be, {} wrong\n", rows.size(), rows.size() == 1 ? "" : "s", said, wrong);
}

std::string as_json(const std::vector<Row>& rows, std::size_t wrong, const std::vector<std::string>& warnings) {
  json out = json::array();
  for (const Row& row : rows) {
    json one{{"group", row.line.name}, {"path", row.line.path}, {"class", row.name}, {"qosClass", row.qos}, {"borrow", row.borrow}, {"rule", row.rule}};
    if (!row.line.expected.empty()) one["expected"] = row.line.expected;
    out.push_back(std::move(one));
  }
  return json{{"groups", out}, {"wrong", wrong}, {"warnings", warnings}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

GroupsFile parse_groups(std::string_view text, std::string_view file) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) return groups_of_pods(text, file);
  GroupsFile out;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto content = trimmed(line.substr(0, line.find('#')));
    if (content.empty()) continue;
    const auto equals = content.find(" =");   // systemd's names hold '='; a blank before it does not come in a path
    GroupLine group;
    group.name = group.path = trimmed(content.substr(0, equals));
    if (equals != std::string::npos) group.expected = trimmed(content.substr(equals + 2));
    if (equals != std::string::npos && (group.expected.empty() || group.path.empty())) {
      out.errors.push_back(fmt::format("{}:{}:{}: want PATH = CLASS", file, number, equals + 1));
      continue;
    }
    out.groups.push_back(std::move(group));
  }
  return out;
}

TestedGroups test_groups(const GroupsFile& groups, std::string_view text, std::string_view file, ExplainAs as) {
  const auto config = parse_config(text, file);
  const auto tree = parse_tree(text, file);
  TestedGroups result;
  if (!config) return result;
  std::vector<Row> rows;
  const KnownWorld world{groups.pods, nullptr};
  for (const GroupLine& line : groups.groups) {
    const Identity identity = identify(line.path);
    const auto found = classify_why(identity, line.path, config->classes, world.find(identity));
    const auto& borrow = found.rule.borrow;
    rows.push_back({line, std::string(to_string(found.rule.qos)), found.rule.name,
                    borrow ? fmt::format("up to {} cores", static_cast<double>(borrow->up_to.value) / 1000) : "nothing",
                    rule_text(found, *config, tree.root, file)});
    result.wrong += rows.back().wrong() ? 1U : 0U;
  }
  result.out = as == ExplainAs::json ? as_json(rows, result.wrong, config->warnings) : table(rows, result.wrong, config->warnings);
  return result;
}

}  // namespace headroom
