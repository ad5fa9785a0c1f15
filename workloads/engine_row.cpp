#include "workloads/engine_row.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "workloads/identity.hpp"

namespace headroom {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What stands between `prefix`- and -NUMBER; nullopt: the text is not of that form.
struct Between {
  std::string_view middle, number;
};
std::optional<Between> between(std::string_view text, std::string_view prefix) {
  const auto dash = text.rfind('-');
  const bool begins = !prefix.empty() && text.starts_with(prefix) && text.size() > prefix.size() && text[prefix.size()] == '-';
  if (!begins || dash == std::string_view::npos || dash <= prefix.size() || !all_digits(text.substr(dash + 1))) return std::nullopt;
  return Between{text.substr(prefix.size() + 1, dash - prefix.size() - 1), text.substr(dash + 1)};
}

/// <workflow>-<template>-<hash of the node's name>, or the node's ID, which names no template.
std::string argo_template(const EngineFacts& f) {
  const auto found = between(f.pod.name, text_at(f.pod.labels, "workflows.argoproj.io/workflow"));
  return found ? std::string(found->middle) : f.pod.hints.container_set;
}

/// The number in the last parenthesis that ends with `end`: a retry is "(1)" at the end, a slice "(3:its value)".
std::string argo_number(const EngineFacts& f, char end) {
  const std::string_view name = text_at(f.pod.annotations, "workflows.argoproj.io/node-name");
  for (auto open = name.rfind('('); open != std::string_view::npos; open = open == 0 ? open : name.rfind('(', open - 1)) {
    const auto stop = name.find_first_not_of("0123456789", open + 1);
    const bool number = stop != std::string_view::npos && stop > open + 1 && name[stop] == end;
    if (number && (end != ')' || stop + 1 == name.size())) return std::string(name.substr(open + 1, stop - open - 1));
    if (open == 0) break;
  }
  return {};
}
std::string argo_attempt(const EngineFacts& f) { return argo_number(f, ')'); }
std::string argo_slice(const EngineFacts& f) { return argo_number(f, ':'); }

/// <execution>-<node>-<attempt>; an array's child has more nodes in it than its label. Longer names are hashed.
std::optional<Between> flyte_name(const EngineFacts& f) {
  return f.sub != nullptr ? std::nullopt : between(f.pod.name, text_at(f.pod.labels, "execution-id"));
}
std::string flyte_step(const EngineFacts& f) {
  const auto name = flyte_name(f);
  return name ? std::string(name->middle) : std::string{};
}
std::string flyte_attempt(const EngineFacts& f) {
  if (const auto name = flyte_name(f)) return std::string(name->number);
  return f.pod.hints.flyte_attempt ? std::to_string(*f.pod.hints.flyte_attempt) : std::string{};
}

/// The worker's Deployment is <group>-worker-<random>, its ReplicaSet adds the template's hash.
std::string dask_worker(const EngineFacts& f) {
  const std::string_view group = text_at(f.pod.labels, "dask.org/workergroup-name");
  std::string_view name = f.pod.owner;
  const std::string tail = "-" + text_at(f.pod.labels, "pod-template-hash");
  if (tail.size() > 1 && name.ends_with(tail)) name.remove_suffix(tail.size());
  if (group.empty() || !name.starts_with(group) || name.size() <= group.size() + 1) return {};
  return std::string(name.substr(group.size() + 1));
}

std::string pod_name(const EngineFacts& f) { return f.pod.name; }
std::string staging_script(const EngineFacts& f) { return f.pod.hints.staging_script ? "yes" : ""; }
std::string imports_dflow(const EngineFacts& f) { return f.pod.hints.imports_dflow ? "yes" : ""; }
/// Airflow's -1 means that the task is none of many.
std::string map_index(const EngineFacts& f) {
  const auto& text = text_at(f.pod.labels, "map_index");
  return all_digits(text) ? text : std::string{};
}

struct Field {
  std::string_view name;
  std::string (*read)(const EngineFacts&);
};
constexpr std::array kFields{
    Field{"name", pod_name},           Field{"argo-template", argo_template},   Field{"argo-attempt", argo_attempt},
    Field{"argo-slice", argo_slice},   Field{"flyte-step", flyte_step},         Field{"flyte-attempt", flyte_attempt},
    Field{"dask-worker", dask_worker}, Field{"staging-script", staging_script}, Field{"imports-dflow", imports_dflow},
    Field{"map-index", map_index}};

std::string field(std::string_view name, const EngineFacts& facts) {
  for (const Field& f : kFields)
    if (f.name == name) return f.read(facts);
  return {};
}

std::string value_of(std::string_view key, const EngineFacts& facts) {
  if (key.starts_with('.')) return field(key.substr(1), facts);
  if (key.starts_with('@')) return text_at(facts.pod.annotations, key.substr(1));
  return text_at(facts.pod.labels, key);
}

/// The next piece of a text; the text becomes what is behind it.
std::string_view cut(std::string_view& text, std::string_view separator) {
  const auto at = text.find(separator);
  const auto piece = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + separator.size());
  return piece;
}

