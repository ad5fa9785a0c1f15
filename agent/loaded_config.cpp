#include "agent/loaded_config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

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

/// What the rollout makes of the mode on this node.
void apply_rollout(const Options& options, Config& config) {
  NodeFacts node{options.node_name, std::nullopt};
  if (!options.node_labels.empty()) node.labels = parse_labels(options.node_labels).value();   // checked on the command line
  auto rolled = roll_out(config.mode, config.rollout, node);
  config.mode = rolled.mode;
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
  if (options.mode) out.config.mode = *options.mode;
  else apply_rollout(options, out.config);
  if (options.policy) out.config.policy = *options.policy;
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
