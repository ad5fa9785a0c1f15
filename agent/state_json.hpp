// Report -> JSON of the state API, and the search for the group that somebody means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metrics/model/report.hpp"

namespace headroom {

/// Everything but the groups, with counts of them.
std::string status_json(const Report& report);
/// {"groups": [...]}, in the report's order.
std::string groups_json(const Report& report);
/// {"status": …, "groups": [...]}: one consistent view for `top`.
std::string view_json(const Report& report);
/// @param told  what the loop told of the group: {"explanation": {…}, "text": "…"}, or empty
std::string explain_json(const Report& report, const GroupReport& group, const std::string& told);
std::string error_json(std::string_view message, const std::vector<std::string>& candidates);

/// By path (below the root, with or without a leading slash), container ID or a prefix of it of at least six
/// characters, pod UID, "namespace/pod/container", "namespace/pod", or a name of pod or container.
/// The first of these ways that finds anything decides; several groups: it was not said which.
std::vector<const GroupReport*> find_groups(const Report& report, std::string_view query);

/// What a person would call the group.
std::string display_name(const GroupReport& group);

}  // namespace headroom
