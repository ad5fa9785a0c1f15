#include "agent/daemon.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "agent/clock.hpp"
#include "agent/denied.hpp"
#include "agent/kernel_sink.hpp"
#include "agent/kernel_source.hpp"
#include "agent/leftovers.hpp"
#include "agent/loaded_config.hpp"
#include "agent/loop.hpp"
#include "agent/names.hpp"
#include "agent/process_stats.hpp"
#include "agent/routes.hpp"

namespace headroom {
namespace {

/// 1/HZ: the coarse clocks move with the scheduler's tick.
nanoseconds scheduler_tick() {
  timespec t{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &t) != 0 || t.tv_sec != 0 || t.tv_nsec < 100'000) return milliseconds{4};
  return nanoseconds{t.tv_nsec};
}

/// The servers' threads must not take the signals that the loop waits for.
void block_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
}

/// "" where there is none: then there is no control socket and no credit is kept.
std::string usable_state_dir(const std::string& dir, Log& log) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (!error && access(dir.c_str(), W_OK | X_OK) == 0) return dir;
  log.warn("state", "not writable: no control socket, credit is not kept", {{"dir", dir}});
  return {};
}

/// What was decided about the mode.
struct Orders {
  Mode mode = Mode::observe;
  std::string reason;
  std::unique_ptr<Enforcement> enforcement;
};

tl::expected<Orders, Exit> decide_mode(const Options& options, Mode wanted, const Hierarchy& where, Log& log) {
  Orders out;
  out.mode = wanted;
  if (wanted == Mode::off) {
    const auto restored = restore_leftovers(options.run_dir);
    if (!restored) log.error("restore", restored.error().detail, {{"at", restored.error().where}});
    else log.info("restore", sentence(*restored, options.run_dir));
  }
  if (wanted != Mode::enforce) return out;
  auto entered = Enforcement::enter(options, where, log);
  if (entered) {
    out.enforcement = std::move(*entered);
    return out;
  }
  const Error& e = entered.error();
  if (e.code == Errc::rejected && e.where == Enforcement::kLockHeld) {
    log.error("lock", "another headroomd runs on this node: " + e.detail, {{"run_dir", options.run_dir}});
    return tl::unexpected(Exit::lock_held);
  }
  out.mode = Mode::observe;
  out.reason = not_enforcing(e, where);
  log.error("mode", out.reason);
  return out;
}

Engine make_engine(const Config& config, const KernelSource& source, const Orders& orders, const std::string& own) {
  ModelParams model;
  model.scheduler_tick = scheduler_tick();
  model.judge = source.judge();
  model.target_percent = config.target_percent;
  model.added_wait_permille = config.added_wait_permille;
  model.contract_window = config.contract_window;
  model.observe = orders.enforcement == nullptr;
  Faults none;   // load_config has seen that there are none
  Engine engine{ModelState(model), make_policy(config.policy, config.tuning, none), {}, {}, {}, {}, {}, {}, {}};
  engine.schedule.scheduler_tick = model.scheduler_tick;
  engine.rails.can = orders.enforcement ? orders.enforcement->can() : assumed_capabilities(source.where());
  engine.rails.node_cores = MilliCpu{1000LL * source.catalog().cpus};
  engine.rails.may_write = orders.enforcement != nullptr;
  engine.rails.guard_up = orders.enforcement == nullptr;   // observe says what it would do with one
  if (!own.empty()) engine.rails.protected_prefixes.push_back(own);
  return engine;
}

/// A server that cannot listen is no reason to leave the node's cgroups alone.
void add_server(Result<HttpServer> server, const std::string& where, std::vector<HttpServer>& servers, Log& log) {
  if (server) servers.push_back(std::move(*server));
  else log.error("listen", server.error().detail, {{"where", where}});
}

std::vector<HttpServer> start_servers(const Config& config, const std::string& state, Board& board, const AgentView& agent,
                                      Log& log) {
  std::vector<HttpServer> servers;
  const auto view = [&board, agent] {
    AgentView now = agent;
    const auto report = board.latest();
    now.sources = {{"cgroup", report && report->node.failed_ticks == 0}};
    now.reconnects = {{"cgroup", 0}};   // files: there is no connection to lose
    now.process = read_process();
    return now;
  };
  if (!config.listen.empty()) {
    add_server(HttpServer::on_tcp(config.listen, metrics_routes(board, view)), config.listen, servers, log);
  }
  if (!state.empty()) {
    const std::string socket = state + "/control.sock";
    add_server(HttpServer::on_unix(socket, control_routes(board)), socket, servers, log);
  }
  return servers;
}

