// A row of the table of engines, and what a row finds in a pod.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/engines.hpp"

namespace headroom {

/// Who works where no container's name says so.
enum class Worker { by_name, first, rest };

/// Forms are texts with {label}, {@annotation} or {.field}, where a field is something read off the pod: see field() in
/// engine_row.cpp. Alternatives are separated by " | ": the first counts of which every part is there.
struct EngineRow {
  std::string_view id;
  /// All of these, separated by blanks: label, label=value, @annotation, @annotation=value, .field, .field=GLOB.
  std::string_view keys;
  std::string_view workflow = {}, step = {}, template_name = {}, member = {};
  std::string_view attempt = {}, slice = {};
  int first_attempt = 0;             ///< what its own numbers begin with
  /// NAME=ROLE, separated by blanks, the first that fits; NAME is a glob or a form. `*` means the main containers alone, and
  /// an init container that is `infra` is `infra_init`.
  std::string_view roles = {};
  Worker worker = Worker::by_name;
  bool starts_others = false;        ///< its pods may be another engine's as well, which is then the sub-engine
};

/// A pod on its way through the table.
struct EngineFacts {
  const Pod& pod;
  const EngineRow* sub = nullptr;    ///< the row of the engine that this one has started
};

bool fits(const EngineRow& row, const EngineFacts& facts);

/// Empty: of no alternative every part is there.
std::string fill(std::string_view form, const EngineFacts& facts);

std::vector<ContainerRole> roles_in(const EngineRow* row, const EngineFacts& facts);

}  // namespace headroom
