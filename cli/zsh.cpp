// zshcompsys(1): one function per command, made of _arguments and _describe.
#include "cli/command.hpp"

namespace headroom::cli {
namespace {

/// Inside single quotes, and inside a spec's brackets.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') out += "'\\''";
    else if (c == '[' || c == ']' || c == ':' || c == '\\') out += std::string("\\") + c;
    else out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string action(const Option& o) {
  if (!o.choices.empty()) {
    std::string words;
    for (const auto& choice : o.choices) words += (words.empty() ? "" : " ") + choice;
    return "(" + words + ")";
  }
  if (o.completes == Completes::files) return "_files";
  return o.completes == Completes::directories ? "_files -/" : " ";
}

/// '(-o --output)'{-o,--output}'[text or json]:TEXT:(text json)'
std::string spec(const Option& o) {
  const std::string rest = "[" + quoted(title_of(o.text)) + "]" +
                           (o.value.empty() ? "" : ":" + quoted(o.value) + ":" + action(o)) + "'";
  if (o.names.size() == 1) return "'" + o.names.front() + rest;
  std::string excluded, alternatives;
  for (const auto& name : o.names) {
    excluded += (excluded.empty() ? "" : " ") + name;
    alternatives += (alternatives.empty() ? "" : ",") + name;
  }
  return "'(" + excluded + ")'{" + alternatives + "}'" + rest;
}

std::string function_of(const std::string& path) {
  std::string out = "_";
  for (const char c : path) out += c == '-' || c == ' ' ? '_' : c;
  return out;
}

void add_function(const Command& c, const std::string& path, const std::vector<Option>& above, std::string& out) {
  const std::vector<Option> options = together(above, c.options);
  out += function_of(path) + "() {\n";
  if (!c.commands.empty()) out += "  local context state state_descr line\n  typeset -A opt_args\n";
  out += c.commands.empty() ? "  _arguments -s" : "  _arguments -s -C";
  for (const auto& o : options) out += " \\\n    " + spec(o);
  for (const auto& o : c.positionals)
    out += std::string(" \\\n    '") + (o.required ? ":" : "::") + quoted(o.value) + ":" + action(o) + "'";
  if (c.commands.empty()) {
    out += "\n}\n";
    return;
  }
  out += " \\\n    '1: :->command' '*:: :->rest'\n  case $state in\n    command)\n      local -a commands=(\n";
  for (const auto& sub : c.commands) out += "        '" + quoted(sub.name) + ":" + quoted(title_of(sub.text)) + "'\n";
  out += "      )\n      _describe command commands\n      ;;\n    rest)\n      case $words[1] in\n";
  for (const auto& sub : c.commands) out += "        " + sub.name + ") " + function_of(path + " " + sub.name) + " ;;\n";
  out += "      esac\n      ;;\n  esac\n}\n";
  for (const auto& sub : c.commands) add_function(sub, path + " " + sub.name, options, out);
}

}  // namespace

std::string to_zsh(const Command& program) {
  std::string out = "#compdef " + program.name + "\n";
  add_function(program, program.name, {}, out);
  return out + "if [ \"$funcstack[1]\" = \"" + function_of(program.name) + "\" ]; then\n  " + function_of(program.name) +
         " \"$@\"\nelse\n  compdef " + function_of(program.name) + " " + program.name + "\nfi\n";
}

}  // namespace headroom::cli
