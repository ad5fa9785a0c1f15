#include "config/classes.hpp"

#include <map>
#include <string>

namespace headroom {
namespace {

Visibility visibility_of(const std::string& word) {
  if (word == "hidden") return Visibility::hidden;
  return word == "file" ? Visibility::file : Visibility::automatic;
}

WeightRule weight_of(const std::string& word) {
  if (word == "keep") return WeightRule::keep;
  return word == "lower" ? WeightRule::lower : WeightRule::automatic;
}

KubeQos qos_of(const std::string& word) {
  if (word == "Guaranteed") return KubeQos::guaranteed;
  return word == "Burstable" ? KubeQos::burstable : KubeQos::best_effort;
}

BorrowRule borrow_of(const Section& borrow) {
  BorrowRule rule;
  rule.up_to = MilliCpu{borrow.amount("upTo")};
  rule.start = seconds{borrow.amount("start") / 1000};
  rule.credit = milliseconds{borrow.amount("credit") * 60};
  rule.visibility = visibility_of(borrow.text("visibility"));
  return rule;
}

std::vector<std::string> texts_of(const Tree& one_or_list) {
  if (one_or_list.kind == Tree::Kind::scalar) return {one_or_list.text};
  std::vector<std::string> result;
  for (const Tree& item : one_or_list.items) result.push_back(item.text);
  return result;
}

Match match_of(const Section& entry) {
  Match result;
  result.engines = texts_at(entry, "engine");
  if (entry.find("dockerName")) result.docker_name = entry.text("dockerName");
  if (const auto ports = texts_at(entry, "portRange"); ports.size() == 2) result.ports.emplace(std::stoi(ports[0]), std::stoi(ports[1]));
  result.namespaces = texts_at(entry, "namespace");
  result.pod_labels = map_at(entry, "podLabels");
  result.pod_annotations = map_at(entry, "podAnnotations");
  if (entry.find("qos")) result.qos = qos_of(entry.text("qos"));
  result.path = texts_at(entry, "path");
  if (entry.find("unit")) result.unit = entry.text("unit");
  if (entry.find("slice")) result.slice = entry.text("slice");
  return result;
}

ClassConfig class_of(const Section& item) {
  ClassConfig result;
  result.rule.name = item.text("name");
  for (const Section& entry : sections_of(item.find("match"), *child_of(item.key(), "match"))) result.match.push_back(match_of(entry));
  const Tree* borrow = item.find("borrow");
  if (borrow != nullptr && borrow->kind == Tree::Kind::map) result.rule.borrow = borrow_of(item.section("borrow"));
  result.rule.weight = weight_of(item.text("weight"));
  result.rule.qos = result.rule.borrow ? QosClass::step : QosClass::ls;
  return result;
}

}  // namespace

std::vector<std::string> texts_at(const Section& entry, std::string_view name) {
  const Tree* given = entry.find(name);
  return given == nullptr ? std::vector<std::string>{} : texts_of(*given);
}

std::map<std::string, std::string> map_at(const Section& entry, std::string_view name) {
  std::map<std::string, std::string> result;
  if (const Tree* given = entry.find(name))
    for (const TreeEntry& item : given->entries) result[item.key] = item.value.text;
  return result;
}

Tree default_tree(const Key& key) { return parse_tree(key.fallback, "default").root; }

std::vector<ClassConfig> classes_of(const Section& top) {
  const Key& key = *child_of(top.key(), "classes");
  const Tree* given = top.find("classes");
  const Tree fallback = given == nullptr ? default_tree(key) : Tree{};
  std::vector<ClassConfig> result;
  for (const Section& item : sections_of(given == nullptr ? &fallback : given, key)) {
    result.push_back(class_of(item));
    result.back().rule.rank = static_cast<int>(result.size());
  }
  return result;
}

}  // namespace headroom
