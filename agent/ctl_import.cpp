#include "agent/ctl_import.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

namespace headroom {
namespace {

constexpr std::int64_t kBurstPercent = 100;   // absent counts as that: upstream kernels refuse a burst above the quota

std::string_view word_of(koordlet::BurstPolicy policy) {
  switch (policy) {
    case koordlet::BurstPolicy::none: return "none";
    case koordlet::BurstPolicy::cpu_burst_only: return "cpuBurstOnly";
    case koordlet::BurstPolicy::cfs_quota_burst_only: return "cfsQuotaBurstOnly";
    case koordlet::BurstPolicy::automatic: return "auto";
  }
  return "none";
}

/// One line a parameter, behind `indent`.
std::string tuning_of(const koordlet::Patch& patch, std::string_view indent) {
  koordlet::Patch lawful;
  lawful.cpu_burst_percent = kBurstPercent;
  const koordlet::Config c = koordlet::merged(koordlet::merged(koordlet::Config{}, lawful), patch);
  std::string out;
  const auto line = [&](std::string_view name, const auto& value) { out += fmt::format("{}{}: {}\n", indent, name, value); };
  line("policy", word_of(c.policy));
  line("cpuBurstPercent", c.cpu_burst_percent);
  line("cfsQuotaBurstPercent", c.quota_burst_percent);
  line("cfsQuotaBurstPeriodSeconds", c.quota_burst_period_s);
  line("sharePoolThresholdPercent", c.share_pool_percent);
  return out;
}

/// What `above` says, over `below`.
koordlet::Patch over(const koordlet::Patch& below, const koordlet::Patch& above) {
  koordlet::Patch out = below;
  if (above.policy) out.policy = above.policy;
  if (above.cpu_burst_percent) out.cpu_burst_percent = above.cpu_burst_percent;
  if (above.quota_burst_percent) out.quota_burst_percent = above.quota_burst_percent;
  if (above.quota_burst_period_s) out.quota_burst_period_s = above.quota_burst_period_s;
  if (above.share_pool_percent) out.share_pool_percent = above.share_pool_percent;
  return out;
}

std::string labels_of(const NodeStrategy& node) {
  std::string out;
  for (const auto& [key, value] : node.labels) out += fmt::format("{}{}={}", out.empty() ? "" : ", ", key, value);
  return out.empty() ? "every node" : "nodes with " + out;
}

std::string line_of(std::string_view file, const SloNote& note) {
  return fmt::format("{}: cpu-burst-config:{}:{}: {}: {}{}", file, note.line, note.column, note.path, note.what,
                     note.used.empty() ? "" : fmt::format("; {} counts", note.used));
}

CtlExit import_file(const std::string& file) {
  std::ifstream in(file);
  if (!in) {
    std::fprintf(stderr, "headroomctl: %s: cannot be read\n", file.c_str());
    return CtlExit::failed;
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto map = parse_slo_map(text, file);
  if (!map) {
    std::fprintf(stderr, "headroomctl: %s: %s\n", map.error().where.c_str(), map.error().detail.c_str());
    return CtlExit::failed;
  }
  const auto config = parse_cpu_burst_config(map->cpu_burst_config);
  for (const SloNote& note : config ? config->warnings : config.error()) std::fprintf(stderr, "%s\n", line_of(file, note).c_str());
  if (!map->ignored.empty()) std::fprintf(stderr, "%s: not ours, and ignored: %s\n", file.c_str(), fmt::format("{}", fmt::join(map->ignored, ", ")).c_str());
  if (!config) return CtlExit::failed;
  std::fputs(native_config(*config, file).c_str(), stdout);
  return CtlExit::done;
}

}  // namespace

std::string native_config(const SloConfig& config, std::string_view from) {
  std::string out = fmt::format("# {}: decides as koordlet does. What is different, docs/policies/koordinator.md tells in full:\n", from);
  out += "# bursts are at most the quota; a pod's quota does not drift; everything is put back when the daemon ends.\n";
  out += "version: 1\nmode: observe   # enforce, when it does what you expect\npolicy: koordinator\ntuning:\n" + tuning_of(config.cluster, "  ");
  out += "classes: []   # koordlet treats every container of class LS with a limit; so does this policy\n";
  for (const NodeStrategy& node : config.nodes) {
    out += fmt::format("\n# nodeStrategies, {}: on {} a file of their own, with\n# tuning:\n", node.name.empty() ? "unnamed" : node.name, labels_of(node));
    out += tuning_of(over(config.cluster, node.patch), "#   ");
  }
  return out;
}

void add_import(CLI::App& app, CtlExit& exit) {
  CLI::App* command = app.add_subcommand("import", "Koordinator's slo-controller-config as headroom.yaml, and which fields mean something else here");
  auto file = std::make_shared<std::string>();
  command->add_option("file", *file, "the ConfigMap as YAML or JSON, or the value of its key cpu-burst-config")->required()->type_name("FILE");
  command->callback([&exit, file] { exit = import_file(*file); });
}

}  // namespace headroom
