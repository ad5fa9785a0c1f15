// The daemon, its guard and its run directory.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/doctor.hpp"

namespace headroom::doctor {
namespace {

using nlohmann::json;

constexpr double kLate = 0.030;   // s; beyond it nothing is lent (docs/policies/headroom.md)

void add(std::vector<Finding>& out, Level level, const char* topic, std::string fact, std::string means = {},
         std::string todo = {}) {
  out.push_back({level, topic, std::move(fact), std::move(means), std::move(todo), {}});
}

bool named(const std::vector<Finding>& out, const std::string& topic) {
  return std::any_of(out.begin(), out.end(), [&](const Finding& f) { return f.topic == topic; });
}

void not_asked(const DaemonFacts& d, std::vector<Finding>& out) {
  if (d.error == Errc::absent)
    return add(out, Level::note, "daemon", "no daemon answers at " + d.socket, "nothing is lent while none runs", d.way_out);
  add(out, Level::warning, "daemon", fmt::format("the daemon at {} could not be asked", d.socket),
      "what follows is what this process sees alone", d.way_out);
}

void mode(const json& s, std::vector<Finding>& out) {
  const std::string now = s.at("mode"), reason = s.at("modeReason");
  if (s.at("paused").get<bool>())
    add(out, Level::warning, "mode", "paused in mode " + now, "nothing is lent until resume", "headroomctl resume");
  else if (!reason.empty())
    add(out, Level::warning, "mode", fmt::format("{}, but not as configured: {}", now, reason),
        "nothing is written until that is put right", "put right what the reason names, then restart headroomd");
  else
    add(out, Level::good, "mode", now + (now == "observe" ? ": it writes nothing" : ""));
}

void kernel(const json& k, std::vector<Finding>& out) {
  if (k.at("assumed").get<bool>()) return;
  const bool refills = k.at("rewriteRefills").get<bool>();
  add(out, refills ? Level::good : Level::warning, "refill",
      fmt::format("the daemon has tried it: rewriting a value {} the pool", refills ? "refills" : "does not refill"),
      refills ? "" : "no hidden leases: limits are raised in the files, where everybody can read them");
}

void loop(const json& s, std::vector<Finding>& out) {
  const json& node = s.at("node");
  const double late = node.at("worstLatenessSeconds").get<double>();
  const auto failed = node.at("failedTicks").get<std::uint64_t>();
  if (late > kLate)
    add(out, Level::warning, "loop", fmt::format("late by {:.0f} ms within the last second", late * 1000),
        "a late loop lends nothing new and takes back what is out",
        "give headroomd CPU: CPUWeight=500 in the unit, no CPUQuota, a request in the pod");
  if (failed > 0)
    add(out, Level::warning, "loop", fmt::format("{} observations in a row have failed", failed),
        "several in a row put everything back", "headroomctl status names the files; see its last events");
  if (late <= kLate && failed == 0)
    add(out, Level::good, "loop", fmt::format("punctual; a tick takes {:.0f} us on average", s.at("meanTickSeconds").get<double>() * 1e6));
}

void sources(const json& s, std::vector<Finding>& out) {
  for (const json& source : s.value("sources", json::array())) {
    const std::string name = source.at("name");
    if (name == "cgroup") continue;   // what the loop says of itself
    if (source.at("up").get<bool>()) add(out, Level::good, "sources", name + " answers: groups have names");
    else add(out, Level::warning, "sources", name + " does not answer: " + source.at("trouble").get<std::string>(),
             "who has come since is known by its path alone: a rule that asks for more does not lend to it",
             "put right what the reason names; or sources." + name + ": off");
  }
}

void contract(const json& node, std::vector<Finding>& out) {
  const auto judged = node.at("contractSeconds").get<std::uint64_t>(), breached = node.at("breachSeconds").get<std::uint64_t>();
  if (node.at("judge") == "none" && judged == 0) return;
  if (breached > 0)
    add(out, Level::warning, "contract", fmt::format("in {} of {} judged seconds a neighbour waited more than allowed", breached, judged),
        "leases cost a protected neighbour more than contract.addedWait", "a lower node.target, or a lower upTo for the class that borrows");
  else
    add(out, Level::good, "contract", fmt::format("no breach in {} judged seconds", judged));
}

void writes(const json& s, std::vector<Finding>& out) {
  std::uint64_t refused = 0;
  std::string which;
  for (const json& w : s.at("writes")) {
    const std::string result = w.at("result");
    if (result == "ok" || result == "gone" || result == "foreign") continue;
    refused += w.at("count").get<std::uint64_t>();
    which += fmt::format("{}{} {} {}", which.empty() ? "" : ", ", w.at("file").get<std::string>(), result, w.at("count").get<std::uint64_t>());
  }
  if (refused > 0)
    add(out, Level::warning, "writes", fmt::format("{} writes failed: {}", refused, which),
        "denied: a read-only mount, SELinux or AppArmor; rejected: the kernel's rules, or somebody else was faster",
        "the log of headroomd has the file and the error of each kind");
}

void foreign(const json& s, std::vector<Finding>& out) {
  std::string who;
  for (const auto& [key, count] : s.at("foreignWrites").items())
    who += fmt::format("{}{} {}", who.empty() ? "" : ", ", key, count.get<std::uint64_t>());
  if (who.empty()) return;
  add(out, Level::warning, "other writers", "the daemon has seen others write: " + who,
      "each ends our leases in that pod; two within a minute and headroom keeps its hands off the group for ten",
      "headroomctl status has the last ones by group; kubelet and runtime resizing in place are normal");
}

void answered(const Facts& f, std::vector<Finding>& out) {
  const json s = json::parse(*f.daemon.status);
  const std::string version = s.at("version");
  add(out, version == f.daemon.version ? Level::good : Level::warning, "daemon",
      fmt::format("headroomd {} answers at {}", version, f.daemon.socket),
      version == f.daemon.version ? "" : "this headroomctl is " + f.daemon.version, version == f.daemon.version ? "" : "restart headroomd after an upgrade");
  mode(s, out);
  if (const std::string root = s.at("cgroupRoot"); f.node.where && root != f.node.where->cpu)
    add(out, Level::note, "daemon", "it works below another group than this command looked at", "",
        "headroomctl doctor --cgroup-root with the daemon's");
  if (s.at("guardUp").get<bool>())
    add(out, Level::good, "guard", "one stands by");
  else if (s.at("mode") == "enforce")
    add(out, Level::warning, "guard", "no guard stands by", "only leases that leave nothing behind are given",
        "is headroom-guard beside headroomd, and may it be executed? The log says why it ended");
  kernel(s.at("kernel"), out);
  loop(s, out);
  sources(s, out);
  contract(s.at("node"), out);
  writes(s, out);
  foreign(s, out);
}

/// What lies in the run directory is judged by what is out, whoever made it.
void run_directory(const RunFacts& r, std::vector<Finding>& out) {
  const std::string left = fmt::format("{} files hold something of ours", r.entries);
  if (r.entries > 0 && r.locked == Known::no && r.guard != Known::yes)
    return add(out, Level::fault, "ledger", left + ", no daemon lives and no guard stands by",
               "limits stay raised until somebody puts them back", "headroomd --restore --run-dir " + r.dir);
  if (r.fence == Known::yes)
    return add(out, Level::warning, "ledger", "the guard has raised its fence: the daemon was silent for a second",
               "the originals are back; a daemon that wakes up goes on from there", "if it stays so: restart headroomd");
  if (r.ledger == Known::yes)
    return add(out, Level::good, "ledger", left + (r.guard == Known::yes ? ", and a guard stands by" : ""));
  if (r.there == Known::yes && r.writable == Known::no)
    return add(out, Level::warning, "ledger", r.dir + " is not writable for this user", "enforce needs it", "run as root, on a tmpfs of the host");
  if (r.there == Known::yes && r.on_tmpfs == Known::no)
    return add(out, Level::note, "ledger", r.dir + " is on a disk", "it is meant to go with the machine's memory", "a tmpfs: /run/headroom");
  add(out, Level::good, "ledger", r.there == Known::no ? "no " + r.dir + " yet: enforce makes it" : "none in " + r.dir + ": nothing is out");
}

}  // namespace

void judge_daemon(const Facts& facts, std::vector<Finding>& out) {
  if (facts.daemon.status) answered(facts, out);
  else not_asked(facts.daemon, out);
  if (facts.run.guard_runs == Known::no)
    add(out, Level::warning, "guard", "there is no program " + facts.run.guard_program, "without a guard enforce gives hidden leases only, or none",
        "install headroom-guard beside headroomd, or name it with --guard");
  else if (!named(out, "guard"))
    add(out, Level::good, "guard", facts.run.guard_program + " is there");
  if (!named(out, "refill"))
    add(out, Level::note, "refill", "whether rewriting a value refills the pool has not been tried here", "a daemon in enforce tries it at its start",
        "headroomctl doctor --try");
  run_directory(facts.run, out);
}

}  // namespace headroom::doctor
