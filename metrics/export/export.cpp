#include "metrics/export/export.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "metrics/export/families.hpp"
#include "metrics/export/group_series.hpp"

namespace headroom {
namespace {

double seconds_of(nanoseconds t) { return std::chrono::duration<double>(t).count(); }
double cores_of(MilliCpu c) { return static_cast<double>(c.value) / 1000; }
double number(std::uint64_t n) { return static_cast<double>(n); }

/// One series per value, 0 or 1.
void add_states(const char* name, const char* help, const char* label, std::initializer_list<const char*> values,
                std::string_view now, Families& out) {
  for (const char* value : values) out.gauge(name, help, {{label, value}}, value == now ? 1 : 0);
}

void add_node(const Report& r, Families& out) {
  out.gauge("headroom_node_cpus", "CPUs of the node that are online.", {}, r.node.cpus);
  out.gauge("headroom_node_cpu_usage_cores", "CPU use of the whole node, steal excluded.", {},
            cores_of(r.node.use_now));
  out.gauge("headroom_node_lendable_cores", "CPUs that may be lent, before leases.", {}, cores_of(r.lendable));
  out.gauge("headroom_node_lent_cores", "CPUs that are lent now.", {}, cores_of(r.lent));
  if (r.node.pressure)
    out.gauge("headroom_node_pressure_ratio", "The kernel's CPU pressure of the node, some, 10 s average, 0 to 1.", {},
              *r.node.pressure);
  add_states("headroom_node_load_state", "Load state of the node; 1 for the one in force.", "state",
             {"idle", "normal", "cooling", "overload", "unknown"}, word(r.node.state), out);
}

void add_writes(const Report& r, Families& out) {
  for (const WriteCount& w : r.writes)
    out.counter("headroom_cgroup_writes_total", "Writes to cgroup files.",
                {{"file", w.file}, {"kind", w.kind}, {"result", w.result}}, number(w.count));
  out.counter("headroom_refill_cost_seconds_total", "Time spent in writes that only refill a quota.", {},
              r.refill_cost_seconds);
  for (const auto& [file, cost] : r.write_cost_seconds)
    out.counter("headroom_write_cost_seconds_total", "Time spent in cgroup writes.", {{"file", file}}, cost);
  for (const auto& [key, count] : r.foreign_writes) {
    const auto space = key.find(' ');
    const std::string writer = space == std::string::npos ? "unknown" : key.substr(space + 1);
    out.counter("headroom_foreign_writes_total", "Writes of somebody else to files that we watch.",
                {{"file", key.substr(0, space)}, {"writer", writer}}, number(count));
  }
}

void add_leases(const Report& r, Families& out) {
  std::map<std::pair<std::string, std::string>, double> leases;
  for (const GroupReport& g : r.groups) {
    if (g.borrower)   // so that a series does not come and go with its leases
      for (const char* kind : {"burst", "start"}) leases.try_emplace({kind, g.rule}, 0);
    if (g.lease) leases[{g.lease->kind, g.rule}] += 1;
  }
  if (leases.empty()) leases[{"burst", "none"}] = 0;
  for (const auto& [key, count] : leases)
    out.gauge("headroom_leases", "Leases that are out.", {{"kind", key.first}, {"class", key.second}}, count);
  for (const auto& [reason, count] : r.revoked)
    out.counter("headroom_leases_revoked_total", "Leases taken back before their end.", {{"reason", reason}},
                number(count));
  out.counter("headroom_contract_seconds_total", "60 for every minute in which a protected container was judged.", {},
              number(r.node.contract_seconds));
  out.counter("headroom_contract_breach_seconds_total",
              "60 for every such minute in which one waited more than the contract allows because of us.", {},
              number(r.node.breach_seconds));
}

void add_loop(const Report& r, Families& out) {
  add_states("headroom_mode", "Mode in force; 1 for the one.", "mode", {"off", "observe", "enforce"}, r.mode, out);
  if (!r.mode_reason.empty())
    out.gauge("headroom_mode_reason_info", "Why the mode in force is not the one asked for.",
              {{"reason", r.mode_reason}}, 1);
  out.gauge("headroom_paused", "1 between headroomctl pause (or restore) and resume: nothing is lent.", {},
            r.paused ? 1 : 0);
  add_states("headroom_judge", "Signal that tells a neighbour's waiting; 1 for the one in force.", "judge",
             {"pressure", "wait_sum", "run_delay", "none"}, word(r.node.judge), out);
  out.counter("headroom_reads_total", "Groups read.", {}, number(r.reads));
  out.histogram("headroom_tick_duration_seconds", "Duration of ticks.", r.tick_duration, r.tick_duration_sum);
  out.histogram("headroom_tick_lateness_seconds", "How late ticks began.", r.tick_lateness, r.tick_lateness_sum);
  out.gauge("headroom_guard_up", "1 while a guard stands by to put everything back.", {}, r.guard_up ? 1 : 0);
}

void add_process(const ProcessView& p, Families& out) {
  out.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {}, p.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {}, p.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", {}, p.virtual_bytes);
  out.gauge("process_open_fds", "Number of open file descriptors.", {}, p.open_fds);
  out.gauge("process_max_fds", "Maximum number of open file descriptors.", {}, p.max_fds);
  out.gauge("process_threads", "Number of OS threads in the process.", {}, p.threads);
  out.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {},
            p.start_time_seconds);
}

void add_agent(const AgentView& a, Families& out) {
  out.gauge("headroom_build_info", "Version of the program.", {{"version", a.version}}, 1);
  out.gauge("headroom_config_info", "Configuration in force.",
            {{"hash", a.config_hash}, {"generation", std::to_string(a.config_generation)}}, 1);
  const char* help = "Attempts to load the configuration again.";
  out.counter("headroom_config_reloads_total", help, {{"result", "success"}}, number(a.reloads_ok));
  out.counter("headroom_config_reloads_total", help, {{"result", "failure"}}, number(a.reloads_failed));
  out.gauge("headroom_config_last_reload_success_timestamp_seconds", "When a configuration was last loaded.", {},
            a.last_reload_success);
  out.gauge("headroom_config_last_reload_successful", "1 while the file as it is now is in force, 0 where it was refused.", {},
            a.last_reload_ok ? 1 : 0);
  for (const auto& [source, up] : a.sources)
    out.gauge("headroom_source_up", "1 while the source answers.", {{"source", source}}, up ? 1 : 0);
  for (const auto& [source, count] : a.reconnects)
    out.counter("headroom_source_reconnects_total", "Times the source was connected again.", {{"source", source}},
                number(count));
  add_process(a.process, out);
}

/// Everything but what is said of single groups.
std::vector<FamilyText> node_families(const ExportView& view) {
  Families families;
  add_agent(view.agent, families);
  if (view.report) {
    add_loop(*view.report, families);
    add_node(*view.report, families);
    add_writes(*view.report, families);
    add_leases(*view.report, families);
  }
  std::vector<FamilyText> out;
  for (auto& family : families.take()) {
    std::string name = family.name;
    out.push_back({std::move(name), prometheus::TextSerializer{}.Serialize({std::move(family)})});
  }
  return out;
}

}  // namespace

