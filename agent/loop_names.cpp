// Who is who: what sources have told, and whom they are to be asked about.
#include <fmt/format.h>

#include <utility>

#include "agent/annotations.hpp"
#include "agent/clock.hpp"
#include "agent/loop.hpp"
#include "workloads/names.hpp"
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
  NameUpdate update = parts_.names.take();
  take_unit_answers(std::move(update.units));
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

/// What somebody wrote to a unit's file is told when systemd has said what the unit's own value is.
void Loop::ask_who_wrote() {
  std::vector<UnitQuestion> questions;
  for (const FileEvent& event : accounting_.take_unit_events()) {
    const Group* group = source_.catalog().find(event.slot);
    if (group == nullptr || group->id != event.group_id || event.slot >= last_->snapshot.groups.size()) continue;
    const Ownership& own = last_->snapshot.groups[event.slot].own;
    questions.push_back({std::string(unit_of(group->path)), event, group->path, own.base, own.base_shares});
  }
  if (questions.empty() || parts_.sources.ask(questions)) return;
  for (UnitQuestion& question : questions) take_unit_answers({{std::move(question), std::nullopt}});
}

void Loop::take_unit_answers(std::vector<UnitAnswer> answers) {
  for (const auto& [question, cpu] : answers) {
    const bool of_shares = question.event.file == FileEvent::File::shares;
    const auto own = cpu ? finite(own_bandwidth(*cpu)) : std::nullopt;   // systemd knows no burst
    const bool its_own = cpu && (of_shares ? question.shares == own_shares(*cpu, source_.catalog().v2)
                                           : question.bandwidth && finite(*question.bandwidth) == own);
    const FileEvent& event = question.event;
    const bool in_vain = !its_own && event.what != FileEvent::What::changed && !of_shares && own;
    accounting_.foreign(event, question.path, its_own || event.reload || in_vain ? "systemd" : "unknown");
    if (!in_vain) continue;
    parts_.source.owner_says(event.slot, event.group_id, *own);   // he tries it once
    engine_.reads.wake = monotonic_now();
  }
}

/// What is wrong with what a pod asks for; once, though a pod changes several times while it starts.
void Loop::tell_of_annotations(const Pod& pod) {
  const AnnotationRules& rules = config_->config.annotations;
  std::vector<std::string> told;
  for (const std::string& fault : annotation_faults(pod, rules)) told.push_back(fmt::format("{}/{}: annotation {}", pod.ns, pod.name, fault));
  if (told.empty()) {
    annotations_told_.erase(pod.uid);
    return;
  }
  if (std::exchange(annotations_told_[pod.uid], told) == told) return;
  for (const std::string& one : told) accounting_.event(LogLevel::warn, "annotation", one);
}

}  // namespace headroom
