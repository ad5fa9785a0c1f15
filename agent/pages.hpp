// Manual pages and completions of headroomd, and of headroom-guard, which has no library to make them with.
#pragma once

#include <optional>

namespace CLI {
class App;
}

namespace headroom {

/// `--generate man|bash|zsh|fish [FILE]` of headroomd; with the prefix "guard-" (`guard-man`) of headroom-guard.
/// @return the program's exit code; nullopt: an ordinary command line
std::optional<int> generate_pages(const CLI::App& headroomd, int argc, const char* const* argv);

}  // namespace headroom
