// A pod's annotations that are addressed to us, or to Koordinator: what of them is not heard, and why.
#pragma once

#include <string>
#include <vector>

#include "cgroups/types/class_config.hpp"
#include "workloads/pod.hpp"

namespace headroom {

/// "headroom.io/up-to: …", one for each fault; and for each that is ignored or clamped.
std::vector<std::string> annotation_faults(const Pod& pod, const AnnotationRules& rules);

/// The same, and Koordinator's where it is not accepted: on a node that never heard of Koordinator nobody need be warned of it.
std::vector<std::string> unheard_annotations(const Pod& pod, const AnnotationRules& rules);

}  // namespace headroom
