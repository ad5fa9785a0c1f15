// headroom-bench: what a tick costs, and what the whole daemon costs on a large node.
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <filesystem>

#include "agent/process_stats.hpp"
#include "lab/bench/benches.hpp"
#include "lab/cost_run.hpp"
#include "lab/paths.hpp"

namespace {

using namespace headroom;

volatile sig_atomic_t g_interrupted = 0;   // a signal handler can reach nothing else

void on_signal(int) { g_interrupted = 1; }

int complain(const Error& error) {
  fmt::print(stderr, "headroom-bench: {}: {}\n", error.where, error.detail);
  return 1;
}

struct NodeFlags {
  lab::CostOptions options;
  int seconds = 60, warm_up = 25, record = 0;
  bool no_lending = false, no_sandboxes = false;
};

void node_flags(CLI::App& app, NodeFlags& flags) {
  lab::NodeShape& shape = flags.options.shape;
  app.add_option("--containers", shape.containers, "containers, a process in each")->capture_default_str();
  app.add_option("--pods", shape.pods, "pods that hold them")->capture_default_str();
  app.add_option("--borrowers", shape.borrowers, "containers that may borrow")->capture_default_str();
  app.add_option("--active", shape.active, "containers that use CPU")->capture_default_str();
  app.add_option("--near-quota", shape.near_quota, "of them: nine tenths of their quota")->capture_default_str();
  app.add_option("--seconds", flags.seconds, "measured")->capture_default_str();
  app.add_option("--warm-up", flags.warm_up, "seconds before that")->capture_default_str();
  app.add_option("--record", flags.record, "seconds of the schedule to record, whose bare reads are then made beside it; 0: none")
      ->capture_default_str();
  app.add_flag("--no-lending", flags.no_lending, "no class may borrow");
  app.add_flag("--no-sandboxes", flags.no_sandboxes, "pods without a sandbox");
  app.add_option("--daemon", flags.options.daemon, "headroomd to run (default: beside this program)");
}

int node(int argc, char** argv) {
  CLI::App app{"The real daemon, enforcing with default settings, on a node of containers with processes in them"};
  NodeFlags flags;
  node_flags(app, flags);
  CLI11_PARSE(app, argc, argv);
  lab::CostOptions& o = flags.options;
  o.length = seconds{flags.seconds};
  o.warm_up = seconds{flags.warm_up};
  if (flags.record > 0) o.record = seconds{flags.record};
  if (flags.no_lending) o.lending = lab::Lending::off;
  if (flags.no_sandboxes) o.sandboxes = lab::Sandboxes::none;
  if (o.daemon.empty()) o.daemon = lab::program_dir() / "headroomd";
  o.hooked = lab::program_dir() / "headroomd-hooked";
  o.name = fmt::format("{}{}", lab::kScratchPrefix, getpid());
  o.dir = "/run/" + o.name;
  o.interrupted = [] { return g_interrupted != 0; };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, on_signal);   // the tree is removed first
  const auto where = detect_hierarchy("");
  if (!where) return complain(where.error());
  const auto result = lab::measure_cost(*where, o);
  std::error_code none;
  std::filesystem::remove_all(o.dir, none);
  if (!result) return complain(result.error());
  fmt::print("{}", lab::to_rows(*result));
  return 0;
}

int benchmarks(int argc, char** argv) {
  auto depth = bench::Depth::full;
  if (argc > 1 && std::strcmp(argv[1], "--smoke") == 0) {
    depth = bench::Depth::smoke;
    argv[1] = argv[0];
    --argc, ++argv;
  }
  bench::add_tick_benches(depth);
  bench::add_libcgroup_benches(depth);
  bench::add_simulate_benches();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const std::size_t ran = benchmark::RunSpecifiedBenchmarks();
  bench::drop_tick_rig();
  return ran > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  headroom::use_every_file_allowed();
  if (geteuid() != 0) {
    fmt::print(stderr, "headroom-bench: needs root: it makes cgroups of its own under the node's hierarchies\n");
    return 1;
  }
  ::signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && std::strcmp(argv[1], "node") == 0) return node(argc - 1, argv + 1);
  return benchmarks(argc, argv);
}
