// The configuration as values. Every fault is reported with its place; bad input is refused whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/class_config.hpp"
#include "policies/policy.hpp"

namespace headroom {

enum class Mode { off, observe, enforce };

struct Config {
  int version = 1;
  Mode mode = Mode::observe;
  std::optional<int> target_percent;       ///< node.target
  bool restore_when_blind = true;          ///< node.onBlind
  int added_wait_permille = 10;
  seconds contract_window{60};
  std::vector<ClassConfig> classes;
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
