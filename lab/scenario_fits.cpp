// How many of a scenario's pods there are, and whether they fit on a node.
#include <fmt/core.h>

#include <algorithm>

#include "lab/scenario.hpp"

namespace headroom::lab {

int replicas_on(const PodSpec& pod, const Scenario& scenario, int cpus) {
  if (pod.scale == Scale::fixed) return pod.replicas;
  return std::max(1, (pod.replicas * cpus + scenario.scale_from / 2) / scenario.scale_from);
}

int at_once(const PodSpec& pod, const Scenario& scenario, int cpus) {
  const int all = replicas_on(pod, scenario, cpus);
  return started_later(pod) && scenario.parallel > 0 ? std::min(all, scenario.parallel) : all;
}

bool started_later(const PodSpec& pod) {
  return std::any_of(pod.containers.begin(), pod.containers.end(),
                     [](const ContainerSpec& c) { return c.load.kind == LoadKind::job; });
}

Result<> check_fits(const Scenario& scenario, int cpus) {
  if (scenario.fit == Fit::overcommitted) return {};
  MilliCpu sum;
  for (const auto& pod : scenario.pods) {
    for (const auto& c : pod.containers) {
      const auto request = c.request ? c.request : c.limit;
      if (request) sum.value += request->value * at_once(pod, scenario, cpus);
    }
  }
  if (sum.value <= cpus * 1000L) return {};
  return fail(Errc::rejected, scenario.name,
              fmt::format("requests of {}m do not fit on {} CPUs: a scheduler would not place them (overcommitted: true, if that is what is to be shown)", sum.value, cpus));
}

}  // namespace headroom::lab
