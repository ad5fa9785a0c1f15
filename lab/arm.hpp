// What is compared: limits as they are, limits deleted, or the real daemon in one of its settings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/result.hpp"
#include "lab/kube.hpp"

namespace headroom::lab {

enum class ArmKind { fixed, no_limit, no_limit_low, daemon, oracle };

struct Arm {
  std::string name;
  ArmKind kind = ArmKind::fixed;
  std::string policy = "headroom";   ///< daemon: policy of its configuration
  std::string visibility = "auto";   ///< daemon: auto, hidden or file
  std::string tuning{};              ///< daemon: parameters of its policy as YAML, "hold: 300, least: 100"; empty: their defaults
  std::string start{};               ///< daemon: length of the start lease as the configuration writes it, "0s"; empty: its default
};

/// Whether it runs the policy whose bars are in the scenarios, in any of its settings.
inline bool is_ours(const Arm& arm) { return arm.kind == ArmKind::daemon && arm.policy == "headroom"; }

/// A simulated node knows one arm more: "oracle" (no limits, protected threads at strict priority).
enum class NodeKind { real, simulated };

/// "static", "static2", "nolimit", "nolimit_low", "headroom", "headroom-hidden", "headroom-file", "headroom-static", and
/// the name of every other policy. With parameters of the policy: "headroom@hold=300;least=100"; `start` is
/// the class's: "headroom@start=0s".
Result<Arm> parse_arm(std::string_view name, NodeKind where = NodeKind::real);

/// "a,b": static and its twin static2 are added where `with_twin` names a method that needs them.
enum class Twin { needed, not_needed };
Result<std::vector<Arm>> parse_arms(std::string_view list, Twin twin, NodeKind where = NodeKind::real);

/// The tree as this arm wants it: nolimit takes the quota of steps and of their pods away, nolimit_low also puts both
/// at the lowest weight. Only the lab may do this, and only to its own groups.
std::vector<PlannedGroup> for_arm(std::vector<PlannedGroup> plan, const Scenario& scenario, const Arm& arm);

/// A given configuration, its `listen` line replaced: two labs on one node must not want the same port.
std::string with_port(const std::string& config, int port);

/// Configuration of the daemon for its arm: enforce, classes by path glob, loopback on `port`.
std::string daemon_config(const Scenario& scenario, const Arm& arm, int cpus, int port);

}  // namespace headroom::lab
