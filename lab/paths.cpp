#include "lab/paths.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace headroom::lab {

namespace fs = std::filesystem;

fs::path program_dir() {
  std::error_code none;
  return fs::read_symlink("/proc/self/exe", none).parent_path();
}

std::vector<std::string> scenario_dirs(const std::string& given) {
  if (!given.empty()) return {given};
  for (const auto& dir : {fs::path(HEADROOM_SCENARIO_DIR), program_dir() / "../share/headroom/scenarios"}) {
    if (fs::is_directory(dir)) return {dir.string()};
  }
  return {};
}

Result<Scenario> load_scenario(const std::string& name, const std::string& given_dir) {
  std::string file = name;
  if (!fs::path(name).has_extension()) {
    const auto dirs = scenario_dirs(given_dir);
    if (dirs.empty()) return fail(Errc::absent, name, "no folder of scenarios; give --scenario-dir");
    file = dirs.front() + "/" + name + ".yaml";
  }
  const auto text = read_text(file);
  if (!text) return fail(text.error().code, file, text.error().detail + "; headroom-lab list names the scenarios");
  return parse_scenario(*text, file);
}

Result<std::string> read_text(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(Errc::absent, file, std::strerror(errno));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<> write_text(const std::string& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  out.flush();
  if (!out) return fail(Errc::io, file, std::strerror(errno));
  return {};
}

}  // namespace headroom::lab
