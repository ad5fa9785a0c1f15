#include "cli/generate.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "cli/command.hpp"

namespace headroom::cli {
namespace {

std::optional<std::string> made(const Program& program, const std::string& kind) {
  const Command command = read_command(program.app);
  if (kind == "man") return to_man(command, program.section);
  if (kind == "bash") return to_bash(command);
  if (kind == "zsh") return to_zsh(command);
  if (kind == "fish") return to_fish(command);
  return std::nullopt;
}

}  // namespace

int write_page(const std::string& text, const char* path) {
  std::FILE* out = path == nullptr ? stdout : std::fopen(path, "w");
  const bool written = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size() && std::fflush(out) == 0;
  if (!written) std::fprintf(stderr, "%s: %s\n", path == nullptr ? "stdout" : path, std::strerror(errno));
  if (out != nullptr && path != nullptr) std::fclose(out);
  return written ? 0 : 1;
}

std::optional<int> generate(const Program& program, int argc, const char* const* argv) {
  if (argc < 3 || argc > 4 || std::strcmp(argv[1], "--generate") != 0) return std::nullopt;
  const auto text = made(program, argv[2]);
  if (text) return write_page(*text, argc == 4 ? argv[3] : nullptr);
  std::fprintf(stderr, "--generate %s: want man, bash, zsh or fish\n", argv[2]);
  return 2;
}

}  // namespace headroom::cli
