#include "lab/kube.hpp"

#include <fmt/core.h>

#include "lab/random.hpp"

namespace headroom::lab {
namespace {

std::string hex_id(std::size_t pod, int replica, const std::string& who) {
  Random random(load_seed(pod, replica, who));
  return fmt::format("{:016x}{:016x}{:016x}{:016x}", random.next(), random.next(), random.next(), random.next());
}

/// As kubelet sees it: what its shares and quota are made of.
Pod pod_of(const PodSpec& spec) {
  Pod out;
  out.qos = spec.qos;
  for (const auto& c : spec.containers) {
    PodContainer container;
    container.cpu = {c.request, c.limit};
    out.containers.push_back(std::move(container));
  }
  return out;
}

MilliCpu request_of(const PodSpec& spec) {
  MilliCpu sum;
  for (const auto& c : spec.containers) sum += c.request.value_or(c.limit.value_or(MilliCpu{}));
  return sum;
}

void add_pod(std::vector<PlannedGroup>& out, const PodSpec& pod, std::size_t index, int replica) {
  const auto path = pod_path(pod, index, replica);
  const auto whole = pod_cpu(pod_of(pod));
  out.push_back({Level::pod, path, whole.shares, whole.quota, index, replica, 0});
  out.push_back({Level::sandbox, path + "/" + hex_id(index, replica, "sandbox"), Shares{2}, {}, index, replica, 0});
  for (std::size_t c = 0; c < pod.containers.size(); ++c) {
    const auto& spec = pod.containers[c];
    out.push_back({Level::container, path + "/" + hex_id(index, replica, spec.name),
                   kube_shares({spec.request, spec.limit}), kube_quota(spec.limit), index, replica, c});
  }
}

}  // namespace

const char* uuid_head(PodClass pod_class) {
  switch (pod_class) {
    case PodClass::step: return "57e90000";
    case PodClass::ls: return "15000000";
    case PodClass::be: return "be000000";
  }
  return "";
}

std::string pod_path(const PodSpec& pod, std::size_t index, int replica) {
  const char* slice = pod.qos == KubeQos::burstable     ? "kubepods/burstable"
                      : pod.qos == KubeQos::best_effort ? "kubepods/besteffort"
                                                        : "kubepods";
  return fmt::format("{}/pod{}-0000-4000-8{:03x}-{:012x}", slice, uuid_head(pod.pod_class), index, replica);
}

std::vector<PlannedGroup> plan_pod(const Scenario& scenario, std::size_t index, int replica) {
  std::vector<PlannedGroup> out;
  add_pod(out, scenario.pods[index], index, replica);
  return out;
}

bool is_step(const Scenario& scenario, const PlannedGroup& group) {
  const bool below_pod = group.level == Level::pod || group.level == Level::container;
  return below_pod && scenario.pods[group.pod].pod_class == PodClass::step;
}

Load load_of(const Scenario& scenario, const PlannedGroup& group) {
  if (group.level == Level::sandbox) return {};
  return scenario.pods[group.pod].containers[group.container].load;
}

std::string load_name(const Scenario& scenario, const PlannedGroup& group) {
  const auto& pod = scenario.pods[group.pod];
  const auto part = group.level == Level::sandbox ? std::string("sandbox") : pod.containers[group.container].name;
  return fmt::format("{}/{}/{}", pod.name, group.replica, part);
}

std::vector<PlannedGroup> plan_tree(const Scenario& scenario, int cpus, const std::string& phase) {
  std::vector<PlannedGroup> pods;
  MilliCpu burstable;
  for (std::size_t i = 0; i < scenario.pods.size(); ++i) {
    const auto& pod = scenario.pods[i];
    if (!pod.phase.empty() && pod.phase != phase) continue;
    for (int replica = 0; replica < replicas_on(pod, scenario, cpus); ++replica) {
      if (!started_later(pod)) add_pod(pods, pod, i, replica);
      if (pod.qos == KubeQos::burstable && replica < at_once(pod, scenario, cpus)) burstable += request_of(pod);
    }
  }
  std::vector<PlannedGroup> out;
  out.push_back({Level::root, "kubepods", kube_shares({MilliCpu{cpus * 1000L}, {}}), {}, 0, 0, 0});
  out.push_back({Level::qos, "kubepods/besteffort", Shares{2}, {}, 0, 0, 0});
  out.push_back({Level::qos, "kubepods/burstable", kube_shares({burstable, {}}), {}, 0, 0, 0});
  out.insert(out.end(), pods.begin(), pods.end());
  return out;
}

}  // namespace headroom::lab
