#include "cli/complaint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cgroups/types/nearest.hpp"

namespace headroom::cli {
namespace {

std::string meant(const std::string& word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const auto hint = nearest(word, views);
  return hint.empty() ? std::string{} : fmt::format("; did you mean {}?", hint);
}

/// The command that was being read when it went wrong.
const CLI::App& innermost(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::App* command : app.get_subcommands({}))
    if (!command->get_group().empty()) out.push_back(command->get_name());
  return out;
}

/// With those of the commands above it, which fall through.
std::vector<std::string> options_of(const CLI::App* app) {
  std::vector<std::string> out;
  for (; app != nullptr; app = app->get_parent())
    for (const CLI::Option* option : app->get_options())
      for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  return out;
}

std::string of_word(const CLI::App& app, const std::string& word) {
  if (word.starts_with("-")) return fmt::format("{}: no such option{}", word, meant(word.substr(0, word.find('=')), options_of(&app)));
  const auto commands = commands_of(app);
  if (commands.empty()) return fmt::format("{}: one word too many", word);
  const auto hint = meant(word, commands);
  return fmt::format("{}: no such command{}", word, hint.empty() ? fmt::format("; there are {}", fmt::join(commands, ", ")) : hint);
}

}  // namespace

std::string complaint(const CLI::App* app, const CLI::Error& error) {
  const CLI::App& at = innermost(app);
  const auto rest = app->remaining(true);
  std::string text = error.what();
  if (!rest.empty()) text = of_word(at, *std::find_if(rest.begin(), rest.end() - 1, [](const auto& w) { return w.starts_with("-"); }));
  else if (error.get_name() == "RequiredError" && !commands_of(at).empty())
    text = fmt::format("want a command: {}", fmt::join(commands_of(at), ", "));
  std::string whole = at.get_name();
  for (const CLI::App* up = at.get_parent(); up != nullptr; up = up->get_parent()) whole = up->get_name() + " " + whole;
  return fmt::format("{}: {}\n{} --help says what there is\n", app->get_name(), text, whole);
}

std::string no_such_choice(const std::vector<std::string>& choices, const std::string& got) {
  return fmt::format("want {}, got \"{}\"{}", fmt::join(choices, " | "), got, meant(got, choices));
}

CLI::Validator one_of(std::vector<std::string> names) {
  CLI::Validator out(fmt::format("{{{}}}", fmt::join(names, ",")));
  out.operation([names = std::move(names)](std::string& text) {
    return std::find(names.begin(), names.end(), text) != names.end() ? std::string{} : no_such_choice(names, text);
  });
  return out;
}

}  // namespace headroom::cli
