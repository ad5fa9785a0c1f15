// What a soak looks at: the daemon from outside, in rows.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "cgroups/types/result.hpp"
#include "cgroups/types/units.hpp"

namespace headroom::lab {

/// One row. Counters are since the daemon's start.
struct SoakReading {
  long fds = 0;                  ///< entries of /proc/<pid>/fd
  long rss_kib = 0;              ///< VmRSS
  long series = 0;               ///< samples of the last scrape of /metrics
  double ticks = 0, late_10ms = 0, late_25ms = 0;   ///< ticks that began more than that late
  long generation = 0;           ///< of the configuration in force: 1 at its start, one more for every change taken up
};

/// fds and memory. Errors: gone (no such process).
Result<> look_at_process(pid_t pid, SoakReading& into);
/// The scrape. Errors: io.
Result<> scrape_daemon(int port, SoakReading& into);
/// Counts from the text of /metrics.
void read_metrics(const std::string& body, SoakReading& into);

/// The daemon's configuration, replaced by each of several versions in turn, as a deployment tool does it: by rename.
class ConfigSwap {
 public:
  /// @param file      what the daemon was started with; holds the first of `versions`
  /// @param versions  files that all differ, so that every swap is a change to take up
  ConfigSwap(std::string file, std::vector<std::string> versions) : file_(std::move(file)), versions_(std::move(versions)) {}
  /// Puts the next version in place. Errors: io.
  Result<> next();
  long done() const { return done_; }

 private:
  std::string file_;
  std::vector<std::string> versions_;
  long done_ = 0;
};

/// `runc run` once a second, in bundles <dir>/bundle* that soak.sh has made; those that still run are waited for.
class RuncStarts {
 public:
  explicit RuncStarts(std::string dir);
  ~RuncStarts();
  RuncStarts(const RuncStarts&) = delete;
  RuncStarts& operator=(const RuncStarts&) = delete;
  void start_next();
  long started() const { return started_; }
  long failed() const { return failed_; }

 private:
  struct Bundle {
    std::string path;
    pid_t pid = -1;
  };
  void reap(Bundle& bundle);
  std::string dir_;
  std::vector<Bundle> bundles_;
  std::size_t next_ = 0;
  long started_ = 0, failed_ = 0;
};

}  // namespace headroom::lab
