#include "agent/ctl_limits.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "agent/ctl_screen.hpp"
#include "agent/ctl_text.hpp"
#include "config/values.hpp"

namespace headroom {
namespace {

using limits::Facts;
using limits::Seen;
using limits::Verdict;
using limits::Why;
using nlohmann::json;

constexpr const char* kFooter =
    "\nNeeds no daemon and changes nothing. A Go program sizes itself by its limit, too (1.25 and newer), and cannot be told\n"
    "from outside; nor can a ResourceQuota or LimitRange that asks for limits, or an account that is made by them.\n"
    "Why: docs/why-not-just-delete-limits.md\n"
    "Exit status:\n"
    "  0  it has looked and answered, whatever the answer\n"
    "  1  interrupted, or cgroups cannot be read\n";

volatile sig_atomic_t g_stopped = 0;   // a signal handler can reach nothing else

double seconds_of(nanoseconds t) { return static_cast<double>(t.count()) / 1e9; }
double cores(nanoseconds used, nanoseconds stretch) { return seconds_of(used) / std::max(seconds_of(stretch), 1e-9); }

std::string meaning(Why why) {
  switch (why) {
    case Why::greedy: return "take all they can get: without a limit they take what is their neighbours'";
    case Why::forced: return "are Guaranteed: without its limit a pod is of another QoS class";
    case Why::sizing: return "size themselves by the limit they read: heap, collector and threads would be others";
    case Why::throttled: return "are throttled now and then: deleting the limit would do for them";
    case Why::untouched: return "are not throttled: their limits cost nothing now";
  }
  return "";
}

std::string answer(const Facts& facts) {
  switch (limits::verdict(facts)) {
    case Verdict::leave: return "Leave the limits as they are: nobody waits for his.";
    case Verdict::remove: return "Deleting the limits of those who are throttled would do here, if nobody else needs these limits.";
    case Verdict::keep: return "Deleting the limits would not do here: lend instead (mode enforce), or choose by container.";
  }
  return "";
}

nanoseconds throttled_in_all(const Facts& facts) {
  nanoseconds sum{0};
  for (const auto& c : facts.limited) sum += c.throttle.throttled_time;
  return sum;
}

std::string line(const Seen& c, nanoseconds stretch, std::size_t width) {
  const auto share = c.throttle.periods > 0 ? 100 * c.throttle.throttled_periods / c.throttle.periods : 0;
  return fmt::format("  {}  {:5.2f} of {:5.2f} cores, throttled {} in {} % of its periods{}\n", ctl::column(c.path, width),
                     cores(c.used, stretch), static_cast<double>(c.limit.value) / 1000, ctl::duration(seconds_of(c.throttle.throttled_time)),
                     share, c.runtime.empty() ? "" : ", " + c.runtime);
}

/// Worst first.
std::vector<const Seen*> of_kind(const Facts& facts, Why why) {
  std::vector<const Seen*> out;
  for (const auto& c : facts.limited)
    if (limits::why(c, facts.stretch) == why) out.push_back(&c);
  std::stable_sort(out.begin(), out.end(), [](const Seen* a, const Seen* b) { return a->throttle.throttled_time > b->throttle.throttled_time; });
  return out;
}

std::string section(const Facts& facts, Why why, std::size_t rows, const Screen& screen) {
  const auto all = of_kind(facts, why);
  if (all.empty()) return {};
  std::string out = fmt::format("\n{}{:<10}{}{} {}\n", screen.paint.bold, limits::word(why), screen.paint.reset, all.size(), meaning(why));
  if (why == Why::untouched) return out;
  std::vector<std::string> names;
  for (const auto* c : all) names.push_back(c->path);
  const auto width = ctl::name_width(names, screen.columns);
  const auto shown = rows == 0 ? all.size() : std::min(rows, all.size());
  for (std::size_t i = 0; i < shown; ++i) out += line(*all[i], facts.stretch, width);
  if (shown < all.size()) out += fmt::format("  and {} more\n", all.size() - shown);
  return out;
}

CtlExit run(const CtlClient& client, const std::string& length, const std::string& root, std::size_t rows) {
  const auto time = parse_duration(length, seconds{1}, std::chrono::hours{1});
  if (!time) {
    std::fprintf(stderr, "headroomctl: --for: want 1s..1h (\"60s\"), got \"%s\"\n", length.c_str());
    return CtlExit::usage;
  }
  struct sigaction action {};
  action.sa_handler = [](int) { g_stopped = 1; };
  sigaction(SIGINT, &action, nullptr);
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const auto facts = limits::look({root, *time, [&](nanoseconds left) {
    if (terminal) fmt::print(stderr, "\r\033[Klooking at the limits of this node: {} s", left / seconds{1} + 1);
    return g_stopped == 0;
  }});
  if (terminal) fmt::print(stderr, "\r\033[K");
  if (!facts) {
    std::fprintf(stderr, "headroomctl: %s: %s\n", facts.error().where.c_str(), facts.error().detail.c_str());
    return CtlExit::failed;
  }
  const Screen screen = screen_now();
  print(client.output == Output::json ? limits_json(*facts) + "\n" : cut_lines(render_limits(*facts, rows, screen), screen.columns));
  return CtlExit::done;
}

}  // namespace

std::string render_limits(const Facts& facts, std::size_t rows, const Screen& screen) {
  std::string out = fmt::format("{}{}{}\n{:.0f} s on {} CPUs, {:.2f} cores in use: {} containers, {} of them Guaranteed; {} have a CPU limit, by which they were throttled {}\n",
                                screen.paint.bold, answer(facts), screen.paint.reset, seconds_of(facts.stretch), facts.cpus,
                                cores(facts.busy, facts.stretch), facts.containers, facts.guaranteed, facts.limited.size(),
                                ctl::duration(seconds_of(throttled_in_all(facts))));
  for (const Why why : {Why::greedy, Why::forced, Why::sizing, Why::throttled, Why::untouched}) out += section(facts, why, rows, screen);
  return out;
}

std::string limits_json(const Facts& facts) {
  json list = json::array();
  for (const auto& c : facts.limited)
    list.push_back({{"path", c.path}, {"why", limits::word(limits::why(c, facts.stretch))}, {"limitCores", static_cast<double>(c.limit.value) / 1000},
                    {"usedCores", cores(c.used, facts.stretch)}, {"throttledSeconds", seconds_of(c.throttle.throttled_time)},
                    {"periods", c.throttle.periods}, {"throttledPeriods", c.throttle.throttled_periods}, {"runtime", c.runtime}});
  return json{{"verdict", limits::word(limits::verdict(facts))}, {"stretchSeconds", seconds_of(facts.stretch)}, {"cpus", facts.cpus},
              {"busyCores", cores(facts.busy, facts.stretch)}, {"containers", facts.containers}, {"guaranteed", facts.guaranteed},
              {"limited", list}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

void add_limits(CLI::App& app, const CtlClient& client, CtlExit& exit) {
  CLI::App* command = app.add_subcommand("limits", "whether deleting this node's CPU limits would do, or who needs them: looks for a minute, changes nothing");
  auto length = std::make_shared<std::string>("60s"), root = std::make_shared<std::string>();
  auto rows = std::make_shared<std::size_t>(10);
  command->add_option("--for", *length, "how long to look: 10s, 5m, at most 1h")->capture_default_str();
  command->add_option("-r,--rows", *rows, "at most so many of each kind; 0: all")->capture_default_str();
  command->add_option("--cgroup-root", *root, "as the daemon's")->type_name("DIR");
  command->footer(kFooter);
  command->callback([&client, &exit, length, root, rows] { exit = run(client, *length, *root, *rows); });
}

}  // namespace headroom
