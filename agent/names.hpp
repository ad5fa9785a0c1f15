// Words for enumerators in logs, JSON and on the terminal.
#pragma once

#include "config/config.hpp"
#include "engine/planner.hpp"
#include "metrics/export/export.hpp"   // word(LoadState), word(Judge)

namespace headroom {

const char* word(Because because);
const char* word(Mode mode);
const char* word(Errc code);

}  // namespace headroom
