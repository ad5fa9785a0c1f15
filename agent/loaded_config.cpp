#include "agent/loaded_config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

#include "agent/names.hpp"
#include "config/koordinator.hpp"
#include "config/rollout.hpp"
#include "config/tree.hpp"

namespace headroom {
namespace {

Error unreadable(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return {Errc::absent, path, fmt::format("{}: name a file that is there, or none: without a configuration headroomd observes "
                                            "with its defaults (headroomctl config explain)", std::strerror(error))};
  }
  if (error == EISDIR) return {Errc::rejected, path, fmt::format("is a directory: name the file in it, as in {}/headroom.yaml", path)};
  if (error == EACCES || error == EPERM) {
    return {Errc::denied, path, fmt::format("{}: it has to be readable for uid {}, as which this runs", std::strerror(error), geteuid())};
  }
  return {Errc::io, path, std::strerror(error)};
}

std::optional<std::map<std::string, std::string>> labels_of(const Options& options) {
  if (options.node_labels.empty()) return std::nullopt;
  return parse_labels(options.node_labels).value();   // checked on the command line
}

/// Koordinator's ConfigMap as it is: what holds on this node becomes `tuning`, where that does not say itself.
/// @return its faults, because of which nothing of it counts
std::vector<Error> apply_koordinators(const std::string& text, const Options& options, Config& config, std::vector<Override>& overrides) {
  const std::string& file = options.koordinator_config;
  const auto map = parse_slo_map(text, file);
  if (!map) return {map.error()};
  const auto slo = parse_cpu_burst_config(map->cpu_burst_config);
  std::vector<Error> notes;
  for (const SloNote& note : slo ? slo->warnings : slo.error()) notes.push_back(error_of(file, note));
  if (!slo) return notes;
  for (const Error& note : notes) config.warnings.push_back(note.where + ": " + note.detail);
  const bool by_label = std::any_of(slo->nodes.begin(), slo->nodes.end(), [](const NodeStrategy& n) { return !n.labels.empty(); });
  if (by_label && options.node_labels.empty())
    config.warnings.push_back(file + ": nodeStrategies: the node's labels are not known (--node-labels), so none that asks for some matches");
  if (!map->ignored.empty()) config.warnings.push_back(fmt::format("{}: not ours, and ignored: {}", file, fmt::join(map->ignored, ", ")));
  if (config.policy != "koordinator") {
    config.warnings.push_back(fmt::format("{}: not in force: the policy is {}, and it is for koordinator", file, config.policy));
    return {};
  }
  const auto native = parse_config("tuning:\n" + native_tuning(strategy_on(*slo, labels_of(options)), "  "), file);
  for (const auto& [key, value] : native->tuning.values)
    if (config.tuning.values.try_emplace(key, value).second) overrides.push_back({"tuning." + key, value.text, file + " (--koordinator-config)"});
  return {};
}

/// What the rollout makes of the mode on this node.
void apply_rollout(const Options& options, Config& config, std::vector<Override>& overrides) {
  const NodeFacts node{options.node_name, labels_of(options)};
  auto rolled = roll_out(config.mode, config.rollout, node);
  config.mode = rolled.mode;
  if (rolled.by) overrides.push_back({"mode", word(rolled.mode), fmt::format("raised by rollout[{}]", *rolled.by)});
  config.only = std::move(rolled.only);
  if (!rolled.told.empty()) config.warnings.push_back(std::move(rolled.told));
}

}  // namespace

Result<std::string> read_config_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(unreadable(path, errno));
  std::string text;
  std::array<char, 16'384> part;
  ssize_t got = 0;
  while (text.size() <= kMaxConfigBytes && (got = read(fd, part.data(), part.size())) != 0) {
    if (got > 0) text.append(part.data(), static_cast<std::size_t>(got));
    else if (errno != EINTR) break;
  }
  const int error = got < 0 ? errno : 0;
  close(fd);
  if (error != 0) return tl::unexpected(unreadable(path, error));
  return text;
}

void complain(const Error& e) { std::fprintf(stderr, "headroomd: %s: %s\n", e.where.c_str(), e.detail.c_str()); }

tl::expected<Loaded, std::vector<Error>> load_config(const Options& options) {
  Loaded out;
  if (!options.config.empty()) {
    auto text = read_config_file(options.config);
    if (!text) return tl::unexpected(std::vector{text.error()});
    out.text = std::move(*text);
  }
  auto parsed = parse_config(out.text, options.config);
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  out.config = std::move(*parsed);
  if (options.mode) {
    out.config.mode = *options.mode;
    out.overrides.push_back({"mode", word(*options.mode), "command line (--mode)"});
  } else {
    apply_rollout(options, out.config, out.overrides);
  }
  if (options.policy) {
    out.config.policy = *options.policy;
    out.overrides.push_back({"policy", *options.policy, "command line (--policy)"});
  }
  if (!options.koordinator_config.empty()) {
    auto text = read_config_file(options.koordinator_config);
    if (!text) return tl::unexpected(std::vector{text.error()});
    out.koordinators = std::move(*text);
    if (auto faults = apply_koordinators(out.koordinators, options, out.config, out.overrides); !faults.empty()) return tl::unexpected(std::move(faults));
  }
  Faults faults;
  if (!make_policy(out.config.policy, out.config.tuning, faults)) return tl::unexpected(std::move(faults));
  return out;
}

std::string hash_of(const std::string& text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return fmt::format("{:016x}", h);
}

}  // namespace headroom
