#include "agent/ctl_import.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

namespace headroom {
namespace {

std::string labels_of(const NodeStrategy& node) {
  std::string out;
  for (const auto& [key, value] : node.labels) out += fmt::format("{}{}={}", out.empty() ? "" : ", ", key, value);
  return out.empty() ? "every node" : "nodes with " + out;
}

void complain(std::string_view file, const SloNote& note) {
  const Error error = error_of(file, note);
  std::fprintf(stderr, "%s: %s\n", error.where.c_str(), error.detail.c_str());
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
  for (const SloNote& note : config ? config->warnings : config.error()) complain(file, note);
  if (!map->ignored.empty()) std::fprintf(stderr, "%s: not ours, and ignored: %s\n", file.c_str(), fmt::format("{}", fmt::join(map->ignored, ", ")).c_str());
  if (!config) return CtlExit::failed;
  std::fputs(native_config(*config, file).c_str(), stdout);
  return CtlExit::done;
}

}  // namespace

std::string native_config(const SloConfig& config, std::string_view from) {
  const koordlet::Config cluster = strategy_on({config.cluster, {}, {}}, std::nullopt);
  std::string out = fmt::format("# {}: decides as koordlet does. What is different, docs/policies/koordinator.md tells in full:\n", from);
  out += "# bursts are at most the quota; a pod's quota does not drift; everything is put back when the daemon ends.\n";
  out += "version: 1\nmode: observe   # enforce, when it does what you expect\npolicy: koordinator\ntuning:\n" + native_tuning(cluster, "  ");
  out += "classes: []   # koordlet treats every container of class LS with a limit; so does this policy\n";
  for (const NodeStrategy& node : config.nodes) {
    out += fmt::format("\n# nodeStrategies, {}: on {} a file of their own, with\n# tuning:\n", node.name.empty() ? "unnamed" : node.name, labels_of(node));
    out += native_tuning(koordlet::merged(cluster, node.patch), "#   ");
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
