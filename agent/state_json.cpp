#include "agent/state_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/names.hpp"
#include "agent/options.hpp"
#include "engine/describe.hpp"

namespace headroom {
namespace {

using nlohmann::json;

double cores(MilliCpu c) { return static_cast<double>(c.value) / 1000; }
double secs(nanoseconds t) { return std::chrono::duration<double>(t).count(); }
json cores_or_null(const std::optional<MilliCpu>& c) { return c ? json(cores(*c)) : json(nullptr); }
json shares_or_null(const std::optional<Shares>& s) { return s ? json(s->value) : json(nullptr); }

std::string text_of(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

json bandwidth_json(const std::optional<Bandwidth>& b) {
  if (!b) return nullptr;
  return {{"quotaUs", b->quota ? json(b->quota->count()) : json(nullptr)},
          {"periodUs", b->period.count()},
          {"burstUs", b->burst.count()},
          {"cores", cores_or_null(limit_of(*b))}};
}

json lease_json(const std::optional<LeaseReport>& l) {
  if (!l) return nullptr;
  return {{"kind", l->kind},         {"actuator", l->actuator},        {"cores", cores(l->cores)},
          {"ageSeconds", secs(l->age)}, {"endsInSeconds", l->ends_in.count() > 0 ? json(secs(l->ends_in)) : json(nullptr)},
          {"why", l->why}};
}

json reason_json(const Report& r, const Reason& why) {
  json out{{"because", word(why.because)}, {"askedCores", cores(why.asked)}, {"grantedCores", cores(why.granted)},
           {"lendableCores", cores(why.lendable)}, {"rateCores", cores(why.rate)}, {"creditSeconds", secs(why.credit)}};
  const bool ends = why.expires != TimePoint{};
  out["expiresInSeconds"] = ends ? json(secs(why.expires - r.at)) : json(nullptr);
  for (const GroupReport& g : r.groups)
    if (why.neighbour != kNoSlot && g.slot == why.neighbour) out["neighbour"] = display_name(g);
  return out;
}

/// The present or last stretch of throttling, with no gap of over a minute in it.
json stretch_json(const GroupReport& g) {
  if (!g.throttled_for) return nullptr;
  return {{"beganSecondsAgo", secs(*g.throttled_for)}, {"lastSecondsAgo", secs(g.throttled_ago)},
          {"periods", g.stretch.periods}, {"throttledPeriods", g.stretch.throttled_periods},
          {"throttledSeconds", secs(g.stretch.throttled_time)}};
}

json step_json(const std::shared_ptr<const WorkflowStep>& s) {
  if (!s) return nullptr;
  const auto number = [](const std::optional<int>& n) { return n ? json(*n) : json(nullptr); };
  return {{"engine", s->engine}, {"subEngine", s->sub_engine}, {"workflow", s->workflow}, {"step", s->step}, {"template", s->template_name},
          {"member", s->member}, {"component", s->component}, {"attempt", number(s->attempt)}, {"slice", number(s->slice)}, {"labels", s->labels}};
}

json group_json(const Report& r, const GroupReport& g) {
  return {{"path", g.path}, {"name", display_name(g)},
          {"namespace", g.ns}, {"pod", g.pod}, {"container", g.container}, {"containerId", g.container_id},
          {"podUid", g.pod_uid}, {"kind", g.kind}, {"qos", g.qos}, {"class", g.rule}, {"role", to_string(g.role)}, {"step", step_json(g.step)},
          {"mayBorrow", g.borrower}, {"limitCores", cores_or_null(g.base_limit)}, {"inForce", bandwidth_json(g.in_force)},
          {"shares", shares_or_null(g.shares)}, {"ownShares", shares_or_null(g.base_shares)},
          {"useCores", cores(g.use)}, {"rateCores", cores(g.rate)}, {"usageSeconds", secs(g.usage_total)},
          {"throttledPeriods", g.throttle.throttled_periods}, {"periods", g.throttle.periods},
          {"throttledSeconds", secs(g.throttle.throttled_time)}, {"stretch", stretch_json(g)}, {"lentCpuSeconds", secs(g.lent_cpu)},
          {"stallAvoidedSeconds", secs(g.stall_avoided)}, {"lease", lease_json(g.lease)}, {"verdict", g.verdict},
          {"reason", reason_json(r, g.reason)}, {"harmLastMinuteSeconds", secs(g.harm_minute)},
          {"harmSeconds", secs(g.harm_total)},
          {"settingsWrites", g.settings_writes}, {"refills", g.refills}, {"foreignWrites", g.foreign_writes}};
}

json node_json(const Report& r) {
  json classes = json::object();
  for (std::size_t i = 0; i < r.node.class_use.size(); ++i)
    classes[std::string(to_string(static_cast<QosClass>(i)))] = cores(r.node.class_use[i]);
  return {{"cpus", r.node.cpus}, {"useCores", cores(r.node.use_now)}, {"protectedUseCores", cores(r.node.protected_use)},
          {"targetCores", cores(r.node.target)}, {"stealCores", cores(r.node.steal)},
          {"pressure", r.node.pressure ? json(*r.node.pressure) : json(nullptr)}, {"state", word(r.node.state)},
          {"judge", word(r.node.judge)}, {"worstLatenessSeconds", secs(r.node.worst_lateness_1s)},
          {"failedTicks", r.node.failed_ticks}, {"useByClass", classes}, {"contractSeconds", r.node.contract_seconds},
          {"breachSeconds", r.node.breach_seconds}, {"lendableCores", cores(r.lendable)}, {"lentCores", cores(r.lent)}};
}

json kernel_json(const KernelView& k) {
  return {{"burstFile", k.burst_file}, {"burstAboveQuota", k.burst_above_quota}, {"parentChildRule", k.parent_child_rule},
          {"rewriteRefills", k.rewrite_refills}, {"groupPressure", k.group_pressure}, {"assumed", k.assumed}};
}

json writes_json(const Report& r) {
  json out = json::array();
  for (const WriteCount& w : r.writes)
    out.push_back({{"file", w.file}, {"kind", w.kind}, {"result", w.result}, {"count", w.count}});
  return out;
}

json counts_json(const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
  json out = json::object();
  for (const auto& [key, count] : counts) out[key] = count;
  return out;
}

json config_part(const ConfigReport& c) {
  return {{"file", c.file}, {"hash", c.hash}, {"generation", c.generation}, {"reloadsOk", c.reloads_ok},
          {"reloadsFailed", c.reloads_failed}, {"lastSuccess", c.last_success}, {"faults", c.faults}};
}

json sources_json(const Report& r) {
  json out = json::array();
  for (const SourceReport& s : r.sources) out.push_back({{"name", s.name}, {"up", s.up}, {"reconnects", s.reconnects}, {"trouble", s.trouble}});
  return out;
}

json status(const Report& r) {
  const auto leases = std::count_if(r.groups.begin(), r.groups.end(), [](const auto& g) { return g.lease.has_value(); });
  const auto borrowers = std::count_if(r.groups.begin(), r.groups.end(), [](const auto& g) { return g.borrower; });
  return {{"version", kVersion}, {"mode", r.mode}, {"modeReason", r.mode_reason}, {"paused", r.paused},
          {"policy", r.policy}, {"config", config_part(r.config)}, {"cgroupRoot", r.cgroup_root}, {"sources", sources_json(r)},
          {"kernel", kernel_json(r.kernel)},
          {"cgroupVersion", r.v2 ? 2 : 1}, {"guardUp", r.guard_up}, {"node", node_json(r)},
          {"groups", r.groups.size()}, {"borrowers", borrowers}, {"leases", leases}, {"ticks", r.ticks},
          {"reads", r.reads}, {"meanTickSeconds", r.ticks > 0 ? r.tick_duration_sum / static_cast<double>(r.ticks) : 0},
          {"writes", writes_json(r)}, {"refillCostSeconds", r.refill_cost_seconds},
          {"foreignWrites", counts_json(r.foreign_writes)}, {"revoked", counts_json(r.revoked)}, {"events", r.events}};
}

json groups(const Report& r) {
  json out = json::array();
  for (const GroupReport& g : r.groups) out.push_back(group_json(r, g));
  return out;
}

}  // namespace

std::string status_json(const Report& report) { return text_of(status(report)); }
std::string groups_json(const Report& report) { return text_of({{"groups", groups(report)}}); }
std::string view_json(const Report& report) {
  return text_of({{"status", status(report)}, {"groups", groups(report)}});
}

namespace {

/// Those of the last events that name the group: who wrote, what was taken back.
json events_of(const Report& report, const GroupReport& group) {
  json out = json::array();
  const std::string name = " group=/" + group.path;
  for (const std::string& event : report.events) {
    const auto at = event.find(name);
    const auto end = at + name.size();
    if (at != std::string::npos && (end == event.size() || event[end] == ' ')) out.push_back(event);
  }
  return out;
}

}  // namespace

std::string explain_json(const Report& report, const GroupReport& group, const std::string& told) {
  json path = json::array();   // its pod and other levels above it, nearest first
  for (const GroupReport& g : report.groups)
    if (!g.path.empty() && group.path.size() > g.path.size() && group.path.compare(0, g.path.size(), g.path) == 0 &&
        group.path[g.path.size()] == '/')
      path.push_back(group_json(report, g));
  std::sort(path.begin(), path.end(), [](const json& a, const json& b) {
    return a.at("path").get_ref<const std::string&>().size() > b.at("path").get_ref<const std::string&>().size();
  });
  json out{{"group", group_json(report, group)}, {"above", path}, {"mode", report.mode},
           {"modeReason", report.mode_reason}, {"node", node_json(report)}, {"guardUp", report.guard_up},
           {"events", events_of(report, group)}};
  if (!told.empty()) out.update(json::parse(told));
  return text_of(out);
}

std::string error_json(std::string_view message, const std::vector<std::string>& candidates) {
  json out{{"error", message}};
  if (!candidates.empty()) out["candidates"] = candidates;
  return text_of(out);
}

}  // namespace headroom
