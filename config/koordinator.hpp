// Koordinator's ConfigMap slo-controller-config: its key cpu-burst-config, read as strictly as JSON is.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policies/koordinator_law.hpp"

namespace headroom {

/// A fault or a warning, with its place in the key's value, both from 1 on.
struct SloNote {
  int line = 1, column = 1;
  std::string path;              ///< "clusterStrategy.cpuBurstPercent"
  std::string what;
  std::string used;              ///< what counts instead; empty: nothing
  friend bool operator==(const SloNote&, const SloNote&) = default;
};

struct NodeStrategy {
  std::string name;
  std::map<std::string, std::string> labels;   ///< all of them, equal; empty: every node
  koordlet::Patch patch;
};

struct SloConfig {
  koordlet::Patch cluster;
  std::vector<NodeStrategy> nodes;             ///< the first that matches
  std::vector<SloNote> warnings;
};

/// Unknown fields and policies warn, a burst above the quota is cut to it. Errors: every fault of syntax, type or range; then
/// nothing of it counts.
tl::expected<SloConfig, std::vector<SloNote>> parse_cpu_burst_config(std::string_view json);

/// What holds on a node, a burst that upstream kernels accept included.
/// @param labels  of the node; nullopt: not known, so that no nodeStrategy with a selector matches
koordlet::Config strategy_on(const SloConfig& config, const std::optional<std::map<std::string, std::string>>& labels);

/// headroom.yaml that decides by it. @param indent  before each line of `tuning`
std::string native_tuning(const koordlet::Config& strategy, std::string_view indent);

/// "FILE: cpu-burst-config:LINE:COLUMN: PATH" and what is the matter.
Error error_of(std::string_view file, const SloNote& note);

constexpr std::string_view kBurstAnnotation = "koordinator.sh/cpuBurst";
/// A pod's annotation: a strategy without sharePoolThresholdPercent. Errors: malformed.
struct AskedStrategy {
  koordlet::Patch patch;
  std::vector<std::string> told;   ///< what a person should know about it
};
Result<AskedStrategy> parse_burst_annotation(std::string_view json);

struct SloMap {
  std::string cpu_burst_config;                ///< the key's value
  std::vector<std::string> ignored;            ///< the other keys: their own faults are nobody's matter here
};
/// A ConfigMap, as YAML or JSON; or the key's value by itself. Errors: malformed.
Result<SloMap> parse_slo_map(std::string_view text, std::string_view file);

}  // namespace headroom
