// A scenario as a value: pods with QoS, class, requests, limits and load. Read from YAML, strictly.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/catalog.hpp"
#include "cgroups/types/result.hpp"

namespace headroom::lab {

enum class LoadKind { sleep, burst, request, spin, job };

/// What a job becomes when it is done, as a launcher does: a program that sizes itself by the limit it reads.
enum class Becomes { nothing, jvm, go };

/// What a container does. Units in the YAML: "75ms", "3s"; rate is per second.
struct Load {
  LoadKind kind = LoadKind::sleep;
  int threads = 1;             ///< 1..256; 0: as many as the node has CPUs ("cpus")
  nanoseconds cpu{0};          ///< burst: per thread and burst; request: each; job: in all, shared by the threads
  nanoseconds pause{0};        ///< burst: mean of the drawn pause after each
  double rate = 0;             ///< request: arrivals per second, Poisson, open loop
  nanoseconds active{0};       ///< request: only in the first `active` of each `every`; 0: always
  nanoseconds every{0};
  nanoseconds after{0};        ///< begins so long after the others
  Becomes then = Becomes::nothing;   ///< job, in scenarios of kind runtimes
};

/// What a pod is to the experiment. step borrows; ls is protected; be counts for nothing in what is lendable.
enum class PodClass { step, ls, be };
enum class Scale { fixed, node };   ///< node: replicas are for `scaleFrom` CPUs and grow with them

struct ContainerSpec {
  std::string name;
  std::optional<MilliCpu> request, limit;
  Load load;
};

struct PodSpec {
  std::string name;
  KubeQos qos = KubeQos::burstable;
  PodClass pod_class = PodClass::ls;
  int replicas = 1;
  Scale scale = Scale::fixed;
  std::string phase;           ///< only in this phase; empty: in every one
  std::vector<ContainerSpec> containers;
};

/// workflow: pods with jobs are started one after the other, at most `parallel` at once, until all have ended. runtimes: jobs
/// become real programs. relief: when a burst has what it wants.
enum class Kind { steady, greedy, startup, wakeup, workflow, runtimes, relief };
/// Whether requests may exceed the CPUs, as where somebody has overridden the scheduler.
enum class Fit { required, overcommitted };

/// arm/against of one statistic has to be at most this; without `against`, the statistic itself.
struct Bar {
  std::string arm, stat, against;
  double at_most = 1;
};

struct Scenario {
  std::string name, description;
  Kind kind = Kind::steady;
  seconds length{25};          ///< measured part of one arm in one rotation
  seconds warmup{3};           ///< load runs, nothing is measured; `learn` included
  seconds learn{0};            ///< first part of it in which a daemon watches, paused: a neighbour's baseline takes 10 s
  int rounds = 6;              ///< rotations
  int starts = 0;              ///< startup: starts per variant
  int parallel = 0;            ///< workflow: steps at once
  Fit fit = Fit::required;
  int scale_from = 2;
  std::vector<std::string> judged;   ///< statistics under the neighbour rule
  std::vector<Bar> bars;
  std::vector<std::string> undominated;   ///< arms than which no other but nolimit_low may be better for steps and for both kinds of neighbours at once
  std::vector<std::string> beside;        ///< arms without whose figures nothing has been shown, whether a bar names them or not
  std::string credit = "10 cpu-min"; ///< of the class step, as the daemon's configuration writes it
  std::string up_to;           ///< ceiling; empty: the node's CPUs
  std::vector<PodSpec> pods;
};

/// @param file  named in errors: "fanout.yaml:7:5: pods[0].qos"
/// Unknown and duplicate keys, wrong units and contradictions are errors (malformed), of which the first is given.
Result<Scenario> parse_scenario(std::string_view text, std::string_view file);

/// Replicas on a node of so many CPUs: at least 1.
int replicas_on(const PodSpec& pod, const Scenario& scenario, int cpus);

/// Of those, how many are there at once.
int at_once(const PodSpec& pod, const Scenario& scenario, int cpus);

/// Whether a pod's containers are started one by one by the experiment (`job`), not with the tree.
bool started_later(const PodSpec& pod);

/// Σ requests <= CPUs, on a node of so many CPUs, unless it says that it is overcommitted. Errors: rejected.
Result<> check_fits(const Scenario& scenario, int cpus);

}  // namespace headroom::lab
