// The real daemon as a child of the lab: started, asked, ended, and looked after.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "cgroups/types/result.hpp"
#include "cgroups/types/units.hpp"

namespace headroom::lab {

/// What is read from outside while it runs.
struct DaemonCounters {
  double refilling_writes = 0;   ///< headroom_cgroup_writes_total of quota, period, burst and max files, any kind
  double all_writes = 0;
  double cpu_seconds = 0;        ///< utime + stime of /proc/<pid>/stat
};

class Daemon {
 public:
  /// @param program  path of headroomd
  /// @param dir      own directory on tmpfs for configuration, run, state and log
  /// @param policy   overrides the configuration's; empty: as it says
  /// Waits until it answers in mode enforce. Errors: absent (no program), io (did not come up; names its log).
  static Result<Daemon> start(const std::string& program, const std::string& dir, const std::string& config, int port,
                              const std::string& cgroup_root, const std::string& policy = {});
  Daemon(Daemon&& other) noexcept;
  Daemon& operator=(Daemon&& other) noexcept;
  ~Daemon();

  Result<DaemonCounters> counters() const;
  /// Seconds that groups have waited because of leases, as it judges them; summed. Errors: io.
  Result<double> harm() const;
  /// Body of /metrics. Errors: io.
  Result<std::string> metrics() const;
  /// Its last notable events, newest last, as its control socket tells them; empty where it does not answer.
  std::vector<std::string> events() const;
  /// POST /v1/<word> on its control socket: pause, resume, restore. Errors: io.
  Result<> command(const std::string& word) const;
  /// SIGTERM, then SIGKILL after 5 s. It puts its leases back itself; whoever kills it harder leaves that to the guard.
  void stop();
  const std::string& log_file() const { return log_; }
  pid_t pid() const { return pid_; }
  /// Guards that stand by for it.
  std::vector<pid_t> guards() const;

 private:
  Daemon() = default;
  /// What it means that it did not answer: that it is gone, if it is.
  tl::unexpected<Error> silence(const Error& error) const;
  pid_t pid_ = -1;
  int port_ = 0;
  std::string dir_, log_;
};

/// A port of the loopback that is free now.
int free_port();

/// Sum of the samples of one metric family whose labels contain `label` (empty: all). 0 where there are none.
double metric_sum(const std::string& body, const std::string& family, const std::string& label);

/// The list `events` of a /v1/status answer; empty if it is not one.
std::vector<std::string> events_in(const std::string& status);

/// Sum of harmSeconds over the groups of a /v1/groups answer; nullopt: it is not one.
std::optional<double> harm_in(const std::string& groups);

/// GET over TCP to the loopback. Errors: io.
Result<std::string> http_get(int port, const std::string& path);
/// GET over the control socket. Errors: io.
Result<std::string> http_get(const std::string& socket, const std::string& path);
/// POST with an empty body over the control socket. Errors: io.
Result<std::string> http_post(const std::string& socket, const std::string& path);

}  // namespace headroom::lab
