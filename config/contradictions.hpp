// Values that are right by themselves and wrong together.
#pragma once

#include "config/field.hpp"

namespace headroom {

/// Places: the later of two that contradict each other. A value whose form is wrong has been reported: it contradicts nothing.
void check_contradictions(const Field& root);

}  // namespace headroom
