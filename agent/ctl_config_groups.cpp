#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "agent/ctl_config.hpp"
#include "agent/ctl_text.hpp"
#include "config/config.hpp"
#include "config/tree.hpp"
#include "engine/describe.hpp"
#include "workloads/identity.hpp"

namespace headroom {
namespace {

using json = nlohmann::ordered_json;

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

/// "containerd://0123…" -> "0123…"
std::string id_of(const std::string& container_id) {
  const auto slashes = container_id.find("://");
  return slashes == std::string::npos ? container_id : container_id.substr(slashes + 3);
}

std::string text_at(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object.at(key).is_string() ? object.at(key).get<std::string>() : "";
}

void add_pod(const json& pod, GroupsFile& out) {
  const json metadata = pod.value("metadata", json::object()), status = pod.value("status", json::object());
  const std::string uid = text_at(metadata, "uid"), qos = text_at(status, "qosClass");
  const std::string name = text_at(metadata, "namespace") + "/" + text_at(metadata, "name");
  if (uid.empty() || qos.empty()) {
    out.errors.push_back(fmt::format("{}: want metadata.uid and status.qosClass, as the API server gives them", ctl::clean(name)));
    return;
  }
  const std::string tier = qos == "Guaranteed" ? "" : qos == "BestEffort" ? "/besteffort" : "/burstable";
  const std::string path = fmt::format("kubepods{}/pod{}", tier, uid);
  bool any = false;
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const json& container : status.value(list, json::array())) {
      const auto id = id_of(text_at(container, "containerID"));
      if (id.empty()) continue;   // it has not begun
      any = true;
      out.groups.push_back({name + "/" + text_at(container, "name"), path + "/" + id, ""});
    }
  }
  if (!any) out.groups.push_back({name, path, ""});
}

GroupsFile groups_of_pods(std::string_view text, std::string_view file) {
  GroupsFile out;
  try {
    const json root = json::parse(text);
    const json items = root.is_array() ? root : root.value("items", json::array({root}));
    for (const json& pod : items) add_pod(pod, out);
  } catch (const json::exception& e) {
    out.errors.push_back(fmt::format("{}: want paths, one a line, or the JSON of kubectl get pods -o json: {}", file, e.what()));
  }
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
  std::string out = "no rule matches: protected, and lent nothing";
  if (found.rule.qos == QosClass::system) out = "the system's own: never touched";
  if (found.matched) {
    out = fmt::format("classes[{}].match[{}] ({})", *found.matched, *found.entry, place_of(root, file, *found.matched, *found.entry));
  }
  if (found.held_back) {
    out += fmt::format("; classes[{}] ({}) may mean it and asks what is not in force in this version, so nothing is lent", *found.held_back,
                       config.classes[*found.held_back].rule.name);
  } else if (found.matched && config.classes[*found.matched].rule.borrow && !found.rule.borrow) {
    out += found.rule.qos == QosClass::be ? "; BestEffort: no limit to raise" : "; no lease for a group of this kind, its containers get them";
  }
  return out;
}

struct Row {
  GroupLine line;
  std::string qos, name, borrow, rule;
  bool wrong() const { return !line.expected.empty() && line.expected != name; }
};

std::string table(const std::vector<Row>& rows, std::size_t wrong) {
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
  const auto said = std::count_if(rows.begin(), rows.end(), [](const Row& row) { return !row.line.expected.empty(); });
  return out + fmt::format("{} group{}, {} with a class to be, {} wrong\n", rows.size(), rows.size() == 1 ? "" : "s", said, wrong);
}

std::string as_json(const std::vector<Row>& rows, std::size_t wrong) {
  json out = json::array();
  for (const Row& row : rows) {
    json one{{"group", row.line.name}, {"path", row.line.path}, {"class", row.name}, {"qosClass", row.qos}, {"borrow", row.borrow}, {"rule", row.rule}};
    if (!row.line.expected.empty()) one["expected"] = row.line.expected;
    out.push_back(std::move(one));
  }
  return json{{"groups", out}, {"wrong", wrong}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
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

TestedGroups test_groups(const std::vector<GroupLine>& groups, std::string_view text, std::string_view file, ExplainAs as) {
  const auto config = parse_config(text, file);
  const auto tree = parse_tree(text, file);
  TestedGroups result;
  if (!config) return result;
  std::vector<Row> rows;
  for (const GroupLine& line : groups) {
    const auto found = classify_why(identify(line.path), line.path, config->classes);
    const auto& borrow = found.rule.borrow;
    rows.push_back({line, std::string(to_string(found.rule.qos)), found.rule.name,
                    borrow ? fmt::format("up to {} cores", static_cast<double>(borrow->up_to.value) / 1000) : "nothing",
                    rule_text(found, *config, tree.root, file)});
    result.wrong += rows.back().wrong() ? 1U : 0U;
  }
  result.out = as == ExplainAs::json ? as_json(rows, result.wrong) : table(rows, result.wrong);
  return result;
}

}  // namespace headroom
