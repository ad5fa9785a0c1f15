// headroomctl limits: whether it would do to delete the CPU limits of this node (docs/why-not-just-delete-limits.md). look()
// reads cgroups for a while and needs no daemon; everything after it is pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/types/catalog.hpp"
#include "cgroups/types/result.hpp"
#include "cgroups/types/sample.hpp"

namespace headroom::limits {

/// A container with a CPU limit, over the stretch that was looked at.
struct Seen {
  std::string path;                ///< below the root
  std::optional<KubeQos> qos;      ///< nullopt: not of Kubernetes
  MilliCpu limit;
  nanoseconds used{0};
  ThrottleCounters throttle;       ///< of the stretch alone
  std::string runtime;             ///< "java", "node" or "dotnet": sizes itself by the limit it reads; empty: none seen
};

struct Facts {
  nanoseconds stretch{0};
  int cpus = 0;
  nanoseconds busy{0};             ///< CPU time that everything took
  std::size_t containers = 0;      ///< with a limit and without
  std::size_t guaranteed = 0;      ///< of them in Guaranteed pods
  std::vector<Seen> limited;
};

struct Question {
  std::string cgroup_root;
  seconds length{60};
  std::function<bool(nanoseconds left)> pass;   ///< called about once a second; false: stop looking
};

/// Errors: absent (no cpu controller), denied, io ("interrupted").
Result<Facts> look(const Question& question);

/// Why a container's limit is to stay, or what deleting it would bring. In order of rank.
enum class Why {
  greedy,      ///< takes all it can get: throttled in nine of ten periods, at nine tenths of its limit
  forced,      ///< Guaranteed: without its limit the pod is of another QoS class
  sizing,      ///< its runtime sizes itself by the limit
  throttled,   ///< none of these, and it is throttled: deleting the limit would do
  untouched    ///< none of these, and not throttled
};
Why why(const Seen& container, nanoseconds stretch);

enum class Verdict {
  leave,       ///< nobody is throttled: the limits cost nothing now
  remove,      ///< where limits bite, deleting them would do
  keep         ///< somebody who is throttled, or who would take what others need, is to keep his limit
};
Verdict verdict(const Facts& facts);
const char* word(Why why);
const char* word(Verdict verdict);

}  // namespace headroom::limits
