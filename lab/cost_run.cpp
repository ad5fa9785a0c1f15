#include "lab/cost_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "lab/daemon.hpp"
#include "lab/work.hpp"

namespace headroom::lab {
namespace {

namespace fs = std::filesystem;

constexpr seconds kSlice{10}, kBesideSlice{5};
constexpr const char* kReadLog = "HEADROOM_READ_LOG";

double field(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (line.rfind(key, 0) == 0) return std::strtod(line.c_str() + key.size(), nullptr);
  return 0;
}

double lines_of_samples(const std::string& body) {
  std::istringstream in(body);
  double n = 0;
  for (std::string line; std::getline(in, line);) n += !line.empty() && line[0] != '#';
  return n;
}

/// Sums over the slices of one kind.
struct Spent {
  ProcessCost daemon, guard, bare;
  double wall = 0, reads = 0;
};

struct Rigged {
  Daemon daemon;
  std::vector<pid_t> guards;
  std::int64_t scraped_at = 0;
  double scrapes = 0, series = 0;
};

ProcessCost operator-(const ProcessCost& a, const ProcessCost& b) {
  return {a.cpu_seconds - b.cpu_seconds, a.wakeups - b.wakeups};
}
void add(ProcessCost& to, const ProcessCost& what) {
  to.cpu_seconds += what.cpu_seconds;
  to.wakeups += what.wakeups;
}
ProcessCost cost_of(const std::vector<pid_t>& pids) {
  ProcessCost sum;
  for (const pid_t pid : pids) add(sum, process_cost(pid));
  return sum;
}

/// Sleeps with a scrape whenever one is due. Errors: io (the daemon does not answer; interrupted).
Result<> pass(Rigged& rig, nanoseconds time, const CostOptions& options) {
  const std::int64_t end = monotonic_ns() + time.count();
  for (auto now = monotonic_ns(); now < end; now = monotonic_ns()) {
    if (options.interrupted != nullptr && options.interrupted()) return fail(Errc::io, "headroom-bench", "interrupted");
    if (now - rig.scraped_at >= nanoseconds{options.scrape}.count()) {
      rig.scraped_at = now;
      const auto body = rig.daemon.metrics();
      if (!body) return tl::unexpected(body.error());
      ++rig.scrapes;
      rig.series = lines_of_samples(*body);
    }
    std::this_thread::sleep_for(nanoseconds{std::min<std::int64_t>(end - now, 250'000'000)});
  }
  return {};
}

Result<> slice(Rigged& rig, BareReader* bare, const CostOptions& options, nanoseconds length, Spent& spent) {
  const auto pid = std::vector<pid_t>{rig.daemon.pid()};
  if (bare != nullptr) bare->turn_on();
  const std::int64_t begin = monotonic_ns();
  const auto daemon = cost_of(pid), guard = cost_of(rig.guards);
  const auto reader = bare ? process_cost(bare->pid()) : ProcessCost{};
  const auto reads = bare ? bare->reads_made() : 0;
  if (auto ok = pass(rig, length, options); !ok) return ok;
  add(spent.daemon, cost_of(pid) - daemon);
  add(spent.guard, cost_of(rig.guards) - guard);
  if (bare != nullptr) {
    add(spent.bare, process_cost(bare->pid()) - reader);
    spent.reads += static_cast<double>(bare->reads_made() - reads);
    bare->turn_off();
  }
  spent.wall += static_cast<double>(monotonic_ns() - begin) / 1e9;
  return {};
}

Result<Rigged> start(const CostOptions& options, const std::string& program, const char* part, const CostNode& node) {
  const int port = free_port();
  auto daemon = Daemon::start(program, options.dir + "/" + part, node_config(options.lending, port), port, node.root());
  if (!daemon) return tl::unexpected(daemon.error());
  Rigged rig{std::move(*daemon), {}, monotonic_ns(), 0, 0};
  rig.guards = rig.daemon.guards();
  return rig;
}

/// The schedule of a daemon like the one that is measured, on the same tree under the same load.
Result<RecordedReads> record(const CostOptions& options, const CostNode& node) {
  const std::string log = options.dir + "/reads";
  setenv(kReadLog, log.c_str(), 1);
  {
    auto rig = start(options, options.hooked, "recorded", node);
    unsetenv(kReadLog);
    if (!rig) return tl::unexpected(rig.error());
    if (auto ok = pass(*rig, options.warm_up + *options.record + seconds{1}, options); !ok)
      return tl::unexpected(ok.error());
    rig->daemon.stop();
  }
  return load_reads(log, *options.record);
}

/// A group is one file or two. More than that, and the recording is of another time than what is measured.
Result<> alike(const CostResult& r) {
  constexpr double kFilesPerGroup = 1.4;
  if (!r.bare_reads || *r.bare_reads <= kFilesPerGroup * r.reads) return {};
  return fail(Errc::rejected, "the recorded schedule",
              fmt::format("{:.0f} file reads a second, but the measured daemon reads {:.0f} groups a second: start leases are out "
                          "for 20 s, so warm up for 25 s or more, and run it again", *r.bare_reads, r.reads));
}

void fill(CostResult& out, const Spent& alone, const Spent& beside) {
  out.cpu_percent = 100 * alone.daemon.cpu_seconds / alone.wall;
  out.guard_percent = 100 * alone.guard.cpu_seconds / alone.wall;
  out.wakeups = alone.daemon.wakeups / alone.wall;
  out.guard_wakeups = alone.guard.wakeups / alone.wall;
  if (beside.wall <= 0) return;
  out.beside_percent = 100 * beside.daemon.cpu_seconds / beside.wall;
  out.bare_percent = 100 * beside.bare.cpu_seconds / beside.wall;
  out.bare_reads = beside.reads / beside.wall;
}

Result<CostResult> measure(Rigged& rig, std::optional<BareReader>& bare, const CostOptions& options) {
  if (auto ok = pass(rig, options.warm_up, options); !ok) return tl::unexpected(ok.error());
  const auto before = rig.daemon.metrics();
  if (!before) return tl::unexpected(before.error());
  const std::int64_t began = monotonic_ns();
  Spent alone, beside;
  while (alone.wall < static_cast<double>(options.length.count())) {
    if (auto ok = slice(rig, nullptr, options, kSlice, alone); !ok) return tl::unexpected(ok.error());
    if (!bare) continue;
    if (auto ok = slice(rig, &*bare, options, kBesideSlice, beside); !ok) return tl::unexpected(ok.error());
  }
  CostResult out;
  fill(out, alone, beside);
  const std::string status = fmt::format("/proc/{}/status", rig.daemon.pid());
  out.rss_mib = field(status, "VmRSS:") / 1024;
  out.peak_mib = field(status, "VmHWM:") / 1024;
  const auto after = rig.daemon.metrics();
  if (!after) return tl::unexpected(after.error());
  out.leases = metric_sum(*after, "headroom_leases", "");
  out.reads = (metric_sum(*after, "headroom_reads_total", "") - metric_sum(*before, "headroom_reads_total", "")) /
              (static_cast<double>(monotonic_ns() - began) / 1e9);
  out.scrapes = rig.scrapes;
  out.series = rig.series;
  return out;
}

}  // namespace

ProcessCost process_cost(pid_t pid) {
  ProcessCost out;
  std::error_code none;
  for (fs::directory_iterator it(fmt::format("/proc/{}/task", pid), none), end; it != end; it.increment(none)) {
    std::ifstream in(it->path() / "schedstat");
    double ran = 0;
    in >> ran;
    out.cpu_seconds += ran / 1e9;
    out.wakeups += field(it->path() / "status", "voluntary_ctxt_switches:");
  }
  return out;
}

Result<CostResult> measure_cost(const Hierarchy& where, const CostOptions& options) {
  auto node = CostNode::build(where, options.name, options.shape, options.sandboxes);
  if (!node) return tl::unexpected(node.error());
  fmt::print(stderr, "{} groups are there\n", node->groups());
  std::optional<BareReader> bare;
  if (options.record) {
    const auto reads = record(options, *node);
    if (!reads) return tl::unexpected(reads.error());
    auto reader = BareReader::start(*reads);
    if (!reader) return tl::unexpected(reader.error());
    bare.emplace(std::move(*reader));
  }
  auto rig = start(options, options.daemon, "measured", *node);
  if (!rig) return tl::unexpected(rig.error());
  auto out = measure(*rig, bare, options);
  rig->daemon.stop();
  if (!out) return out;
  if (auto ok = alike(*out); !ok) return tl::unexpected(ok.error());
  out->groups = static_cast<double>(node->groups());
  return out;
}

std::string to_rows(const CostResult& r) {
  std::string out = fmt::format(
      "groups {:.0f}\nleases {:.0f}\ncpu_percent {:.3f}\nguard_percent {:.3f}\nwakeups {:.1f}\nguard_wakeups {:.1f}\n"
      "rss_mib {:.1f}\npeak_mib {:.1f}\nscrapes {:.0f}\nseries {:.0f}\ngroup_reads {:.0f}\n",
      r.groups, r.leases, r.cpu_percent, r.guard_percent, r.wakeups, r.guard_wakeups, r.rss_mib, r.peak_mib, r.scrapes,
      r.series, r.reads);
  if (r.bare_percent)
    out += fmt::format("beside_percent {:.3f}\nbare_percent {:.3f}\nbare_reads {:.0f}\nratio {:.3f}\n",
                       *r.beside_percent, *r.bare_percent, *r.bare_reads, *r.ratio());
  return out;
}

}  // namespace headroom::lab
