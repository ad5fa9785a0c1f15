// A command line as plain data, read from CLI11's definitions.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace headroom::cli {

enum class Completes { nothing, files, directories };

struct Option {
  std::vector<std::string> names;    ///< "-o", "--output"; short ones first; empty: positional
  std::string value;                 ///< "FILE", or the positional's name; empty: a flag
  std::vector<std::string> choices;  ///< the only values that there are; empty: any
  std::string range;                 ///< "0.1 - 3600"; empty: none said
  std::string fallback;              ///< default
  std::string text;                  ///< what it means
  bool required = false;
  Completes completes = Completes::nothing;
};

struct Command {
  std::string name;
  std::string text;                  ///< what it does; the first line is the title
  std::string footer;
  std::vector<Option> options;       ///< with names
  std::vector<Option> positionals;
  std::vector<Command> commands;
};

/// Hidden options and commands (those of the group "") are left out.
Command read_command(const CLI::App& app);

/// The options that hold for a command: its own, and of those above it what it does not have itself.
std::vector<Option> together(const std::vector<Option>& above, const std::vector<Option>& own);

/// First line of a text, without a full stop.
std::string title_of(const std::string& text);

// What the four kinds of output are made by.
/// @param date  of the version, YYYY-MM-DD
std::string to_man(const Command& program, int section);
std::string to_bash(const Command& program);
std::string to_zsh(const Command& program);
std::string to_fish(const Command& program);

}  // namespace headroom::cli
