#include "agent/ctl_doctor.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "agent/ctl_screen.hpp"
#include "agent/ctl_text.hpp"
#include "agent/options.hpp"

namespace headroom {
namespace {

using doctor::Finding;
using doctor::Level;
using nlohmann::json;

constexpr const char* kFooter =
    "\nExit status:\n"
    "  0  all good; notes are\n"
    "  1  warnings: it works, but less well or less safely than it could\n"
    "  3  something keeps headroom from working, or values of ours are out and nobody stands by\n";

struct DoctorOptions {
  doctor::Question question;
  bool report = false, names = false, attempt = false;
};

const char* colour(Level level, const Paint& p) {
  switch (level) {
    case Level::good: return p.green;
    case Level::note: return p.dim;
    case Level::warning: return p.yellow;
    case Level::fault: return p.red;
  }
  return "";
}

constexpr std::size_t kIndent = 11;   // width of the level's column

std::string one(const Finding& f, Names names, const Paint& p) {
  const std::string gap(kIndent, ' ');
  std::string out = fmt::format("{}{:<9}{}  {}: {}\n", colour(f.level, p), doctor::word(f.level), p.reset, f.topic, ctl::clean(f.fact));
  if (!f.means.empty()) out += gap + "so: " + ctl::clean(f.means) + "\n";
  if (!f.todo.empty()) out += gap + "do: " + ctl::clean(f.todo) + "\n";
  constexpr std::size_t kMost = 10;
  for (std::size_t i = 0; names == Names::shown && i < f.named.size() && i < kMost; ++i) out += gap + "    " + ctl::clean(f.named[i]) + "\n";
  if (names == Names::shown && f.named.size() > kMost) out += fmt::format("{}    and {} more\n", gap, f.named.size() - kMost);
  return out;
}

std::size_t count(const std::vector<Finding>& all, Level level) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Finding& f) { return f.level == level; }));
}

std::string summary(const std::vector<Finding>& all) {
  const auto faults = count(all, Level::fault), warnings = count(all, Level::warning);
  if (faults + warnings == 0) return "All good.\n";
  return fmt::format("{} fault{}, {} warning{}.\n", faults, faults == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

std::string known(const std::string& text) { return text.empty() ? "none" : text; }

/// What the daemon says of itself: figures only, no groups and no events, which name pods.
std::string figures(const std::string& status) {
  const json s = json::parse(status);
  json out = json::object();
  for (const char* key : {"version", "mode", "paused", "policy", "cgroupVersion", "kernel", "guardUp", "node", "groups", "borrowers",
                          "leases", "ticks", "reads", "meanTickSeconds", "writes", "refillCostSeconds", "foreignWrites", "revoked"})
    if (s.contains(key)) out[key] = s[key];
  return out.dump(1);
}

int run(const DoctorOptions& options, const CtlClient& client) {
  const auto facts = doctor::look(options.question);
  const auto all = doctor::findings(facts);
  const Names names = options.report && !options.names ? Names::left_out : Names::shown;
  if (client.output == Output::json) print(findings_json(all, names) + "\n");
  else if (options.report) print(render_report(facts, names));
  else print(render_findings(all, names, screen_now()));
  return doctor::exit_code(all);
}

}  // namespace

std::string render_findings(const std::vector<Finding>& all, Names names, const Screen& screen) {
  std::string out;
  for (const Finding& f : all) out += one(f, names, screen.paint);
  return wrap_lines(out + "\n" + summary(all), screen.columns, kIndent + 4);
}

std::string render_report(const doctor::Facts& facts, Names names) {
  const auto all = doctor::findings(facts);
  std::string out = fmt::format("### headroomctl doctor {}\n\n```\n", kVersion);
  for (const Finding& f : all) out += one(f, names, Paint{});
  out += "\n" + summary(all) + "```\n\nMounts by libcgroup\n\n```\n";
  for (const auto& [controller, path] : facts.node.libcgroup) out += fmt::format("{:<12} {}\n", controller, path);
  if (const auto& h = facts.node.where)
    out += fmt::format("```\n\nMounts in use\n\n```\ncpu          {}\ncpuacct      {}\ncpuset       {}\npids         {}\nunified      {}\n", known(h->cpu),
                       known(h->cpuacct), known(h->cpuset), known(h->pids), known(h->unified));
  out += "```\n";
  if (facts.daemon.status) out += "\nThe daemon\n\n```json\n" + figures(*facts.daemon.status) + "\n```\n";
  return out;
}

std::string findings_json(const std::vector<Finding>& all, Names names) {
  json list = json::array();
  for (const Finding& f : all) {
    json j{{"level", doctor::word(f.level)}, {"topic", f.topic}, {"fact", f.fact}, {"means", f.means}, {"todo", f.todo}};
    if (names == Names::shown) j["named"] = f.named;
    list.push_back(std::move(j));
  }
  return json{{"findings", list}, {"exit", doctor::exit_code(all)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

void add_doctor(CLI::App& app, const CtlClient& client, CtlExit& exit) {
  CLI::App* command = app.add_subcommand(
      "doctor", "what this node lets headroom do: kernel, cgroups, burst, judge, guard, rights, other writers; what to do about it");
  auto o = std::make_shared<DoctorOptions>();
  o->question.run_dir = kDefaultRunDir;
  command->add_flag("--report", o->report, "print it all as Markdown to paste into an issue; names of groups, pods and units are left out");
  command->add_flag("--names", o->names, "with --report: leave them in");
  command->add_flag("--try", o->attempt, "make a scratch group and try what this kernel does with quota, burst and refills (needs root, under 1 s)");
  command->add_option("--cgroup-root", o->question.cgroup_root, "as the daemon's")->type_name("DIR");
  command->add_option("--run-dir", o->question.run_dir, "as the daemon's")->type_name("DIR")->capture_default_str();
  command->footer(kFooter);
  command->callback([o, &client, &exit] {
    o->question.socket = client.socket;
    if (o->attempt) o->question.attempt = doctor::Try::scratch_group;
    exit = static_cast<CtlExit>(run(*o, client));
  });
}

}  // namespace headroom
