#include "lab/scenario.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/field.hpp"
#include "config/values.hpp"

namespace headroom::lab {
namespace {

constexpr std::string_view kWantTime = "a time as in 500us, 75ms or 3s, at most a day";
constexpr std::string_view kWantSeconds = "whole seconds as in 25s, at most a day";
constexpr std::string_view kWantCpus = "cores as in 500m or 2, at most 1024";

struct Amount {
  double value = 0;
  std::string_view unit;
};

/// Splits "75ms" into 75 and "ms". The number has to begin the text.
std::optional<Amount> amount(std::string_view text) {
  Amount out;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out.value);
  if (code != std::errc{} || !std::isfinite(out.value)) return std::nullopt;
  out.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return out;
}

std::optional<nanoseconds> time_of(std::string_view text) {
  const auto got = amount(text);
  if (!got) return std::nullopt;
  const double unit = got->unit == "us" ? 1e3 : got->unit == "ms" ? 1e6 : got->unit == "s" ? 1e9 : 0;
  const double total = got->value * unit;
  if (unit == 0 || total < 0 || total > 86'400e9) return std::nullopt;
  return nanoseconds{std::llround(total)};
}

std::optional<seconds> seconds_of(std::string_view text) {
  return parse_duration(text, seconds{0}, seconds{86'400});
}

std::optional<MilliCpu> cores_of(std::string_view text) {
  const auto got = amount(text);
  if (!got) return std::nullopt;
  const double unit = got->unit == "m" ? 1 : got->unit.empty() ? 1000 : 0;
  const double total = got->value * unit;
  if (total <= 0 || total > 1'024'000) return std::nullopt;
  return MilliCpu{std::llround(total)};
}

std::optional<std::string> text_of(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional{std::string(text)};
}

void read_text(const std::optional<Field>& field, std::string& out) { read(field, "a text", text_of, out); }

void read_texts(const std::optional<Field>& field, std::string_view want, std::vector<std::string>& out) {
  if (!field) return;
  for (const auto& item : field->items(want)) read_text(item, out.emplace_back());
}

void read_number(const std::optional<Field>& field, double low, double high, double& out) {
  const auto parse = [=](std::string_view text) -> std::optional<double> {
    const auto got = amount(text);
    if (!got || !got->unit.empty() || got->value < low || got->value > high) return std::nullopt;
    return got->value;
  };
  read(field, fmt::format("{}..{}", low, high), parse, out);
}

void read_integer(const std::optional<Field>& field, int low, int high, int& out) {
  const auto parse = [=](std::string_view text) { return parse_integer(text, low, high); };
  read(field, fmt::format("a whole number, {}..{}", low, high), parse, out);
}

/// A key that has to be there.
std::optional<Field> need(const Field& parent, const Map& map, std::string_view key) {
  auto field = map.get(key);
  if (!field) parent.fault(fmt::format("want the key {}", key));
  return field;
}

/// At the key, or at its map where the key is not given.
void refuse(const Field& parent, const Map& map, std::string_view key, std::string why) {
  map.get(key).value_or(parent).fault(std::move(why));
}

Load read_load(const Field& field) {
  const auto map = field.map({"kind", "threads", "cpu", "pause", "rate", "active", "every", "after", "then"});
  Load out;
  read_word<LoadKind>(need(field, map, "kind"),
                      {{"sleep", LoadKind::sleep}, {"burst", LoadKind::burst}, {"request", LoadKind::request},
                       {"spin", LoadKind::spin}, {"job", LoadKind::job}}, out.kind);
  const auto threads = [](std::string_view text) { return text == "cpus" ? std::optional{0} : parse_integer(text, 1, 256); };
  read(map.get("threads"), "1..256 or cpus", threads, out.threads);
  read(map.get("cpu"), kWantTime, time_of, out.cpu);
  read(map.get("pause"), kWantTime, time_of, out.pause);
  read_number(map.get("rate"), 0, 100'000, out.rate);
  read(map.get("active"), kWantTime, time_of, out.active);
  read(map.get("every"), kWantTime, time_of, out.every);
  read(map.get("after"), kWantTime, time_of, out.after);
  read_word<Becomes>(map.get("then"), {{"jvm", Becomes::jvm}, {"go", Becomes::go}}, out.then);
  const bool timed = out.kind == LoadKind::burst || out.kind == LoadKind::request || out.kind == LoadKind::job;
  if (timed && out.cpu.count() == 0) refuse(field, map, "cpu", "a burst, request or job needs its CPU time, as in 75ms");
  if (out.kind == LoadKind::request && out.rate == 0) refuse(field, map, "rate", "requests need a rate per second");
  if (out.active > out.every) refuse(field, map, "active", "want active to be at most every");
  return out;
}

ContainerSpec read_container(const Field& field) {
  const auto map = field.map({"name", "request", "limit", "load"});
  ContainerSpec out;
  read_text(need(field, map, "name"), out.name);
  read(map.get("request"), kWantCpus, cores_of, out.request);
  read(map.get("limit"), kWantCpus, cores_of, out.limit);
  if (const auto load = need(field, map, "load")) out.load = read_load(*load);
  if (out.request && out.limit && *out.request > *out.limit) refuse(field, map, "request", "above its limit");
  return out;
}

/// What is wrong with a pod's QoS class beside its resources; empty: nothing.
std::string qos_fault(const PodSpec& pod) {
  for (const auto& c : pod.containers) {
    const bool both = c.request && c.limit && *c.request == *c.limit;
    const bool neither = !c.request && !c.limit;
    switch (pod.qos) {
      case KubeQos::guaranteed:
        if (!both) return "guaranteed: request and limit of every container are equal";
        break;
      case KubeQos::best_effort:
        if (!neither) return "besteffort: no container has a request or a limit";
        break;
      case KubeQos::burstable:
        if (neither && pod.containers.size() == 1) return "burstable: a request or a limit is needed";
        break;
    }
  }
  return "";
}

void read_containers(const Field& field, std::vector<ContainerSpec>& out) {
  for (const auto& item : field.items("a list of containers")) {
    auto container = read_container(item);
    const auto same = [&](const ContainerSpec& other) { return other.name == container.name; };
    // The name makes the container's ID.
    if (std::any_of(out.begin(), out.end(), same)) item.fault("two have the same name");
    out.push_back(std::move(container));
  }
  if (out.empty()) field.wrong("a list of containers that is not empty");
}

PodSpec read_pod(const Field& field) {
  const auto map = field.map({"name", "qos", "class", "replicas", "scale", "phase", "containers"});
  PodSpec out;
  read_text(need(field, map, "name"), out.name);
  read_word<KubeQos>(need(field, map, "qos"),
                     {{"burstable", KubeQos::burstable}, {"guaranteed", KubeQos::guaranteed},
                      {"besteffort", KubeQos::best_effort}}, out.qos);
  read_word<PodClass>(need(field, map, "class"),
                      {{"step", PodClass::step}, {"ls", PodClass::ls}, {"be", PodClass::be}}, out.pod_class);
  read_integer(map.get("replicas"), 1, 1000, out.replicas);
  read_word<Scale>(map.get("scale"), {{"fixed", Scale::fixed}, {"node", Scale::node}}, out.scale);
  read_text(map.get("phase"), out.phase);
  if (const auto containers = need(field, map, "containers")) read_containers(*containers, out.containers);
  if (auto why = qos_fault(out); !why.empty()) refuse(field, map, "qos", std::move(why));
  return out;
}

/// Of kind runtimes: a step is a launcher.
bool becomes_what_it_is_to(const PodSpec& pod) {
  return pod.pod_class != PodClass::step || (started_later(pod) && pod.containers.front().load.then != Becomes::nothing);
}

Bar read_bar(const Field& field) {
  const auto map = field.map({"arm", "stat", "against", "atMost"});
  Bar out;
  read_text(need(field, map, "arm"), out.arm);
  read_text(need(field, map, "stat"), out.stat);
  read_text(map.get("against"), out.against);
  read_number(map.get("atMost"), 0, 1000, out.at_most);
  return out;
}

void read_head(const Field& root, const Map& map, Scenario& out) {
  read_text(need(root, map, "scenario"), out.name);
  read_text(need(root, map, "description"), out.description);
  read_word<Kind>(need(root, map, "kind"),
                  {{"steady", Kind::steady}, {"greedy", Kind::greedy}, {"startup", Kind::startup}, {"wakeup", Kind::wakeup},
                   {"workflow", Kind::workflow}, {"runtimes", Kind::runtimes}, {"relief", Kind::relief}},
                  out.kind);
  read(map.get("seconds"), kWantSeconds, seconds_of, out.length);
  read(map.get("warmup"), kWantSeconds, seconds_of, out.warmup);
  read(map.get("learn"), kWantSeconds, seconds_of, out.learn);
  out.warmup += out.learn;
  read_integer(map.get("rounds"), 1, 1000, out.rounds);
  read_integer(map.get("starts"), 0, 10'000, out.starts);
  read_integer(map.get("parallel"), 1, 1000, out.parallel);
  read_word<Fit>(map.get("overcommitted"), {{"true", Fit::overcommitted}, {"false", Fit::required}}, out.fit);
  read_integer(map.get("scaleFrom"), 1, 1024, out.scale_from);
  read_text(map.get("credit"), out.credit);
  read_text(map.get("upTo"), out.up_to);
}

void read_scenario(const Field& root, Scenario& out) {
  const auto map = root.map({"scenario", "description", "kind", "seconds", "warmup", "learn", "rounds", "starts", "parallel",
                             "overcommitted", "scaleFrom",
                             "credit", "upTo", "judged", "bars", "undominated", "beside", "pods"});
  read_head(root, map, out);
  read_texts(map.get("judged"), "a list of statistics", out.judged);
  read_texts(map.get("undominated"), "a list of arms", out.undominated);
  read_texts(map.get("beside"), "a list of arms", out.beside);
  if (const auto bars = map.get("bars")) {
    for (const auto& item : bars->items("a list of bars")) out.bars.push_back(read_bar(item));
  }
  const auto pods = need(root, map, "pods");
  if (!pods) return;
  for (const auto& item : pods->items("a list of pods")) out.pods.push_back(read_pod(item));
  if (out.pods.empty()) pods->wrong("a list of pods that is not empty");
  if ((out.kind == Kind::workflow) != (out.parallel > 0)) refuse(root, map, "parallel", "a workflow needs it, nothing else has it");
  if (out.kind == Kind::runtimes && !std::all_of(out.pods.begin(), out.pods.end(), becomes_what_it_is_to))
    pods->fault("every step needs a job that says what it becomes: then: jvm or then: go");
  if (out.kind == Kind::workflow && std::none_of(out.pods.begin(), out.pods.end(), started_later))
    pods->fault("a workflow needs a pod whose load is a job");
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, std::string_view file) {
  auto parsed = parse_tree(text, file);
  Findings findings;
  findings.file = file;
  findings.faults = std::move(parsed.faults);
  Scenario out;
  read_scenario(Field(parsed.root, "", findings), out);
  if (!findings.faults.empty()) return tl::unexpected(findings.faults.front());
  return out;
}

}  // namespace headroom::lab
