// Man pages and completions from the definitions that --help is made of: every program of ours takes
//   PROGRAM --generate man|bash|zsh|fish [FILE]
// as its whole command line. The build asks so; nobody has to.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace headroom::cli {

struct Program {
  const CLI::App& app;      ///< with its name, description, footer, options and commands
  int section = 1;          ///< of the manual: 1 or 8
};

/// Writes what is asked for, if that is what the command line asks.
/// @return the exit code of the program; nullopt: an ordinary command line
std::optional<int> generate(const Program& program, int argc, const char* const* argv);

/// @param path  nullptr: standard output
/// @return the exit code of the program
int write_page(const std::string& text, const char* path);

}  // namespace headroom::cli
