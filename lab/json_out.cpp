#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "lab/daemon.hpp"
#include "lab/record.hpp"

namespace headroom::lab {
namespace {

using nlohmann::json;

std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

json of(const Summary& s) {
  return {{"count", s.count}, {"mean_ms", s.mean}, {"p50_ms", s.p50}, {"p95_ms", s.p95}, {"p99_ms", s.p99},
          {"worst_ms", s.worst}};
}

json of(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }

json of(const ArmStats& a) {
  return {{"arm", a.arm}, {"step", of(a.step)}, {"burstable", of(a.burstable)}, {"guaranteed", of(a.guaranteed)},
          {"throttled_container_s", a.throttled_container}, {"throttled_pod_s", a.throttled_pod},
          {"refilling_writes_per_group_second", a.refills_per_group_second}, {"daemon_cpu", a.daemon_cpu},
          {"seconds", a.seconds}, {"makespan_s", a.makespan}};
}

json of(const Rotation& r) {
  return {{"arm", r.arm}, {"run", r.run + 1}, {"rotation", r.rotation + 1}, {"step", of(r.step)},
          {"burstable", of(r.burstable)}, {"guaranteed", of(r.guaranteed)},
          {"throttled_container_s", r.throttled_container}, {"throttled_pod_s", r.throttled_pod},
          {"refilling_writes", r.refilling_writes}, {"writes", r.all_writes},
          {"daemon_cpu_s", r.daemon_cpu_seconds}, {"seconds", r.seconds},
          {"makespan_s", r.makespan}};
}

const char* word(Verdict::Says says) {
  switch (says) {
    case Verdict::Says::pass: return "pass";
    case Verdict::Says::miss: return "miss";
    case Verdict::Says::not_judged: return "not judged";
  }
  return "";
}

json of(const RunRecord& r) {
  json twins = json::object();
  for (const auto& twin : r.twins) twins[twin.stat] = of(twin.value);
  const char* fate = r.fate == RunRecord::Fate::counts ? "counts" : r.fate == RunRecord::Fate::is_void ? "void" : "smoke";
  return {{"run", r.run + 1}, {"twin_ratios", twins}, {"fate", fate}};
}

json of(const Verdict& v) {
  return {{"arm", v.bar.arm}, {"stat", v.bar.stat}, {"against", v.bar.against}, {"at_most", v.bar.at_most},
          {"ratio", of(v.value)}, {"verdict", word(v.says)}};
}

json of(const Finding& f) {
  return {{"name", f.name}, {"unit", f.unit}, {"arm", f.arm}, {"value", f.value}, {"at_most", of(f.at_most)},
          {"verdict", word(f.says)}};
}

json of(const Series& s) { return {{"name", s.name}, {"unit", s.unit}, {"points", s.points}}; }

json of(const LatencyCurve& c) {
  return {{"arm", c.arm}, {"who", word(c.who)}, {"count", c.count}, {"share_ms", c.points}};
}

json of(const Timeline& t) {
  json quota = json::array();
  for (const auto& cores : t.quota_cores) quota.push_back(of(cores));
  return {{"arm", t.arm}, {"group", t.group}, {"base_cores", of(t.base_cores)}, {"sampler_cpu", t.sampler_cpu},
          {"t_s", t.t_s}, {"quota_cores", quota}, {"usage_cores", t.usage_cores}, {"throttled", t.throttled}};
}

/// One element a line: such a file can be read by a person and compared by git, and is half the size.
template <class T>
std::string lines(const std::vector<T>& items) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size(); ++i) out += (i ? ",\n  " : "\n  ") + text_of(of(items[i]));
  return out + (items.empty() ? "]" : "\n ]");
}

std::string key(const char* name, const std::string& value) { return fmt::format(",\n \"{}\": {}", name, value); }

}  // namespace

std::optional<double> harm_in(const std::string& groups) {
  const auto parsed = json::parse(groups, nullptr, false);
  const auto* list = parsed.is_object() && parsed.contains("groups") ? &parsed["groups"] : &parsed;
  if (!list->is_array()) return std::nullopt;
  double sum = 0;
  for (const auto& group : *list) {
    if (!group.is_object() || !group.contains("harmSeconds")) return std::nullopt;
    sum += group["harmSeconds"].get<double>();
  }
  return sum;
}

std::vector<std::string> events_in(const std::string& status) {
  const auto parsed = json::parse(status, nullptr, false);
  std::vector<std::string> out;
  if (!parsed.is_object() || !parsed.contains("events")) return out;
  for (const auto& event : parsed["events"]) out.push_back(event.is_string() ? event.get<std::string>() : event.dump());
  return out;
}

std::string to_json(const Record& r) {
  return fmt::format("{{\n \"version\": {}", kRecordVersion) + key("scenario", text_of(r.scenario)) +
         key("description", text_of(r.description)) + key("machine", text_of(r.machine)) +
         key("command", text_of(r.command)) + key("simulated", r.origin == Origin::simulated ? "true" : "false") +
         key("need", text_of({{"requests", r.need.requests}, {"bursts", r.need.bursts}})) + key("arms", lines(r.arms)) +
         key("runs", lines(r.runs)) + key("verdicts", lines(r.verdicts)) + key("findings", lines(r.findings)) +
         key("notes", text_of(r.notes)) + key("series", lines(r.series)) + key("raw", lines(r.rotations)) +
         key("curves", lines(r.curves)) + key("timelines", lines(r.timelines)) + "\n}\n";
}

}  // namespace headroom::lab
