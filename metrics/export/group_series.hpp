// The families with a series per container or pod: most of a scrape, so they are written as text at once.
#pragma once

#include <string>
#include <vector>

#include "metrics/model/report.hpp"

namespace headroom {

struct FamilyText {
  std::string name;
  std::string text;      ///< HELP, TYPE and the series, sorted by labels
};

/// prometheus-cpp's types hold every label of every series as a string of its own; this holds the text only.
/// A series is unique: of two groups with the same labels (a container and its successor) the later life is exported.
/// Families without a series are left out.
std::vector<FamilyText> group_families(const Report& report);

}  // namespace headroom
