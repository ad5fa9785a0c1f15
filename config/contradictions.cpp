#include "config/contradictions.hpp"

#include <algorithm>

#include "config/forms.hpp"

namespace headroom {
namespace {

/// The value of a key as a field; nullopt: not there, or not of this kind.
std::optional<Field> child(const Field& field, std::string_view key) {
  if (!field.is_map()) return std::nullopt;
  return Map(field.entries("")).get(key);
}

std::vector<Field> items_of(const std::optional<Field>& field) {
  return field && field->is_list() ? field->items("") : std::vector<Field>{};
}

const Key& key_at(std::string_view path) { return *find_key(path); }

bool is_right(const std::optional<Field>& field, const Key& key) {
  return field && field->tree().kind == Tree::Kind::scalar && has_form(key, field->tree());
}

bool stands_after(const Field& a, const Field& b) {
  return std::pair(a.mark().line, a.mark().column) > std::pair(b.mark().line, b.mark().column);
}

void check_ports(const Field& entry) {
  const auto name = child(entry, "dockerName");
  const auto range = child(entry, "portRange");
  const auto ports = items_of(range);
  if (!range) return;
  const auto& port = key_at("classes.match.portRange");
  if (ports.size() == 2 && is_right(ports[0], port) && is_right(ports[1], port)) {
    const int low = std::stoi(ports[0].tree().text), high = std::stoi(ports[1].tree().text);
    if (low > high) range->fault(fmt::format("want the lower port first, got {} before {}", low, high));
  }
  if (!name) return range->fault("want a dockerName beside it: it bounds that pattern's group \"port\"");
  if (!is_right(name, key_at("classes.match.dockerName"))) return;
  const auto groups = groups_of_pattern(name->tree().text);
  if (std::find(groups->begin(), groups->end(), "port") != groups->end()) return;
  range->fault("want a group (?P<port>...) in dockerName: it is what this bounds");
}

/// @param names  of the classes before it
void check_class(const Field& item, std::vector<std::string>& names) {
  const auto name = child(item, "name");
  if (is_right(name, key_at("classes.name"))) {
    const auto& text = name->tree().text;
    if (std::find(names.begin(), names.end(), text) != names.end()) {
      name->fault(fmt::format("want every name once, got \"{}\" again", text));
    }
    names.push_back(text);
  }
  const auto borrow = child(item, "borrow");
  const auto cap = child(item, "cap");
  if (borrow && cap && borrow->is_map()) {
    (stands_after(*cap, *borrow) ? *cap : *borrow).fault("a class that may borrow cannot be capped as well: want one of borrow and cap");
  }
  for (const Field& entry : items_of(child(item, "match"))) check_ports(entry);
}

}  // namespace

void check_contradictions(const Field& root) {
  if (const auto signals = child(root, "signals"))
    if (const auto label = child(*signals, "nodeLabel"); is_right(label, key_at("signals.nodeLabel")) && label->tree().text == "patch")
      label->not_in_force("nodeLabel: patch", "no label is written; nfd is in force");
  std::vector<std::string> names;
  for (const Field& item : items_of(child(root, "classes"))) check_class(item, names);
}

}  // namespace headroom
