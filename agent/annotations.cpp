#include "agent/annotations.hpp"

#include <fmt/format.h>

#include "config/koordinator.hpp"
#include "workloads/identity.hpp"

namespace headroom {

std::vector<std::string> annotation_faults(const Pod& pod, const AnnotationRules& rules) {
  std::vector<std::string> out;
  const auto tell = [&out](std::string_view key, const std::string& what) { out.push_back(fmt::format("{}: {}", key, what)); };
  if (const auto asked = asked_ceiling(pod, rules); !asked.told.empty()) tell(kUpToAnnotation, asked.told);
  if (const auto& text = text_at(pod.annotations, kOptOutAnnotation); !text.empty() && text != "true" && text != "false")
    tell(kOptOutAnnotation, fmt::format("want \"true\", got \"{}\"", shortened(text)));
  const auto& burst = text_at(pod.annotations, kBurstAnnotation);
  if (burst.empty() || !rules.koordinator) return out;
  const auto asked = parse_burst_annotation(burst);
  if (!asked) tell(kBurstAnnotation, "ignored: " + asked.error().detail);
  else for (const std::string& one : asked->told) tell(kBurstAnnotation, one);
  return out;
}

std::vector<std::string> unheard_annotations(const Pod& pod, const AnnotationRules& rules) {
  auto out = annotation_faults(pod, rules);
  if (!rules.koordinator && !text_at(pod.annotations, kBurstAnnotation).empty())
    out.push_back(fmt::format("{}: is there, not accepted: set annotations.koordinator.sh/cpuBurst: accept", kBurstAnnotation));
  return out;
}

}  // namespace headroom
