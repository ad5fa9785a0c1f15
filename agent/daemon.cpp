#include "agent/daemon.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "agent/clock.hpp"
#include "agent/kernel_source.hpp"
#include "agent/leftovers.hpp"
#include "agent/loaded_config.hpp"
#include "agent/loop.hpp"
#include "agent/names.hpp"
#include "agent/node_label.hpp"
#include "agent/process_stats.hpp"
#include "agent/recorder.hpp"
#include "agent/servers.hpp"

namespace headroom {
namespace {

/// 1/HZ: the coarse clocks move with the scheduler's tick.
nanoseconds scheduler_tick() {
  timespec t{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &t) != 0 || t.tv_sec != 0 || t.tv_nsec < 100'000) return milliseconds{4};
  return nanoseconds{t.tv_nsec};
}

/// No thread takes the signals that the loop and the configuration's keeper wait for.
void block_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

/// "" where there is none: then there is no control socket and no credit is kept.
std::string usable_state_dir(const std::string& dir, Log& log) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (!error && access(dir.c_str(), W_OK | X_OK) == 0) return dir;
  log.warn("state", "not writable: no control socket, credit is not kept", {{"dir", dir}});
  return {};
}

/// By the Downward API: metadata.uid.
std::string own_pod() {
  const char* uid = std::getenv("POD_UID");
  return uid == nullptr ? "" : uid;
}

Engine make_engine(const Config& config, const KernelSource& source, const Hands& hands, const std::string& own) {
  ModelParams model;
  model.scheduler_tick = scheduler_tick();
  model.judge = source.judge();
  model.contract_window = config.contract_window;
  set_bounds(model, config);
  Faults none;   // load_config has seen that there are none
  Engine engine{ModelState(model), make_policy(config.policy, config.tuning, none), {}, {}, {}, {}, {}, {}, {}};
  engine.schedule.scheduler_tick = model.scheduler_tick;
  engine.rails.node_cores = MilliCpu{1000LL * source.catalog().cpus};
  if (!own.empty()) engine.rails.protected_prefixes.push_back(own);
  arm(engine, hands);
  return engine;
}

Exit run_daemon(const Options& options, const Loaded& loaded) {
  const Config& config = loaded.config;
  Log log(LogLevel::info, LogFormat::text);
  set_log(log, config);
  for (const std::string& warning : config.warnings) log.warn("config", warning);
  use_every_file_allowed();
  return_memory_early();
  const auto where = detect_hierarchy(options.cgroup_root);
  if (!where) {
    log.error("cgroups", where.error().detail, {{"where", where.error().where}});
    return Exit::failed;
  }
  Hands hands(options, *where, log);
  if (hands.take(config.mode) == Hands::Taken::lock_held) return Exit::lock_held;
  const auto own = own_group(where->cpu);
  auto source = KernelSource::create({*where, {config.classes, config.annotations, config.only}, options.judge, own, &monotonic_now, own_pod()});
  if (!source) {
    log.error("cgroups", source.error().detail, {{"where", source.error().where}});
    return Exit::failed;
  }
  hands.make_sink(**source);
  const std::string state = usable_state_dir(options.state_dir, log);
  Board board;
  systemd::Manager manager;
  if (!manager.trouble().empty()) log.warn("systemd", manager.trouble());
  ConfigKeeper configs(options, loaded, board, log, manager);
  CreditKeeper credits(state, config.policy, log);
  Recorder recorder(state, config.journal_bytes, log);
  NameBoard names;
  NameService sources(names, log);
  Loop loop({configs, **source, hands, board, log, credits, recorder, names, sources, manager}, make_engine(config, **source, hands, own.value_or("")));
  Servers servers(board, configs, recorder, log);
  servers.listen(config.listen);
  servers.control(state);
  LabelKeeper label(board.lendable(), log);
  const auto take_others = [&](const Config& next) {   // what needs no lease to end
    sources.take(next.sources, surroundings());
    label.take(next.label_by_nfd ? options.feature_dir : "");
  };
  take_others(config);
  configs.start([&](const Config& next) {
    servers.listen(next.listen);
    take_others(next);
  });
  log.info("start", fmt::format("headroomd {} in mode {}, policy {}", kVersion, word(hands.mode()), config.policy),
           {{"root", where->cpu}, {"cgroups", where->v2 ? "v2" : "v1"}, {"judge", word((*source)->judge())}});
  const bool settled = loop.run();
  configs.stop();
  const bool left = hands.leave();
  log.info("stop", settled && left ? "done" : "not everything could be put back; headroomd --restore tries again");
  return settled && left ? Exit::done : Exit::failed;
}

Exit check_config(const Options& options) {
  const auto loaded = load_config(options);
  if (!loaded) {
    for (const Error& fault : loaded.error()) complain(fault);
    return Exit::failed;
  }
  for (const std::string& warning : loaded->config.warnings) std::printf("warning: %s\n", warning.c_str());
  std::printf("%s: ok, mode %s, policy %s\n", options.config.empty() ? "built-in defaults" : options.config.c_str(),
              word(loaded->config.mode), loaded->config.policy.c_str());
  return Exit::done;
}

}  // namespace

Exit run_task(const Options& options) {
  switch (options.task) {
    case Task::restore: return static_cast<Exit>(restore_only(options.run_dir));
    case Task::check_config: return check_config(options);
    case Task::run: {
      block_signals();   // before anything is read: a reload may be asked for at any moment
      const auto loaded = load_config(options);
      if (loaded) return run_daemon(options, *loaded);
      for (const Error& fault : loaded.error()) complain(fault);
      return Exit::failed;
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