const char* word(LoadState s) {
  switch (s) {
    case LoadState::idle: return "idle";
    case LoadState::normal: return "normal";
    case LoadState::cooling: return "cooling";
    case LoadState::overload: return "overload";
    case LoadState::unknown: return "unknown";
  }
  return "unknown";
}
const char* word(Judge j) {
  switch (j) {
    case Judge::pressure: return "pressure";
    case Judge::wait_sum: return "wait_sum";
    case Judge::run_delay: return "run_delay";
    case Judge::none: return "none";
  }
  return "none";
}

void count_tick(std::array<std::uint64_t, 12>& histogram, double& sum, nanoseconds observed) {
  const double value = seconds_of(observed);
  sum += value;
  for (std::size_t i = 0; i < histogram.size(); ++i)
    if (value <= kTickBuckets[i]) ++histogram[i];
}

std::string to_prometheus(const ExportView& view) {
  std::vector<FamilyText> families = node_families(view);
  if (view.report)
    for (FamilyText& family : group_families(*view.report)) families.push_back(std::move(family));
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::size_t size = 0;
  for (const FamilyText& family : families) size += family.text.size();
  std::string out;
  out.reserve(size);
  for (FamilyText& family : families) out += std::exchange(family.text, {});
  return out;
}

}  // namespace headroom
