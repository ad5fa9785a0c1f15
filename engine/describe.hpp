// Reasons as plain English, with their numbers and the arithmetic. For logs, `explain`, `top` and the report.
#pragma once

#include <string>
#include <string_view>

#include "engine/planner.hpp"

namespace headroom {

/// "namespace/pod/container" where it is known, else "/path".
std::string label_of(const Group& group);

/// What it is of a workflow ("argo: workflow relax-x7k2p, step relax-x7k2p[1].relax(3:a), slice 3; work"); empty: nothing known.
std::string step_of(const Group& group);

/// One sentence, without a full stop. @param now  for how long something is still good; names: who the neighbour is.
std::string describe(const Reason& why, const Catalog& names, TimePoint now);

/// Why somebody is never lent to as things are: one sentence, without a full stop.
std::string_view describe(Bar bar);
/// "opt_out".
std::string_view to_string(Bar bar);

std::string_view to_string(QosClass qos);
std::string_view to_string(GroupKind kind);
std::string_view to_string(ContainerRole role);
std::string_view to_string(LeaseKind kind);
std::string_view to_string(Actuator actuator);

}  // namespace headroom
