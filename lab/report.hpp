// Outcomes for people, as plain text and Markdown; for programs: record.hpp.
#pragma once

#include <string>

#include "lab/experiment.hpp"

namespace headroom::lab {

/// First line of every report: CPUs, kernel, cgroup version, HZ.
std::string machine_line(const Bench& bench);

enum class Style { plain, markdown };
std::string to_text(const Scenario& scenario, const Outcomes& outcomes, const std::string& machine, Style style);

/// Before and after for somebody who sees this for the first time: static limits, headroom, limits deleted.
std::string for_newcomers(const Scenario& scenario, const Outcomes& outcomes);

}  // namespace headroom::lab
