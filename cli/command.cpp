#include "cli/command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace headroom::cli {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::size_t from = 0;
  for (std::size_t end = text.find(separator); end != std::string::npos; end = text.find(separator, from)) {
    out.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  out.push_back(text.substr(from));
  return out;
}

/// CLI11 says "TEXT:{off,observe,enforce}", "FLOAT:FLOAT in [0.1 - 3600]" or "FILE".
void read_type(const std::string& type, Option& out) {
  const auto colon = type.find(':');
  out.value = type.substr(0, colon);
  if (colon == std::string::npos) return;
  const std::string bound = type.substr(colon + 1);
  if (bound.size() > 2 && bound.front() == '{' && bound.back() == '}')
    out.choices = split(bound.substr(1, bound.size() - 2), ',');
  const auto from = bound.find(" in ["), to = bound.rfind(']');
  if (from != std::string::npos && to != std::string::npos && to > from) out.range = bound.substr(from + 5, to - from - 5);
  if (bound == "NONNEGATIVE") out.range = "0 or more";
  if (bound == "POSITIVE") out.range = "more than 0";
}

Completes completes(const std::string& value) {
  if (value == "FILE" || value == "PATH") return Completes::files;
  return value == "DIR" ? Completes::directories : Completes::nothing;
}

Option read_option(const CLI::Option& option) {
  Option out;
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  if (option.get_type_size() != 0) read_type(option.get_type_name(), out);
  out.completes = completes(out.value);
  if (out.names.empty()) out.value = option.get_name(true);
  out.fallback = option.get_default_str();
  out.text = option.get_description();
  out.required = option.get_required();
  return out;
}

}  // namespace

std::string title_of(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (!line.empty() && line.back() == '.') line.pop_back();
  return line;
}

std::vector<Option> together(const std::vector<Option>& above, const std::vector<Option>& own) {
  std::vector<Option> out;
  for (const Option& o : above)
    if (std::none_of(own.begin(), own.end(), [&](const Option& mine) { return mine.names == o.names; })) out.push_back(o);
  out.insert(out.end(), own.begin(), own.end());
  return out;
}

Command read_command(const CLI::App& app) {
  Command out;
  out.name = app.get_name();
  out.text = app.get_description();
  out.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    const Option read = read_option(*option);
    (read.names.empty() ? out.positionals : out.options).push_back(read);
  }
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (!command->get_group().empty() && !command->get_name().empty()) out.commands.push_back(read_command(*command));
  return out;
}

}  // namespace headroom::cli
