// The fields of the vocabulary, for archive.hpp.
#pragma once

#include "cgroups/types/archive.hpp"
#include "cgroups/types/sample.hpp"

namespace headroom {

template <class Archive, Of<Bandwidth> T>
void fields(Archive& a, T& v) {
  auto& [quota, period, burst] = v;
  a(quota, period, burst);
}
template <class Archive, Of<FiniteLimit> T>
void fields(Archive& a, T& v) {
  auto& [quota, period] = v;
  a(quota, period);
}
template <class Archive, Of<Shares> T>
void fields(Archive& a, T& v) {
  auto& [value] = v;
  a(value);
}
template <class Archive, Of<ThrottleCounters> T>
void fields(Archive& a, T& v) {
  auto& [periods, throttled_periods, throttled_time] = v;
  a(periods, throttled_periods, throttled_time);
}
template <class Archive, Of<Identity> T>
void fields(Archive& a, T& v) {
  auto& [pod_uid, container_id, node, kind, runtime, kube_qos] = v;
  a(pod_uid, container_id, node, kind, runtime, kube_qos);
}
template <class Archive, Of<BorrowRule> T>
void fields(Archive& a, T& v) {
  auto& [up_to, start, credit, visibility] = v;
  a(up_to, start, credit, visibility);
}
template <class Archive, Of<Bars> T>
void fields(Archive& a, T& v) {
  auto& [set] = v;
  a(set);
}
template <class Archive, Of<ClassRule> T>
void fields(Archive& a, T& v) {
  auto& [name, qos, borrow, weight, rank, bars, barred] = v;
  a(name, qos, borrow, weight, rank, bars, barred);
}
template <class Archive, Of<WorkflowStep> T>
void fields(Archive& a, T& v) {
  auto& [engine, sub_engine, workflow, step, template_name, member, component, attempt, slice, labels] = v;
  a(engine, sub_engine, workflow, step, template_name, member, component, attempt, slice, labels);
}
template <class Archive, Of<Group> T>
void fields(Archive& a, T& v) {
  auto& [path, ns, pod, container, step, strategy, unheard, cpus, owners_limit, inode, first_seen, identity, id, parent, rule, role, infrastructure] = v;
  a(path, ns, pod, container, step, strategy, unheard, cpus, owners_limit, inode, first_seen, identity, id, parent, rule, role, infrastructure);
}
template <class Archive, Of<Catalog> T>
void fields(Archive& a, T& v) {
  auto& [groups, rules, generation, cpus, cores, v2] = v;
  a(groups, rules, generation, cpus, cores, v2);
}
template <class Archive, Of<Error> T>
void fields(Archive& a, T& v) {
  auto& [code, where, detail] = v;
  a(code, where, detail);
}
template <class Archive, Of<Reason> T>
void fields(Archive& a, T& v) {
  auto& [because, asked, granted, lendable, rate, credit, expires, neighbour, bar] = v;
  a(because, asked, granted, lendable, rate, credit, expires, neighbour, bar);
}
template <class Archive, Of<Write> T>
void fields(Archive& a, T& v) {
  auto& [slot, from, to, why, unit] = v;
  a(slot, from, to, why, unit);
}
template <class Archive, Of<Refill> T>
void fields(Archive& a, T& v) {
  auto& [slot, why] = v;
  a(slot, why);
}
template <class Archive, Of<Plan> T>
void fields(Archive& a, T& v) {
  auto& [writes, refills] = v;
  a(writes, refills);
}
template <class Archive, Of<Outcome> T>
void fields(Archive& a, T& v) {
  auto& [slot, group_id, kind, to, error, at, cost, why] = v;
  a(slot, group_id, kind, to, error, at, cost, why);
}
template <class Archive, Of<CpuTimes> T>
void fields(Archive& a, T& v) {
  auto& [busy, idle, steal] = v;
  a(busy, idle, steal);
}
template <class Archive, Of<FileEvent> T>
void fields(Archive& a, T& v) {
  auto& [slot, group_id, file, what, at, reload] = v;
  a(slot, group_id, file, what, at, reload);
}

}  // namespace headroom
