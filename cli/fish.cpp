// fish's complete(1): one line per word.
#include "cli/command.hpp"

namespace headroom::cli {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

/// -o of a program with --output is short, -output would be "old".
std::string names(const Option& o) {
  std::string out;
  for (const auto& name : o.names) out += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
  return out;
}

std::string value(const Option& o) {
  if (o.value.empty()) return "";
  if (!o.choices.empty()) {
    std::string words;
    for (const auto& choice : o.choices) words += (words.empty() ? "" : " ") + choice;
    return " -x -a " + quoted(words);
  }
  if (o.completes == Completes::files) return " -r -F";
  return o.completes == Completes::directories ? " -x -a '(__fish_complete_directories)'" : " -x";
}

std::string condition(const std::string& seen, const std::string& not_yet) {
  std::string out = seen;
  if (!not_yet.empty()) out += (out.empty() ? "" : "; and ") + ("not __fish_seen_subcommand_from " + not_yet);
  return out.empty() ? "" : " -n " + quoted(out);
}

/// @param seen  the condition that the command's own name stands on the line already; empty for the program itself
void add(const Command& c, const std::string& program, const std::string& seen, std::string& out) {
  const std::string begin = "complete -c " + program;
  for (const auto& o : c.options) out += begin + condition(seen, "") + names(o) + value(o) + " -d " + quoted(title_of(o.text)) + "\n";
  for (const auto& o : c.positionals)
    if (o.completes == Completes::files) out += begin + condition(seen, "") + " -F\n";
  std::string all;
  for (const auto& sub : c.commands) all += (all.empty() ? "" : " ") + sub.name;
  for (const auto& sub : c.commands) {
    out += begin + condition(seen, all) + " -a " + sub.name + " -d " + quoted(title_of(sub.text)) + "\n";
    add(sub, program, (seen.empty() ? "" : seen + "; and ") + "__fish_seen_subcommand_from " + sub.name, out);
  }
}

}  // namespace

std::string to_fish(const Command& program) {
  std::string out = "# fish completion of " + program.name + "\ncomplete -c " + program.name + " -f\n";
  add(program, program.name, "", out);
  return out;
}

}  // namespace headroom::cli
