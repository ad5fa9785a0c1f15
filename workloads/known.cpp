#include "workloads/known.hpp"

namespace headroom {

PodTable::PodTable(std::vector<Pod> pods) {
  pods_.reserve(pods.size());
  for (Pod& pod : pods) {
    Recognised what = recognise(pod);
    pods_.push_back({std::move(pod), std::move(what)});
  }
  for (std::size_t p = 0; p < pods_.size(); ++p) {   // views into pods_, which stays as it is from here on
    const Pod& pod = pods_[p].pod;
    by_uid_.emplace(pod.uid, p);
    for (std::size_t c = 0; c < pod.containers.size(); ++c)
      if (!pod.containers[c].id.empty()) by_id_.emplace(pod.containers[c].id, Place{p, c});
  }
}

Known PodTable::find(std::string_view pod_uid, std::string_view container_id) const {
  Known out;
  const auto pod = by_uid_.find(pod_uid);
  if (pod == by_uid_.end()) return out;
  out.pod = &pods_[pod->second].pod;
  out.what = &pods_[pod->second].what;
  const auto container = by_id_.find(container_id);
  if (container != by_id_.end() && container->second.pod == pod->second) out.container = &out.pod->containers[container->second.container];
  return out;
}

DockerTable::DockerTable(std::vector<DockerContainer> containers) : containers_(std::move(containers)) {
  for (std::size_t i = 0; i < containers_.size(); ++i) by_id_.emplace(containers_[i].id, i);
}

const DockerContainer* DockerTable::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &containers_[found->second];
}

Known KnownWorld::find(const Identity& identity) const {
  if (!identity.pod_uid.empty()) return pods ? pods->find(identity.pod_uid, identity.container_id) : Known{};
  Known out;
  if (docker && !identity.container_id.empty()) out.docker = docker->find(identity.container_id);
  return out;
}

}  // namespace headroom
