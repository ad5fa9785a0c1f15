// One function that needs bash alone, not the bash-completion package.
#include "cli/command.hpp"

namespace headroom::cli {
namespace {

std::string function_of(const std::string& program) {
  std::string out = "_";
  for (const char c : program) out += c == '-' ? '_' : c;
  return out;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

/// "/config/explain" -> its words below it; options of the commands above hold there too.
struct Walk {
  std::string commands;   ///< patterns of paths that are commands
  std::string values;     ///< cases "path,option)": what an option's value may be
  std::string words;      ///< cases "path)": what else may stand there
};

std::string value_case(const std::string& path, const Option& o) {
  std::vector<std::string> patterns;
  for (const auto& name : o.names) patterns.push_back("'" + path + "," + name + "'");
  std::string what = ":";
  if (!o.choices.empty()) what = "mapfile -t COMPREPLY < <(compgen -W '" + joined(o.choices, " ") + "' -- \"$cur\")";
  if (o.completes == Completes::files) what = "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")";
  if (o.completes == Completes::directories)
    what = "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")";
  return "    " + joined(patterns, " | ") + ")\n      " + what + "\n      return\n      ;;\n";
}

void walk(const Command& c, const std::string& path, const std::vector<Option>& above, Walk& out) {
  const std::vector<Option> options = together(above, c.options);
  std::vector<std::string> words;
  for (const auto& sub : c.commands) words.push_back(sub.name);
  for (const auto& o : options) {
    words.insert(words.end(), o.names.begin(), o.names.end());
    if (!o.value.empty()) out.values += value_case(path, o);
  }
  out.words += "    '" + path + "') words='" + joined(words, " ") + "' ;;\n";
  for (const auto& sub : c.commands) {
    out.commands += (out.commands.empty() ? "" : " | ") + ("'" + path + "/" + sub.name + "'");
    walk(sub, path + "/" + sub.name, options, out);
  }
}

bool takes_files(const Command& c) {
  for (const auto& o : c.positionals)
    if (o.completes == Completes::files) return true;
  for (const auto& sub : c.commands)
    if (takes_files(sub)) return true;
  return false;
}

}  // namespace

std::string to_bash(const Command& program) {
  Walk parts;
  walk(program, "", {}, parts);
  const std::string name = function_of(program.name);
  std::string out = "# bash completion of " + program.name + "; source it, or put it into bash-completion's directory.\n" + name +
                    "() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at='' words='' i\n  COMPREPLY=()\n";
  if (!parts.commands.empty())
    out += "  for ((i = 1; i < COMP_CWORD; i++)); do\n    case $at/${COMP_WORDS[i]} in\n      " + parts.commands +
           ") at=$at/${COMP_WORDS[i]} ;;\n    esac\n  done\n";
  if (!parts.values.empty()) out += "  case $at,$prev in\n" + parts.values + "  esac\n";
  out += "  case $at in\n" + parts.words + "  esac\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n";
  if (takes_files(program))
    out += "  if ((${#COMPREPLY[@]} == 0)); then\n    compopt -o filenames 2>/dev/null\n"
           "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n  fi\n";
  return out + "}\ncomplete -F " + name + " " + program.name + "\n";
}

}  // namespace headroom::cli
