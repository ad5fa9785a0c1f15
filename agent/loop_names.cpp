// Who is who: what sources have told, and whom they are to be asked about.
#include <fmt/format.h>

#include <utility>

#include "agent/clock.hpp"
#include "agent/loop.hpp"
#include "config/koordinator.hpp"
#include "workloads/rivals.hpp"

namespace headroom {

/// Who is new; and a pod whose owner was refused something, or overtaken: its spec says what he wanted.
void Loop::ask_about(std::vector<Identity> who) {
  for (const FileEvent& event : last_->sample.events) {
    const Group* group = event.what == FileEvent::What::changed ? nullptr : source_.catalog().find(event.slot);
    if (group != nullptr && group->identity.kind == GroupKind::pod) who.push_back(group->identity);
  }
  if (!who.empty()) parts_.sources.strangers(who);
}

/// Who is who, from the next tick on. A lease of somebody who turns out not to be allowed one ends there.
void Loop::take_names() {
  const NameUpdate update = parts_.names.take();
  if (update.changed.empty()) return;
  parts_.source.know(update.world, update.changed);
  for (const std::string& uid : update.changed) {
    const Known known = update.world.pods ? update.world.pods->find(uid, {}) : Known{};
    if (known.pod == nullptr) annotations_told_.erase(uid);
    else tell_of_annotations(*known.pod);
  }
  if (update.world.pods) meet(rival_in(*update.world.pods));
  engine_.reads.wake = monotonic_now();
}

/// What is wrong with what a pod asks for; once, though a pod changes several times while it starts.
void Loop::tell_of_annotations(const Pod& pod) {
  const AnnotationRules& rules = config_->config.annotations;
  std::vector<std::string> told;
  if (auto asked = asked_ceiling(pod, rules); !asked.told.empty()) told.push_back(std::move(asked.told));
  const auto& text = text_at(pod.annotations, kBurstAnnotation);
  if (!text.empty() && rules.koordinator) {
    const std::string place = fmt::format("{}/{}: annotation {}: ", pod.ns, pod.name, kBurstAnnotation);
    const auto asked = parse_burst_annotation(text);
    if (!asked) told.push_back(place + "ignored: " + asked.error().detail);
    else for (const std::string& one : asked->told) told.push_back(place + one);
  }
  if (told.empty()) {
    annotations_told_.erase(pod.uid);
    return;
  }
  if (std::exchange(annotations_told_[pod.uid], told) == told) return;
  for (const std::string& one : told) accounting_.event(LogLevel::warn, "annotation", one);
}

}  // namespace headroom
