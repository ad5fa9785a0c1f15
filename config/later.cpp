#include "config/sections.hpp"
#include "config/values.hpp"

namespace headroom {
namespace {

/// Taken for its form only.
struct Checked {};

template <class Parse>
void check(const std::optional<Field>& field, std::string_view wanted, Parse parse) {
  Checked nothing;
  read(field, wanted, [&](std::string_view text) { return parse(text) ? std::optional{Checked{}} : std::nullopt; }, nothing);
}

auto share(int low, int high) {
  return [=](std::string_view text) { return parse_permille(text, low, high).has_value(); };
}

bool is_minute_to_day(std::string_view text) { return parse_duration(text, seconds{60}, seconds{86'400}).has_value(); }

bool is_not_empty(std::string_view text) { return !text.empty(); }

void check_rollout(const Field& field) {
  for (const auto& item : field.items("a list of steps ([{nodes: {pool: canary}, enforce: 100%}])")) {
    if (!item.is_map()) {
      item.wrong("a map of nodes, enforce, holdout, namespaces");
      continue;
    }
    const auto step = item.map({"nodes", "enforce", "holdout", "namespaces"});
    if (const auto nodes = step.get("nodes")) check_text_map(*nodes, "a map of node labels ({pool: canary})");
    check(step.get("enforce"), "0..100% (\"10%\")", share(0, 1000));
    check(step.get("holdout"), "0..100% (\"5%\")", share(0, 1000));
    if (const auto names = step.get("namespaces")) read_texts(*names, "a list of namespaces ([chem-flows])");
  }
  field.not_in_force("rollout", "mode counts as it stands");
}

void check_annotations(const Field& field) {
  const auto map = field.map({"headroom.io/up-to", "koordinator.sh/cpuBurst"});
  if (const auto up_to = map.get("headroom.io/up-to")) {
    const auto bound = up_to->map({"max"});
    check(bound.get("max"), kWantCores, [](std::string_view text) { return parse_cores(text).has_value(); });
    if (up_to->is_map() && !bound.get("max")) up_to->fault("want a map ({max: 4 cores})");
  }
  bool ignored = false;
  read_word<bool>(map.get("koordinator.sh/cpuBurst"), {{"accept", true}, {"ignore", false}}, ignored);
  field.not_in_force("annotations", "no annotation is read");
}

bool is_breaches(std::string_view text) {
  constexpr std::string_view kIn = " in ";
  const auto in = text.find(kIn);
  return in != std::string_view::npos && parse_integer(text.substr(0, in), 1, 100) && is_minute_to_day(text.substr(in + kIn.size()));
}

void check_breaker(const Field& field) {
  const auto map = field.map({"breaches", "writeErrors", "for"});
  check(map.get("breaches"), "1..100 in 1m..24h (\"3 in 10m\")", is_breaches);
  check(map.get("writeErrors"), "0.1..100% (\"1%\")", share(1, 1000));
  check(map.get("for"), "1m..24h (\"1h\")", is_minute_to_day);
  field.not_in_force("breaker", "a breach changes no mode");
}

void check_signals(const Field& field) {
  enum class Label { off, nfd, patch };
  enum class Events { off, on };
  const auto map = field.map({"nodeLabel", "events"});
  auto label = Label::off;
  auto events = Events::off;
  read_word<Label>(map.get("nodeLabel"), {{"off", Label::off}, {"nfd", Label::nfd}, {"patch", Label::patch}}, label);
  read_word<Events>(map.get("events"), {{"off", Events::off}, {"on", Events::on}}, events);
  if (label != Label::off || events != Events::off) field.not_in_force("signals", "none is given");
}

void check_source(const Field& field) {
  enum class Use { automatic, off };
  auto use = Use::automatic;
  if (!field.is_map()) return read_word<Use>(field, {{"auto", Use::automatic}, {"off", Use::off}}, use);
  const auto map = field.map({"address", "ca", "pin", "insecure"});
  const auto is_address = [](std::string_view text) {
    return text.starts_with("https://") || text.starts_with("http://") || text.starts_with("unix:");
  };
  check(map.get("address"), "a URL or unix: and a path (\"unix:/run/docker.sock\")", is_address);
  check(map.get("ca"), "the path of a file", is_not_empty);
  check(map.get("pin"), "the path of a file", is_not_empty);
  const auto is_truth = [](std::string_view text) { return text == "true" || text == "false"; };
  check(map.get("insecure"), "true or false", is_truth);
}

void check_sources(const Field& field) {
  const auto map = field.map({"kubelet", "docker", "systemd", "apiServer"});
  for (const auto* name : {"kubelet", "docker", "systemd", "apiServer"}) {
    if (const auto source = map.get(name)) check_source(*source);
  }
  field.not_in_force("sources", "groups are known by their paths alone");
}

}  // namespace

void check_later_sections(const Map& top) {
  if (const auto field = top.get("rollout")) check_rollout(*field);
  if (const auto field = top.get("annotations")) check_annotations(*field);
  if (const auto field = top.get("breaker")) check_breaker(*field);
  if (const auto field = top.get("signals")) check_signals(*field);
  if (const auto field = top.get("sources")) check_sources(*field);
  if (const auto field = top.get("journal")) {
    const auto map = field->map({"max"});
    check(map.get("max"), "1..1024 MiB (\"16 MiB\")", [](std::string_view text) { return parse_mebibytes(text, 1, 1024).has_value(); });
    field->not_in_force("journal", "none is kept");
  }
}

}  // namespace headroom
