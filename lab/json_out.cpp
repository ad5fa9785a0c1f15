#include <nlohmann/json.hpp>

#include "lab/report.hpp"

namespace headroom::lab {
namespace {

using nlohmann::json;

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

json of(const ArmRun& r) {
  return {{"arm", r.arm}, {"run", r.run + 1}, {"rotation", r.rotation % 1000 + 1}, {"step", of(summarize(r.step))},
          {"burstable", of(summarize(r.burstable))}, {"guaranteed", of(summarize(r.guaranteed))},
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

}  // namespace

std::vector<std::string> events_in(const std::string& status) {
  const auto parsed = json::parse(status, nullptr, false);
  std::vector<std::string> out;
  if (!parsed.is_object() || !parsed.contains("events")) return out;
  for (const auto& event : parsed["events"]) out.push_back(event.is_string() ? event.get<std::string>() : event.dump());
  return out;
}

std::string to_json(const Scenario& scenario, const Outcomes& outcomes, const std::string& machine) {
  json out = {{"scenario", scenario.name}, {"machine", machine}, {"arms", json::array()}, {"runs", json::array()},
              {"raw", json::array()}, {"verdicts", json::array()}, {"findings", json::array()},
              {"series", json::array()}, {"notes", outcomes.notes}};
  for (const auto& arm : outcomes.arms) out["arms"].push_back(of(arm));
  for (const auto& run : outcomes.runs) out["runs"].push_back(of(run));
  for (const auto& raw : outcomes.raw) out["raw"].push_back(of(raw));
  for (const auto& v : outcomes.verdicts) {
    out["verdicts"].push_back({{"arm", v.bar.arm}, {"stat", v.bar.stat}, {"against", v.bar.against},
                               {"at_most", v.bar.at_most}, {"ratio", of(v.value)}, {"verdict", word(v.says)}});
  }
  for (const auto& f : outcomes.findings) {
    out["findings"].push_back({{"name", f.name}, {"unit", f.unit}, {"arm", f.arm}, {"value", f.value},
                               {"at_most", of(f.at_most)}, {"verdict", word(f.says)}});
  }
  for (const auto& s : outcomes.series) {
    out["series"].push_back({{"name", s.name}, {"unit", s.unit}, {"points", s.points}});
  }
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace headroom::lab
