// The programs as they were built, and what their --help says.
#pragma once

#include <algorithm>
#include <cctype>
#include <set>

#include "tests/support/run_program.hpp"

namespace headroom::test {

using support::Ran;
using support::run;

inline std::string program(const std::string& name) { return std::string(HEADROOM_BIN_DIR) + "/" + name; }

/// A program of ours, what makes its pages, and the prefix of their kinds.
struct Documented {
  const char* name;
  const char* maker;
  const char* prefix;
  int section;
};
constexpr Documented kPrograms[] = {{"headroomd", "headroomd", "", 8},
                                    {"headroom-guard", "headroomd", "guard-", 8},
                                    {"headroomctl", "headroomctl", "", 1},
                                    {"headroom-lab", "headroom-lab", "", 1}};

inline std::string page(const Documented& d, const std::string& kind) {
  const Ran ran = run({program(d.maker), "--generate", d.prefix + kind}, {{"STATE_DIRECTORY", "/var/lib/headroom"}});
  return ran.code == 0 ? ran.out : "";
}

/// Words that begin with one or two minus signs at the left of a line of --help: "-o,--output TEXT …".
inline std::set<std::string> options_in(const std::string& help) {
  std::set<std::string> out;
  for (std::size_t from = 0; from < help.size();) {
    const std::size_t end = std::min(help.find('\n', from), help.size());
    std::string line = help.substr(from, end - from);
    from = end + 1;
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string::npos || begin == 0 || line[begin] != '-') continue;
    line = line.substr(begin, line.find(' ', begin) - begin);
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t comma = std::min(line.find(',', at), line.size());
      out.insert(line.substr(at, comma - at));
      at = comma + 1;
    }
  }
  return out;
}

/// First words of the lines below "Subcommands:".
inline std::vector<std::string> commands_in(const std::string& help) {
  std::vector<std::string> out;
  auto at = help.find("\nSubcommands:\n");
  if (at == std::string::npos) return out;
  at = help.find('\n', at + 1) + 1;
  while (at < help.size() && help.compare(at, 2, "  ") == 0) {
    const std::size_t end = std::min(help.find('\n', at), help.size());
    if (help[at + 2] != ' ') out.push_back(help.substr(at + 2, help.find_first_of(" \n", at + 2) - at - 2));
    at = end + 1;
  }
  return out;
}

}  // namespace headroom::test