std::string fill_one(std::string_view form, const EngineFacts& facts) {
  std::string out;
  while (!form.empty()) {
    out += cut(form, "{");
    if (form.empty()) break;
    const std::string value = value_of(cut(form, "}"), facts);
    if (value.empty()) return {};
    out += value;
  }
  return out;
}

bool key_holds(std::string_view key, const EngineFacts& facts) {
  const std::string_view name = cut(key, "=");
  const std::string value = value_of(name, facts);
  if (key.empty()) return !value.empty();
  return name.starts_with('.') ? glob_matches(key, value) : value == key;
}

ContainerRole role_of(std::string_view word) {
  if (word == "work") return ContainerRole::work;
  return word == "infra" ? ContainerRole::infra : ContainerRole::sidecar;
}

std::optional<ContainerRole> role_by_name(std::string_view rules, const PodContainer& c, const EngineFacts& facts) {
  while (!rules.empty()) {
    std::string_view rule = cut(rules, " ");
    const auto equals = rule.rfind('=');
    const std::string name = fill(rule.substr(0, equals), facts);
    const bool fitting = !name.empty() && (name != "*" || c.kind == ContainerKind::main) && glob_matches(name, c.name);
    if (!fitting) continue;
    const ContainerRole role = role_of(rule.substr(equals + 1));
    return role == ContainerRole::infra && c.kind == ContainerKind::init ? ContainerRole::infra_init : role;
  }
  return std::nullopt;
}

ContainerRole role_by_kind(ContainerKind kind, ContainerRole of_main) {
  switch (kind) {
    case ContainerKind::main: return of_main;
    case ContainerKind::init: return ContainerRole::init;
    case ContainerKind::sidecar: return ContainerRole::sidecar;
  }
  return of_main;
}

void find_worker(Worker worker, const Pod& pod, std::vector<ContainerRole>& roles) {
  if (worker == Worker::by_name || std::find(roles.begin(), roles.end(), ContainerRole::work) != roles.end()) return;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const bool main = pod.containers[i].kind == ContainerKind::main;
    if (!main || (worker == Worker::rest && roles[i] != ContainerRole::sidecar)) continue;
    roles[i] = ContainerRole::work;
    if (worker == Worker::first) return;
  }
}

}  // namespace

bool fits(const EngineRow& row, const EngineFacts& facts) {
  for (std::string_view keys = row.keys; !keys.empty();)
    if (!key_holds(cut(keys, " "), facts)) return false;
  return true;
}

std::string fill(std::string_view form, const EngineFacts& facts) {
  while (!form.empty())
    if (std::string text = fill_one(cut(form, " | "), facts); !text.empty()) return text;
  return {};
}

std::vector<ContainerRole> roles_in(const EngineRow* row, const EngineFacts& facts) {
  std::vector<ContainerRole> out;
  const ContainerRole rest = row == nullptr ? ContainerRole::service : ContainerRole::sidecar;
  for (const PodContainer& c : facts.pod.containers) {
    std::optional<ContainerRole> role;
    if (row != nullptr) role = role_by_name(row->roles, c, facts);
    if (!role && facts.sub != nullptr) role = role_by_name(facts.sub->roles, c, facts);
    out.push_back(role.value_or(role_by_kind(c.kind, rest)));
  }
  if (facts.sub != nullptr) find_worker(facts.sub->worker, facts.pod, out);
  else if (row != nullptr) find_worker(row->worker, facts.pod, out);
  return out;
}

}  // namespace headroom
