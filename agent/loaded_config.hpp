// File and command line -> the configuration, for start, reload and --check-config alike.
#pragma once

#include <string>
#include <vector>

#include "agent/options.hpp"
#include "config/in_force.hpp"

namespace headroom {

struct Loaded {
  Config config;
  std::string text;
  std::string koordinators;   ///< text of --koordinator-config
  std::vector<Override> overrides;   ///< of what `text` says, in `config` already
};

/// The policy of the result can be made.
/// Errors: every fault of the text with its place; or one of the file itself, which names the way out.
tl::expected<Loaded, std::vector<Error>> load_config(const Options& options);

/// "headroomd: where: detail" on stderr.
void complain(const Error& error);

/// At most kMaxConfigBytes + 1 bytes, so that a file that is too long shows as such.
Result<std::string> read_config_file(const std::string& path);

/// FNV-1a of the text in force: it tells one configuration from another, no more.
std::string hash_of(const std::string& text);

}  // namespace headroom
