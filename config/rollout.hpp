// From node to node: which of them an `observe` is raised to `enforce` on. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "config/config.hpp"

namespace headroom {

/// What is known of the node that this is.
struct NodeFacts {
  std::string name;
  std::optional<std::map<std::string, std::string>> labels;   ///< nullopt: nobody has told
};

struct RolledOut {
  Mode mode = Mode::observe;
  std::optional<std::size_t> by;  ///< the step that has raised the mode
  Restriction only;               ///< none unless a step has raised the mode
  std::string told;               ///< a sentence where a step could not be judged; empty: nothing to tell
};

/// The first step whose nodes this is one of decides; `off` and `enforce` stay. A step that asks for labels matches no node
/// whose labels are not known.
RolledOut roll_out(Mode mode, std::span<const RolloutStep> steps, const NodeFacts& node);

/// "a=b,c=d". Errors: malformed.
Result<std::map<std::string, std::string>> parse_labels(std::string_view text);

}  // namespace headroom
