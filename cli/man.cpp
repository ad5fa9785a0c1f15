// man(7): https://man7.org/linux/man-pages/man7/man.7.html
#include <algorithm>
#include <cctype>

#include "cli/command.hpp"
#include "cli/troff.hpp"

namespace headroom::cli {

using namespace troff;

namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from < text.size()) {
    const auto end = text.find('\n', from);
    out.push_back(text.substr(from, end - from));
    if (end == std::string::npos) break;
    from = end + 1;
  }
  return out;
}

/// "-o, --output text|json"
std::string head(const Option& o) {
  std::string out;
  for (const auto& name : o.names) out += (out.empty() ? "" : ", ") + bold(name);
  if (o.names.empty()) return italic(o.value);
  std::string value;
  for (const auto& choice : o.choices) value += (value.empty() ? "" : "|") + bold(choice);
  if (value.empty() && !o.value.empty()) value = italic(o.value);
  return value.empty() ? out : out + " " + value;
}

/// "at most so many (0 or more; default: 20)"
std::string about(const Option& o) {
  std::string notes = o.range;
  if (!o.fallback.empty()) notes += (notes.empty() ? "" : "; ") + ("default: " + o.fallback);
  if (o.required) notes += notes.empty() ? "required" : "; required";
  return line(notes.empty() ? o.text : o.text + " (" + notes + ")");
}

std::string list_of(const std::vector<Option>& options) {
  std::string out;
  for (const auto& o : options) out += ".TP\n" + head(o) + "\n" + about(o);
  return out;
}

std::string synopsis(const Command& c, const std::string& path) {
  std::string out = ".B " + plain(path) + "\n";
  if (!c.options.empty()) out += "[\\fIOPTION\\fR]...\n";
  for (const auto& o : c.positionals) out += o.required ? italic(o.value) + "\n" : "[" + italic(o.value) + "]\n";
  if (!c.commands.empty()) out += "\\fICOMMAND\\fR ...\n";
  return out;
}

/// Paragraphs of a description; what is indented stays as it is.
std::string paragraphs(const std::string& text) {
  std::string out;
  for (const auto& l : lines_of(text)) {
    if (!l.empty()) out += line(l);
    else if (!out.empty()) out += ".PP\n";
  }
  return out;
}

std::string commands(const Command& parent, const std::string& path) {
  std::string out;
  for (const auto& c : parent.commands) {
    const std::string name = path.empty() ? c.name : path + " " + c.name;
    out += ".SS " + plain(name);
    for (const auto& o : c.positionals) out += " " + plain(o.value);
    out += "\n" + paragraphs(c.text);
    out += list_of(c.positionals) + list_of(c.options);
    if (!c.footer.empty()) out += ".PP\n.nf\n" + paragraphs(c.footer) + ".fi\n";
    out += commands(c, name);
  }
  return out;
}

/// A footer's "Title:" at the left edge begins a section; the indented lines below it stay as they are.
std::string sections(const std::string& footer) {
  std::string out;
  bool open = false;
  const auto close = [&] { out += open ? ".fi\n" : ""; };
  for (const auto& l : lines_of(footer)) {
    if (l.empty()) continue;
    if (l.front() != ' ' && l.back() == ':') {
      close();
      out += ".SH " + plain(upper(l.substr(0, l.size() - 1))) + "\n.nf\n";
      open = true;
      continue;
    }
    if (!open) out += ".SH NOTES\n.nf\n";
    open = true;
    out += line(l.substr(std::min<std::size_t>(l.find_first_not_of(' '), 2)));
  }
  close();
  return out;
}

/// "headroomctl asks headroomd …" is titled "asks headroomd …".
std::string title_without_name(const Command& c) {
  const std::string title = title_of(c.text);
  return title.compare(0, c.name.size() + 1, c.name + " ") == 0 ? title.substr(c.name.size() + 1) : title;
}

}  // namespace

std::string to_man(const Command& program, int section) {
  std::string out = title(upper(program.name), section);
  out += ".SH NAME\n" + plain(program.name) + " \\- " + plain(title_without_name(program)) + "\n";
  out += ".SH SYNOPSIS\n" + synopsis(program, program.name);
  out += ".SH DESCRIPTION\n" + paragraphs(program.text);
  if (!program.positionals.empty()) out += ".SH ARGUMENTS\n" + list_of(program.positionals);
  if (!program.options.empty()) out += ".SH OPTIONS\n" + list_of(program.options);
  if (!program.commands.empty()) out += ".SH COMMANDS\n" + commands(program, "");
  return out + sections(program.footer);
}

}  // namespace headroom::cli
