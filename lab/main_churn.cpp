// headroom-churn: container starts without end beside a running daemon, and rows of what that costs it. Used by
// tests/evidence/soak.sh.
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "lab/churn.hpp"
#include "lab/soak.hpp"

namespace {

using namespace headroom;
using namespace headroom::lab;

constexpr std::chrono::seconds kTakeUp{5};   ///< no change of the configuration so shortly before the last look

volatile sig_atomic_t g_interrupted = 0;   // a signal handler can reach nothing else

void on_signal(int) { g_interrupted = 1; }

struct Flags {
  std::string root = "headroom-churn", rows, phase = "churn", runc, config;
  std::vector<std::string> versions;
  double per_second = 50;
  long seconds = 60, offset = 0, reload_every = 10, sample_every = 2, scrape_every = 15;
  int pid = 0, port = 0, steady = 4;
  bool make = false, remove = false;
};

TimePoint monotonic() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return TimePoint{std::chrono::seconds{t.tv_sec} + nanoseconds{t.tv_nsec}};
}

void sleep_until(TimePoint at) {
  const auto whole = at.time_since_epoch();
  const timespec until{whole.count() / 1'000'000'000, whole.count() % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

/// Due every so often. `every` 0: never.
struct Clock {
  nanoseconds every{0};
  TimePoint next;
  bool due(TimePoint now) {
    if (every.count() == 0 || now < next) return false;
    while (next <= now) next += every;
    return true;
  }
  TimePoint at() const { return every.count() == 0 ? TimePoint::max() : next; }
};

/// phase seconds fds rss_kib series ticks late_10ms late_25ms generation started failed missed runc runc_failed swaps
void write_row(std::FILE* rows, const Flags& f, long second, const SoakReading& r, const Churn& churn, const RuncStarts* runc,
               const ConfigSwap& swap) {
  const auto& c = churn.counts();
  fmt::print(rows, "row {} {} {} {} {} {:.0f} {:.0f} {:.0f} {} {} {} {} {} {} {}\n", f.phase, second, r.fds, r.rss_kib, r.series,
             r.ticks, r.late_10ms, r.late_25ms, r.generation, c.started, c.failed, c.missed, runc ? runc->started() : 0,
             runc ? runc->failed() : 0, swap.done());
  std::fflush(rows);
}

/// A changed file is taken up by itself, and at SIGHUP: every second time both.
void change_config(ConfigSwap& swap, pid_t pid) {
  if (const auto done = swap.next(); !done) fmt::print(stderr, "headroom-churn: {}: {}\n", done.error().where, done.error().detail);
  if (swap.done() % 2 == 0) kill(pid, SIGHUP);
}

int run(const Flags& f, const Hierarchy& where) {
  Churn churn(where, f.root, {f.per_second, milliseconds{1000}, f.steady});
  const TimePoint begin = monotonic(), end = begin + std::chrono::seconds{f.seconds};
  if (auto ready = churn.prepare(begin); !ready) {
    fmt::print(stderr, "headroom-churn: {}: {}\n", ready.error().where, ready.error().detail);
    return 1;
  }
  const std::unique_ptr<RuncStarts> runc = f.runc.empty() ? nullptr : std::make_unique<RuncStarts>(f.runc);
  std::FILE* rows = f.rows.empty() ? stdout : std::fopen(f.rows.c_str(), "a");
  if (rows == nullptr) return 1;
  const bool watched = f.pid > 0;
  const auto clock = [&](long every) { return Clock{std::chrono::seconds{watched ? every : 0}, begin + std::chrono::seconds{every}}; };
  Clock sample = clock(f.sample_every), scrape = clock(f.port > 0 ? f.scrape_every : 0), reload = clock(f.config.empty() ? 0 : f.reload_every);
  Clock starts{std::chrono::seconds{runc ? 1 : 0}, begin};
  SoakReading reading;
  if (watched && f.port > 0) (void)scrape_daemon(f.port, reading);
  ConfigSwap swap(f.config, f.versions);
  bool lives = true;
  const auto look = [&](TimePoint now) {
    lives = look_at_process(f.pid, reading).has_value();
    const long second = f.offset + std::chrono::duration_cast<std::chrono::seconds>(now - begin).count();
    if (lives) write_row(rows, f, second, reading, churn, runc.get(), swap);
  };
  for (TimePoint now = begin; lives && now < end && g_interrupted == 0; now = monotonic()) {
    TimePoint next = std::min(end, churn.step(now));
    if (starts.due(now)) runc->start_next();
    if (reload.due(now) && now + kTakeUp < end) change_config(swap, f.pid);
    if (scrape.due(now) && !scrape_daemon(f.port, reading)) fmt::print(stderr, "headroom-churn: a scrape failed\n");
    if (sample.due(now)) look(now);
    for (const TimePoint at : {sample.at(), scrape.at(), reload.at(), starts.at()}) next = std::min(next, at);
    sleep_until(next);
  }
  if (watched && lives && f.port > 0 && scrape_daemon(f.port, reading)) look(monotonic());   // all that was taken up until now
  if (rows != stdout) std::fclose(rows);
  if (!lives) fmt::print(stderr, "headroom-churn: the daemon has ended\n");
  if (!watched)
    fmt::print("{} starts, {} failed, {} missed\n", churn.counts().started, churn.counts().failed, churn.counts().missed);
  return lives && g_interrupted == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Flags f;
  CLI::App app{"Starts containers (directories with a process) all the time and watches a daemon meanwhile.", "headroom-churn"};
  app.add_option("--root", f.root, "group of its own below the cgroup root")->capture_default_str();
  app.add_option("--per-second", f.per_second, "container starts")->check(CLI::Range(0.0, 500.0))->capture_default_str();
  app.add_option("--steady", f.steady, "pods that stay and burst")->capture_default_str();
  app.add_option("--seconds", f.seconds, "how long")->capture_default_str();
  app.add_option("--offset", f.offset, "added to the seconds of the rows, where a soak is resumed");
  app.add_option("--phase", f.phase, "first word of the rows")->capture_default_str();
  app.add_option("--rows", f.rows, "file to append rows to (default: the terminal)");
  app.add_option("--pid", f.pid, "of the daemon to watch; 0: only start containers");
  app.add_option("--port", f.port, "of its /metrics");
  auto* config = app.add_option("--config", f.config, "the file that the daemon was started with, to be replaced all the time");
  app.add_option("--version", f.versions, "what it is replaced by, in turn; it begins as the first of them")->needs(config);
  app.add_option("--reload-every", f.reload_every, "seconds between such changes; 0: none")->capture_default_str();
  app.add_option("--runc", f.runc, "directory with bundles for `runc run`, one a second");
  app.add_flag("--make", f.make, "only make the root, and print its directory");
  app.add_flag("--remove", f.remove, "only remove the root with all that is in it");
  CLI11_PARSE(app, argc, argv);
  if (!f.config.empty() && f.versions.size() < 2) {
    fmt::print(stderr, "headroom-churn: --config wants --version twice and more: what is replaced by itself is no change\n");
    return 1;
  }
  const auto where = detect_hierarchy(std::string());
  if (!where) {
    fmt::print(stderr, "headroom-churn: {}: {}\n", where.error().where, where.error().detail);
    return 1;
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  if (f.remove) {
    remove_churn_root(*where, f.root);
    return 0;
  }
  if (f.make) {
    Churn churn(*where, f.root, {0, milliseconds{0}, 0});
    if (!churn.prepare(monotonic())) return 1;
    fmt::print("{}\n", churn.root_dir());
    return 0;
  }
  return run(f, *where);
}
