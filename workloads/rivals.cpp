#include "workloads/rivals.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

struct Rival {
  std::string_view container, told;
};
/// By the names that their own manifests give to their containers.
constexpr Rival kRivals[] = {{"koordlet", "koordlet with CPUBurst"}, {"rubik-agent", "rubik"}, {"rubik", "rubik"},
                             {"volcano-agent", "Volcano's agent"},   {"vc-agent", "Volcano's agent"}, {"katalyst-agent", "Katalyst's agent"}};

const Rival* rival_in(const Pod& pod) {
  for (const PodContainer& c : pod.containers) {
    const auto found = std::find_if(std::begin(kRivals), std::end(kRivals), [&](const Rival& r) { return r.container == c.name; });
    if (found == std::end(kRivals) || (found->container == "koordlet" && !pod.hints.koordinator_burst)) continue;
    return found;
  }
  return nullptr;
}

}  // namespace

std::string rival_in(const PodTable& pods) {
  for (const KnownPod& known : pods.pods()) {
    if (known.pod.finished || !known.pod.hints.host_cgroups) continue;
    if (const Rival* rival = rival_in(known.pod)) return fmt::format("{} ({}/{})", rival->told, known.pod.ns, known.pod.name);
  }
  return {};
}

}  // namespace headroom
