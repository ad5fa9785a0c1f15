// headroomctl config …: what every key means and where its value comes from, rules tried out offline, the editors' schema.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/in_force.hpp"
#include "workloads/known.hpp"

namespace CLI {
class App;
}

namespace headroom {

/// What the command needs of headroomctl.
struct CtlConfigUse {
  std::function<std::string()> socket;       ///< of the daemon
  std::function<bool()> wants_json;
  std::function<void(int)> exit;             ///< 0 done; 1 failed, or a group is not of the class it should be; 2 wrong arguments
};

void add_config(CLI::App& app, const CtlConfigUse& use);

/// Whose configuration is explained.
struct Explained {
  enum class Values { known, unknown } values = Values::unknown;
  std::string text, file;          ///< valid where the values are known
  std::vector<Override> overrides; ///< of the daemon's command line and node
  std::string note;                ///< what the daemon says of its mode; empty: nothing
};
enum class ExplainAs { text, json };

struct Explanation {
  std::string out;                 ///< what to print
  std::string error;               ///< not empty: there is no such key
};
/// @param path  "classes[0].borrow.upTo", "node", "tuning.hold"; "": an overview of every value in force
Explanation explain_config(const Explained& what, std::string_view path, ExplainAs as);

/// A group, and the class it should have ("" if nobody says).
struct GroupLine {
  std::string name, path, expected;
};
/// One path a line, perhaps with ` = CLASS`; `#` begins a comment. Or the JSON of `kubectl get pods -o json`: every
/// container, at the path that the cgroupfs driver gives it. Errors: malformed, with the place.
struct GroupsFile {
  std::vector<GroupLine> groups;
  std::shared_ptr<const PodTable> pods;   ///< null: paths alone
  std::vector<std::string> errors;
};
GroupsFile parse_groups(std::string_view text, std::string_view file);

struct TestedGroups {
  std::string out;
  std::size_t wrong = 0;           ///< groups that are not of the class they should be
};
/// @param text, file  a valid configuration
TestedGroups test_groups(const GroupsFile& groups, std::string_view text, std::string_view file, ExplainAs as);

}  // namespace headroom
