// Rights, and others who write the same files.
#include <fmt/format.h>

#include <cstring>

#include "agent/doctor.hpp"

namespace headroom::doctor {
namespace {

void add(std::vector<Finding>& out, Level level, const char* topic, std::string fact, std::string means = {},
         std::string todo = {}, std::vector<std::string> named = {}) {
  out.push_back({level, topic, std::move(fact), std::move(means), std::move(todo), std::move(named)});
}

std::string who(const RightsFacts& r) {
  std::string out = fmt::format("uid {}, capabilities {:x}", r.uid, r.capabilities);
  if (r.no_new_privs == Known::yes) out += ", no_new_privs";
  return out + (r.confined.empty() ? "" : ", " + r.confined);
}

/// A group's own name stays out of the fact: it may be a tenant's.
void rights(const RightsFacts& r, std::vector<Finding>& out) {
  if (r.file.empty()) {
    add(out, Level::note, "rights", who(r) + "; no group with settings was found to ask about");
    return;
  }
  const std::string name = r.file.substr(r.file.rfind('/') + 1);
  if (r.file_error == 0) {
    add(out, Level::good, "rights", fmt::format("this process ({}) could write {} of groups", who(r), name), "",
        r.confined.empty() ? "" : "the first write in enforce tells whether " + r.confined + " allows it", {r.file});
    return;
  }
  add(out, Level::warning, "rights",
      fmt::format("this process ({}) could not write {} of groups: {}", who(r), name, std::strerror(r.file_error)),
      "a daemon run like this would only observe", r.uid == 0 ? "a writable mount of the cpu hierarchy" : "run it as root: no capability is needed beyond that",
      {r.file});
}

void agent(const std::string& name, std::vector<Finding>& out) {
  if (name == "kubelet")
    return add(out, Level::note, "other writers", "kubelet runs here",
               "it writes a container's quota, period and shares when a pod is resized, QoS slices' shares every minute: those end leases and stand");
  add(out, Level::warning, "other writers", name + " runs here",
      "it sets quota, burst or shares of the same groups; headroom yields: two foreign writes in a minute and it keeps off a group for ten",
      "turn off its CPU burst and quota features where headroom lends (koordlet: cpuBurstPolicy none), or give the two different pods");
}

}  // namespace

void judge_surroundings(const Facts& facts, std::vector<Finding>& out) {
  rights(facts.rights, out);
  const WriterFacts& w = facts.writers;
  for (const auto& name : w.agents) agent(name, out);
  if (w.cpu_manager == Known::yes)
    add(out, Level::note, "other writers", "kubelet's CPU manager policy is static",
        "Guaranteed pods with whole CPUs have them alone; headroom counts those as LSR and never touches them");
  if (!w.quota_units.empty())
    add(out, Level::note, "other writers", fmt::format("{} systemd units have a quota of their own (CPUQuota=)", w.quota_units.size()),
        "systemctl daemon-reload writes it again over a lease on them; headroom takes that for the owner's word",
        "none, unless they are to borrow: then prefer visibility: hidden", w.quota_units);
  if (w.agents.empty() && w.quota_units.empty())
    add(out, Level::good, "other writers", facts.node.own_pid_namespace == Known::yes ? "none among the units; processes cannot be seen from here"
                                                                                     : "none that are known to write cpu limits");
}

std::vector<Finding> findings(const Facts& facts) {
  std::vector<Finding> out;
  judge_node(facts, out);
  judge_surroundings(facts, out);
  judge_daemon(facts, out);
  return out;
}

int exit_code(const std::vector<Finding>& all) {
  int code = 0;
  for (const Finding& f : all) {
    if (f.level == Level::fault) return 3;
    if (f.level == Level::warning) code = 1;
  }
  return code;
}

const char* word(Level level) {
  switch (level) {
    case Level::good: return "good";
    case Level::note: return "note";
    case Level::warning: return "warning";
    case Level::fault: return "fault";
  }
  return "good";
}

}  // namespace headroom::doctor
