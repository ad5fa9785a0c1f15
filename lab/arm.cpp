#include "lab/arm.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "policies/policy.hpp"

namespace headroom::lab {
namespace {

const std::array<Arm, 8> kArms{{
    {"static", ArmKind::fixed, "", ""},
    {"static2", ArmKind::fixed, "", ""},
    {"nolimit", ArmKind::no_limit, "", ""},
    {"nolimit_low", ArmKind::no_limit_low, "", ""},
    {"headroom", ArmKind::daemon, "headroom", "auto"},
    {"headroom-hidden", ArmKind::daemon, "headroom", "hidden"},
    {"headroom-file", ArmKind::daemon, "headroom", "file"},
    {"headroom-static", ArmKind::daemon, "static", "auto"},
}};

const Arm kOracle{"oracle", ArmKind::oracle, "", ""};

bool has(const std::vector<Arm>& arms, std::string_view name) {
  return std::any_of(arms.begin(), arms.end(), [&](const Arm& a) { return a.name == name; });
}

}  // namespace

namespace {

/// One "NAME=VALUE" of an arm: a parameter of its policy, about which the policy has its say when it is made, or the start lease's length.
Result<> parse_setting(std::string_view one, Arm& arm) {
  const auto is = one.find('=');
  if (is == std::string_view::npos || is == 0 || is + 1 == one.size())
    return fail(Errc::malformed, "--policies", fmt::format("want NAME=VALUE, separated by semicolons, after the @, got '{}'", one));
  const auto name = one.substr(0, is), value = one.substr(is + 1);
  if (name == "start") arm.start = value;
  else arm.tuning += fmt::format("{}{}: {}", arm.tuning.empty() ? "" : ", ", name, value);
  return {};
}

Result<Arm> parse_tuned_arm(std::string_view name, std::size_t at, NodeKind where) {
  auto arm = parse_arm(name.substr(0, at), where);
  if (!arm) return arm;
  if (arm->kind != ArmKind::daemon) return fail(Errc::malformed, "--policies", fmt::format("arm '{}' has no policy to be tuned", arm->name));
  arm->name = name;
  for (auto from = at + 1; from <= name.size();) {
    const auto end = std::min(name.find(';', from), name.size());
    if (auto ok = parse_setting(name.substr(from, end - from), *arm); !ok) return tl::unexpected(ok.error());
    from = end + 1;
  }
  return arm;
}

}  // namespace

Result<Arm> parse_arm(std::string_view name, NodeKind where) {
  if (const auto at = name.find('@'); at != std::string_view::npos) return parse_tuned_arm(name, at, where);
  std::string all;
  for (const auto& arm : kArms) {
    if (arm.name == name) return arm;
    all += " " + arm.name;
  }
  for (const PolicyUse use : {PolicyUse::production, PolicyUse::lab}) {
    for (const auto policy : policy_names(use)) {
      if (policy == "headroom" || policy == "static") continue;   // an arm by visibility, and one without a daemon
      if (policy == name) return Arm{std::string(name), ArmKind::daemon, std::string(name), "auto"};
      all += " " + std::string(policy);
    }
  }
  if (name == kOracle.name && where == NodeKind::simulated) return kOracle;
  if (name == kOracle.name)
    return fail(Errc::malformed, "--policies", "arm 'oracle' is there on a simulated node only: add --simulate");
  if (where == NodeKind::simulated) all += " oracle";
  return fail(Errc::malformed, "--policies", fmt::format("no arm '{}'; there are:{}", name, all));
}

Result<std::vector<Arm>> parse_arms(std::string_view list, Twin twin, NodeKind where) {
  std::vector<Arm> out;
  if (twin == Twin::needed) out = {kArms[0], kArms[1]};
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto name = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    if (name.empty() || has(out, name)) continue;
    auto arm = parse_arm(name, where);
    if (!arm) return tl::unexpected(arm.error());
    out.push_back(*arm);
  }
  return out;
}

std::vector<PlannedGroup> for_arm(std::vector<PlannedGroup> plan, const Scenario& scenario, const Arm& arm) {
  if (arm.kind == ArmKind::fixed || arm.kind == ArmKind::daemon) return plan;
  for (auto& group : plan) {
    const bool lifted = group.level == Level::pod || group.level == Level::container;
    if (!lifted || scenario.pods[group.pod].pod_class != PodClass::step) continue;
    group.quota.reset();
    if (arm.kind == ArmKind::no_limit_low) group.shares = Shares{2};
  }
  return plan;
}

std::string with_port(const std::string& config, int port) {
  std::istringstream lines(config);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("listen:", 0) != 0) out += line + "\n";
  }
  return out + fmt::format("listen: 127.0.0.1:{}\n", port);
}

std::string daemon_config(const Scenario& scenario, const Arm& arm, int cpus, int port) {
  const auto up_to = scenario.up_to.empty() ? fmt::format("{} cores", std::min(cpus, 64)) : scenario.up_to;
  return fmt::format(
      "version: 1\n"
      "mode: enforce\n"
      "listen: 127.0.0.1:{}\n"
      "node: {{steal: 100%}}\n"   // machines to measure on are shared, and the neighbour rule drops what was disturbed
      "classes:\n"
      "  - name: step\n"
      "    match: [{{path: \"kubepods/burstable/pod{}-*/*\"}}, {{path: \"kubepods/pod{}-*/*\"}}]\n"
      "    borrow: {{upTo: {}, credit: {}, visibility: {}{}}}\n{}",
      port, uuid_head(PodClass::step), uuid_head(PodClass::step), up_to, scenario.credit, arm.visibility,
      arm.start.empty() ? "" : ", start: " + arm.start,
      arm.tuning.empty() ? "" : fmt::format("policy: {}\ntuning: {{{}}}\n", arm.policy, arm.tuning));
}

}  // namespace headroom::lab
