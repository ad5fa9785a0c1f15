// What is said of a wrong command line: the word that is wrong, and what was probably meant.
#pragma once

#include <CLI/CLI.hpp>
#include <utility>
#include <string>
#include <vector>

namespace headroom::cli {

/// For CLI::App::failure_message.
std::string complaint(const CLI::App* app, const CLI::Error& error);

/// "want off, observe or enforce, got \"obsreve\"; did you mean observe?"
std::string no_such_choice(const std::vector<std::string>& choices, const std::string& got);

/// One of the names as they are.
CLI::Validator one_of(std::vector<std::string> names);

/// One of the names, for an option of the enum T: CLI11 takes its number. Upper and lower case are the same.
template <class T>
CLI::Validator one_of(std::vector<std::pair<std::string, T>> values) {
  std::vector<std::string> names;
  for (const auto& [name, value] : values) names.push_back(name);
  CLI::Validator out = one_of(names);
  return out.operation([values, names](std::string& text) {
    for (const auto& [name, value] : values)
      if (CLI::detail::to_lower(text) == name) {
        text = std::to_string(static_cast<int>(value));
        return std::string{};
      }
    return no_such_choice(names, text);
  });
}

}  // namespace headroom::cli
