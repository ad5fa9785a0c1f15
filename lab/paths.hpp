// Files around the lab: its program's folder, its scenarios, text in and out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab/scenario.hpp"

namespace headroom::lab {

/// Folder of the running program.
std::filesystem::path program_dir();
/// Where scenario files are looked for, first hit wins: `given`, else the source tree, else ../share/headroom/scenarios.
std::vector<std::string> scenario_dirs(const std::string& given);
/// @param name  a scenario's name, or a path that ends in .yaml. Errors: absent, malformed.
Result<Scenario> load_scenario(const std::string& name, const std::string& given_dir);
Result<std::string> read_text(const std::string& file);
Result<> write_text(const std::string& file, const std::string& text);

}  // namespace headroom::lab
