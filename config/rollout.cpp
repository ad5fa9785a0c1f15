#include "config/rollout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {

RolledOut roll_out(Mode mode, std::span<const RolloutStep> steps, const NodeFacts& node) {
  RolledOut out;
  out.mode = mode;
  if (mode != Mode::observe) return out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const RolloutStep& step = steps[i];
    if (!step.nodes.empty() && !node.labels) {
      out.told = fmt::format("rollout[{}].nodes asks for labels of the node, which nobody has told: it does not match (--node-labels)", i);
      continue;
    }
    const auto has = [&](const auto& label) {
      const auto found = node.labels->find(label.first);
      return found != node.labels->end() && found->second == label.second;
    };
    if (!std::all_of(step.nodes.begin(), step.nodes.end(), has)) continue;
    if (!within_share(node.name, step.enforce)) return out;
    out.mode = Mode::enforce;
    out.by = i;
    out.only = step.only;
    return out;
  }
  return out;
}

Result<std::map<std::string, std::string>> parse_labels(std::string_view text) {
  std::map<std::string, std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) return fail(Errc::malformed, "--node-labels", fmt::format("want KEY=VALUE,KEY=VALUE, got \"{}\"", part));
    out[std::string(part.substr(0, equals))] = part.substr(equals + 1);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
}

}  // namespace headroom
