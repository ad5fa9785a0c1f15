// The configuration as values. Every fault is reported with its place; bad input is refused whole.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/class_config.hpp"
#include "policies/policy.hpp"

namespace headroom {

enum class Mode { off, observe, enforce };

/// Somebody who may be asked who is who on the node.
struct SourceConfig {
  enum class Use { automatic, off, on };   ///< automatic: where its token, socket or bus is found
  Use use = Use::automatic;
  std::string address;                     ///< a URL, or unix: and a path; empty: where it usually is
  std::string ca, pin;                     ///< files; empty: none
  bool insecure = false;                   ///< no verification, only towards the node's own address
  friend bool operator==(const SourceConfig&, const SourceConfig&) = default;
};

struct Sources {
  SourceConfig kubelet, docker, systemd;
  friend bool operator==(const Sources&, const Sources&) = default;
};

/// Raises observe to enforce on some nodes.
struct RolloutStep {
  std::map<std::string, std::string> nodes;   ///< labels, all of them; empty: every node
  int enforce = 0;                            ///< share of these nodes, by name, in thousandths of a per cent
  Restriction only;
  friend bool operator==(const RolloutStep&, const RolloutStep&) = default;
};

struct Config {
  int version = 1;
  Mode mode = Mode::observe;
  std::optional<int> target_percent;       ///< node.target
  int steal_permille = 20;                 ///< node.steal
  bool restore_when_blind = true;          ///< node.onBlind
  int added_wait_permille = 10;
  seconds contract_window{60};
  std::vector<RolloutStep> rollout;
  std::vector<ClassConfig> classes;
  AnnotationRules annotations;
  Restriction only;                        ///< of the rollout, where that has raised the mode
  Sources sources;
  bool label_by_nfd = false;               ///< signals.nodeLabel: nfd
  std::string policy = "headroom";
  std::string listen = "127.0.0.1:9478";
  std::string log_level = "info";
  bool log_json = false;
  std::size_t journal_bytes = std::size_t{16} << 20;   ///< journal.max
  Node tuning;
  std::vector<std::string> warnings;       ///< keys that are valid and not in force in this version
};

/// @param file  named in errors: "headroom.yaml"
/// @return the configuration, or every fault found (where = "headroom.yaml:15:20: classes[0].borrow.upTo").
tl::expected<Config, std::vector<Error>> parse_config(std::string_view text, std::string_view file);

}  // namespace headroom
