#include <algorithm>
#include <cctype>

#include "config/sections.hpp"
#include "config/values.hpp"

namespace headroom {
namespace {

bool is_class_name(std::string_view name) {
  constexpr std::size_t kLongest = 32;
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto allowed = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= kLongest && lower(name[0]) && std::all_of(name.begin(), name.end(), allowed);
}

std::string read_name(const Field& parent, const std::optional<Field>& field, const std::vector<ClassConfig>& before) {
  if (!field) {
    parent.fault("want a name");
    return {};
  }
  const auto name = field->scalar("a name");
  if (!name) return {};
  if (!is_class_name(*name)) field->wrong("[a-z][a-z0-9-]*, at most 32 characters");
  if (*name == "none" || *name == "system") field->fault(fmt::format("want another name: \"{}\" is taken for groups without a rule", *name));
  const auto same = [&](const ClassConfig& other) { return other.rule.name == *name; };
  if (std::any_of(before.begin(), before.end(), same)) field->fault(fmt::format("want every name once, got \"{}\" again", *name));
  return *name;
}

std::optional<BorrowRule> read_borrow(const Field& field) {
  constexpr std::string_view kWanted = "none or a map of upTo, start, credit, perNamespace, visibility";
  if (!field.is_map()) {
    const auto text = field.scalar(kWanted);
    if (text && *text != "none") field.wrong(kWanted);
    return std::nullopt;
  }
  const auto map = field.map({"upTo", "start", "credit", "perNamespace", "visibility"});
  BorrowRule rule;
  read(map.get("upTo"), kWantCores, parse_cores, rule.up_to);
  const auto start = [](std::string_view text) { return parse_duration(text, seconds{0}, seconds{300}); };
  read(map.get("start"), "0s..5m (\"20s\")", start, rule.start);
  read(map.get("credit"), "0..10000 cpu-min (\"10 cpu-min\")", parse_cpu_minutes, rule.credit);
  std::int64_t ignored = 0;
  read(map.get("perNamespace"), "0.1..100000 cpu-h/day (\"200 cpu-h/day\")", parse_cpu_hours_a_day, ignored);
  if (const auto bound = map.get("perNamespace")) bound->not_in_force("perNamespace", "nothing is counted by namespace");
  read_word<Visibility>(map.get("visibility"),
                        {{"auto", Visibility::automatic}, {"hidden", Visibility::hidden}, {"file", Visibility::file}}, rule.visibility);
  return rule;
}

void check_cap(const Field& field) {
  if (!field.is_map()) return field.wrong("a map ({whenHot: 20% of node, never: below 1 core})");
  const auto map = field.map({"whenHot", "never"});
  std::string ignored;
  const auto when_hot = [](std::string_view text) -> std::optional<std::string> {
    constexpr std::string_view kTail = " of node";
    if (!text.ends_with(kTail) || !parse_percent(text.substr(0, text.size() - kTail.size()), 1, 100)) return std::nullopt;
    return std::string(text);
  };
  read(map.get("whenHot"), "1..100% of node (\"20% of node\")", when_hot, ignored);
  const auto never = [](std::string_view text) -> std::optional<std::string> {
    constexpr std::string_view kHead = "below ";
    if (!text.starts_with(kHead) || !parse_cores(text.substr(kHead.size()))) return std::nullopt;
    return std::string(text);
  };
  read(map.get("never"), "below 0.1..64 cores (\"below 1 core\")", never, ignored);
  field.not_in_force("cap", "nothing is squeezed");
}

bool stands_after(const Field& a, const Field& b) {
  return std::pair(a.mark().line, a.mark().column) > std::pair(b.mark().line, b.mark().column);
}

ClassConfig read_class(const Field& field, const std::vector<ClassConfig>& before) {
  ClassConfig result;
  if (!field.is_map()) {
    field.wrong("a map ({name: step, match: [...], borrow: {...}})");
    return result;
  }
  const auto map = field.map({"name", "match", "borrow", "cap", "weight"});
  result.rule.name = read_name(field, map.get("name"), before);
  const auto match = map.get("match");
  const auto borrow = map.get("borrow");
  const auto cap = map.get("cap");
  const auto entries = match ? match->items("a list of entries ([{path: \"dflow.slice/**\"}])") : std::vector<Field>{};
  for (const auto& entry : entries) result.match.push_back(read_match(entry));
  if (!match) field.fault("want a match: a list of entries");
  if (match && match->is_list() && entries.empty()) match->fault("want at least one entry, got an empty list");
  if (borrow) result.rule.borrow = read_borrow(*borrow);
  if (cap) check_cap(*cap);
  if (result.rule.borrow && cap) {
    (stands_after(*cap, *borrow) ? *cap : *borrow).fault("a class that may borrow cannot be capped as well: want one of borrow and cap");
  }
  read_word<WeightRule>(map.get("weight"),
                        {{"auto", WeightRule::automatic}, {"keep", WeightRule::keep}, {"lower", WeightRule::lower}}, result.rule.weight);
  result.rule.qos = result.rule.borrow ? QosClass::step : QosClass::ls;
  return result;
}

}  // namespace

std::vector<ClassConfig> read_classes(const Field& field) {
  std::vector<ClassConfig> result;
  for (const auto& item : field.items("a list of classes")) result.push_back(read_class(item, result));
  return result;
}

std::vector<ClassConfig> default_classes() {
  ClassConfig step;
  step.rule.name = "step";
  step.rule.qos = QosClass::step;
  step.rule.borrow = BorrowRule{};
  step.match.emplace_back();
  step.match[0].other = true;   // by engine, which no path tells
  return {step};
}

}  // namespace headroom
