// headroomctl doctor: looks, says what it means and what to do.
#pragma once

#include <string>
#include <vector>

#include "agent/ctl_client.hpp"
#include "agent/ctl_render.hpp"
#include "agent/doctor.hpp"

namespace CLI {
class App;
}

namespace headroom {

/// Registers the command; its exit code lands in `exit`.
void add_doctor(CLI::App& app, const CtlClient& client, CtlExit& exit);

enum class Names { shown, left_out };   ///< of groups and units

/// Everything that is not good with what it means and what to do; the good in one line each.
std::string render_findings(const std::vector<doctor::Finding>& findings, Names names, const Screen& screen);
/// Markdown to paste: all findings, mounts and the daemon's figures, without the machine's name.
std::string render_report(const doctor::Facts& facts, Names names);
/// {"findings": [{"level", "topic", "fact", "means", "todo", "named"}], "exit": 0}
std::string findings_json(const std::vector<doctor::Finding>& findings, Names names);

}  // namespace headroom
