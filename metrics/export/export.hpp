// Report -> Prometheus text 0.0.4. Names, types and labels are an interface: docs/metrics.md, none is ever renamed.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/model/report.hpp"

namespace headroom {

/// Upper bounds in seconds of the tick histograms; Report::tick_* count cumulatively in the same order.
constexpr std::array<double, 12> kTickBuckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                              0.01,   0.025,   0.05,   0.1,   0.25,   std::numeric_limits<double>::infinity()};

/// Counts one observation into a cumulative histogram over kTickBuckets.
void count_tick(std::array<std::uint64_t, 12>& histogram, double& sum, nanoseconds observed);

/// What the process knows about itself; read by the agent at scrape time.
struct ProcessView {
  double cpu_seconds = 0;
  double resident_bytes = 0, virtual_bytes = 0;
  double open_fds = 0, max_fds = 0, threads = 0;
  double start_time_seconds = 0;           ///< since the epoch
};

/// What the daemon knows beside the Report: build, configuration, sources.
struct AgentView {
  std::string version;
  std::string config_hash;                 ///< of the text in force
  std::uint64_t config_generation = 0;     ///< 1 at start, one more for every successful reload
  std::uint64_t reloads_ok = 0, reloads_failed = 0;
  double last_reload_success = 0;          ///< seconds since the epoch
  bool last_reload_ok = true;              ///< the file as it is now is in force
  std::vector<std::pair<std::string, bool>> sources;             ///< name, up
  std::vector<std::pair<std::string, std::uint64_t>> reconnects; ///< by source
  ProcessView process;
};

/// One immutable view of everything that is exported.
struct ExportView {
  std::shared_ptr<const Report> report;    ///< nullptr before the first tick: agent metrics only
  AgentView agent;
};

/// Families sorted by name, series by labels; a series is unique, whatever the report holds: of two groups with the
/// same labels (a container and its successor) the later life is exported.
std::string to_prometheus(const ExportView& view);

/// Values of the labels `state` and `judge`, in JSON and on the terminal too.
const char* word(LoadState state);
const char* word(Judge judge);

/// What to_prometheus is served as: OpenMetrics is not offered (ECOSYSTEM 3).
constexpr const char* kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace headroom
