#include "lab/scenario.hpp"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>

#include "lab/strict_yaml.hpp"

namespace headroom::lab {
namespace {

Load read_load(StrictMap map) {
  Load out;
  out.kind = map.word<LoadKind>("kind", {{"sleep", LoadKind::sleep}, {"burst", LoadKind::burst},
                                         {"request", LoadKind::request}, {"spin", LoadKind::spin},
                                         {"job", LoadKind::job}});
  if (map.text_or("threads", "1") == "cpus") {
    out.threads = 0;
  } else {
    out.threads = static_cast<int>(map.integer_or("threads", 1, 1, 256));
  }
  out.cpu = map.time_or("cpu", nanoseconds{0});
  out.pause = map.time_or("pause", nanoseconds{0});
  out.rate = map.number_or("rate", 0, 0, 100'000);
  out.active = map.time_or("active", nanoseconds{0});
  out.every = map.time_or("every", nanoseconds{0});
  out.after = map.time_or("after", nanoseconds{0});
  const bool timed = out.kind == LoadKind::burst || out.kind == LoadKind::request || out.kind == LoadKind::job;
  if (timed && out.cpu.count() == 0) map.refuse("cpu", "a burst, request or job needs its CPU time, as in 75ms");
  if (out.kind == LoadKind::request && out.rate == 0) map.refuse("rate", "requests need a rate per second");
  if (out.active > out.every) map.refuse("active", "at most `every`");
  map.done();
  return out;
}

ContainerSpec read_container(StrictMap map) {
  ContainerSpec out;
  out.name = map.text("name");
  out.request = map.cores_or_none("request");
  out.limit = map.cores_or_none("limit");
  out.load = read_load(map.map("load"));
  if (out.request && out.limit && *out.request > *out.limit) map.refuse("request", "above its limit");
  map.done();
  return out;
}

void check_qos(const StrictMap& map, const PodSpec& pod) {
  for (const auto& c : pod.containers) {
    const bool both = c.request && c.limit && *c.request == *c.limit;
    const bool neither = !c.request && !c.limit;
    switch (pod.qos) {
      case KubeQos::guaranteed:
        if (!both) map.refuse("qos", "guaranteed: request and limit of every container are equal");
        break;
      case KubeQos::best_effort:
        if (!neither) map.refuse("qos", "besteffort: no container has a request or a limit");
        break;
      case KubeQos::burstable:
        if (neither && pod.containers.size() == 1) map.refuse("qos", "burstable: a request or a limit is needed");
        break;
    }
  }
}

PodSpec read_pod(StrictMap map) {
  PodSpec out;
  out.name = map.text("name");
  out.qos = map.word<KubeQos>("qos", {{"burstable", KubeQos::burstable}, {"guaranteed", KubeQos::guaranteed},
                                      {"besteffort", KubeQos::best_effort}});
  out.pod_class = map.word<PodClass>("class", {{"step", PodClass::step}, {"ls", PodClass::ls}, {"be", PodClass::be}});
  out.replicas = static_cast<int>(map.integer_or("replicas", 1, 1, 1000));
  out.scale = map.word_or<Scale>("scale", {{"fixed", Scale::fixed}, {"node", Scale::node}}, Scale::fixed);
  out.phase = map.text_or("phase", "");
  for (auto& c : map.maps("containers")) out.containers.push_back(read_container(std::move(c)));
  for (std::size_t i = 0; i < out.containers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {   // the name makes the container's ID
      if (out.containers[i].name == out.containers[j].name) map.refuse("containers", "two have the same name");
    }
  }
  check_qos(map, out);
  map.done();
  return out;
}

Bar read_bar(StrictMap map) {
  Bar out;
  out.arm = map.text("arm");
  out.stat = map.text("stat");
  out.against = map.text_or("against", "");
  out.at_most = map.number_or("atMost", 1, 0, 1000);
  map.done();
  return out;
}

void read_head(StrictMap& map, Scenario& out) {
  out.name = map.text("scenario");
  out.description = map.text("description");
  out.kind = map.word<Kind>("kind", {{"steady", Kind::steady}, {"greedy", Kind::greedy}, {"startup", Kind::startup},
                                     {"wakeup", Kind::wakeup}});
  out.length = duration_cast<seconds>(map.time_or("seconds", out.length));
  out.warmup = duration_cast<seconds>(map.time_or("warmup", out.warmup));
  out.learn = duration_cast<seconds>(map.time_or("learn", out.learn));
  out.warmup += out.learn;
  out.rounds = static_cast<int>(map.integer_or("rounds", out.rounds, 1, 1000));
  out.starts = static_cast<int>(map.integer_or("starts", 0, 0, 10'000));
  out.scale_from = static_cast<int>(map.integer_or("scaleFrom", 2, 1, 1024));
  out.credit = map.text_or("credit", out.credit);
  out.up_to = map.text_or("upTo", "");
  out.judged = map.texts_or_none("judged");
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, std::string_view file) {
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    StrictMap map(root, std::string(file), "");
    Scenario out;
    read_head(map, out);
    for (auto& bar : map.maps_or_none("bars")) out.bars.push_back(read_bar(std::move(bar)));
    for (auto& pod : map.maps("pods")) out.pods.push_back(read_pod(std::move(pod)));
    map.done();
    return out;
  } catch (const BadScenario& bad) {
    return tl::unexpected(bad.error);
  } catch (const YAML::Exception& bad) {
    return fail(Errc::malformed, fmt::format("{}:{}:{}", file, bad.mark.line + 1, bad.mark.column + 1), bad.msg);
  }
}

int replicas_on(const PodSpec& pod, const Scenario& scenario, int cpus) {
  if (pod.scale == Scale::fixed) return pod.replicas;
  return std::max(1, (pod.replicas * cpus + scenario.scale_from / 2) / scenario.scale_from);
}

Result<> check_fits(const Scenario& scenario, int cpus) {
  MilliCpu sum;
  for (const auto& pod : scenario.pods) {
    for (const auto& c : pod.containers) {
      const auto request = c.request ? c.request : c.limit;
      if (request) sum.value += request->value * replicas_on(pod, scenario, cpus);
    }
  }
  if (sum.value <= cpus * 1000L) return {};
  return fail(Errc::rejected, scenario.name,
              fmt::format("requests of {}m do not fit on {} CPUs: a scheduler would not place them", sum.value, cpus));
}

}  // namespace headroom::lab
