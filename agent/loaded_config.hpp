// The configuration in force, with its text.
#pragma once

#include <optional>
#include <string>

#include "agent/options.hpp"

namespace headroom {

struct Loaded {
  Config config;
  std::string text;
};

/// "headroomd: where: detail" on stderr.
void complain(const Error& error);

/// File and command line together; says every fault on a line of its own and gives nullopt. The policy of the result
/// can be made.
std::optional<Loaded> load_config(const Options& options);

/// FNV-1a of the text in force: it tells one configuration from another, no more.
std::string hash_of(const std::string& text);

}  // namespace headroom