AgentView agent_view(const std::string& text) {
  AgentView agent;
  agent.version = kVersion;
  agent.config_hash = hash_of(text);
  agent.config_generation = 1;
  agent.last_reload_success = static_cast<double>(std::time(nullptr));
  return agent;
}

/// The end of an enforcing run: true if nothing of ours is left.
bool leave(Enforcement* enforcement, Log& log) {
  if (enforcement == nullptr) return true;
  const auto result = enforcement->leave();
  log.info("restore", "at the end: " + sentence(result));
  return result.failed == 0;
}

Exit run_daemon(const Options& options, const Loaded& loaded) {
  const Config& config = loaded.config;
  Log log(parse_level(config.log_level).value_or(LogLevel::info), config.log_json ? LogFormat::json : LogFormat::text);
  for (const std::string& warning : config.warnings) log.warn("config", warning);
  block_signals();
  use_every_file_allowed();
  return_memory_early();
  const auto where = detect_hierarchy(options.cgroup_root);
  if (!where) {
    log.error("cgroups", where.error().detail, {{"where", where.error().where}});
    return Exit::failed;
  }
  auto orders = decide_mode(options, config.mode, *where, log);
  if (!orders) return orders.error();
  const auto own = own_group(where->cpu);
  auto source = KernelSource::create({*where, config.classes, options.judge, own, &monotonic_now});
  if (!source) {
    log.error("cgroups", source.error().detail, {{"where", source.error().where}});
    return Exit::failed;
  }
  const std::string state = usable_state_dir(options.state_dir, log);
  Board board;
  CreditKeeper credits(state, config.policy, log);
  NullSink nothing;
  std::unique_ptr<KernelSink> kernel;
  if (orders->enforcement)
    kernel = std::make_unique<KernelSink>(**source, &orders->enforcement->ledger(), (*source)->own_writes(), *where,
                                          &monotonic_now);
  const LoopParts parts{config, **source, kernel ? static_cast<Sink&>(*kernel) : nothing, (*source)->event_fd(),
                        [&source] { return (*source)->heard_of_others(); }, board, log, credits,
                        orders->enforcement.get(), kernel.get(), word(orders->mode), orders->reason, where->cpu, *where};
  Loop loop(parts, make_engine(config, **source, *orders, own.value_or("")));
  const auto servers = start_servers(config, state, board, agent_view(loaded.text), log);
  log.info("start", fmt::format("headroomd {} in mode {}, policy {}", kVersion, word(orders->mode), config.policy),
           {{"root", where->cpu}, {"cgroups", where->v2 ? "v2" : "v1"}, {"judge", word((*source)->judge())}});
  const bool settled = loop.run();
  const bool left = leave(orders->enforcement.get(), log);
  log.info("stop", settled && left ? "done" : "not everything could be put back; headroomd --restore tries again");
  return settled && left ? Exit::done : Exit::failed;
}

}  // namespace

Exit run_task(const Options& options) {
  switch (options.task) {
    case Task::restore: return static_cast<Exit>(restore_only(options.run_dir));
    case Task::check_config: {
      const auto loaded = load_config(options);
      if (!loaded) return Exit::bad_config;
      for (const std::string& warning : loaded->config.warnings) std::printf("warning: %s\n", warning.c_str());
      std::printf("%s: ok, mode %s, policy %s\n", options.config.empty() ? "built-in defaults" : options.config.c_str(),
                  word(loaded->config.mode), loaded->config.policy.c_str());
      return Exit::done;
    }
    case Task::run: {
      const auto loaded = load_config(options);
      return loaded ? run_daemon(options, *loaded) : Exit::bad_config;
    }
  }
  return Exit::failed;
}

int headroomd_main(int argc, char** argv) {
  try {
    const auto parsed = parse_options(argc, argv);
    if (const auto* code = std::get_if<ExitCode>(&parsed)) return code->value;
    return static_cast<int>(run_task(std::get<Options>(parsed)));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "headroomd: %s\n", e.what());
    return static_cast<int>(Exit::failed);
  }
}

}  // namespace headroom
