// Containers that come and go all the time, at Kubernetes paths, each with a process, in runc's order of writes (KERNEL 17).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/types/result.hpp"
#include "cgroups/types/units.hpp"

namespace headroom::lab {

struct ChurnParams {
  double per_second = 50;        ///< starts; 0: none
  milliseconds life{1000};       ///< of a container, from its attach on
  int steady = 4;                ///< pods that stay and burst, so that something is lent with and without churn
};

struct ChurnCounts {
  std::uint64_t started = 0;
  std::uint64_t failed = 0;      ///< a directory or a value was refused
  std::uint64_t missed = 0;      ///< starts that were left out because the generator was behind
};

/// One group below the cpu root of which everything happens. One thread; no system call waits for another container:
/// the process of each attaches itself, which takes the kernel 9 ms and more (KERNEL 17).
class Churn {
 public:
  Churn(const Hierarchy& where, std::string root, const ChurnParams& params);
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;
  ~Churn();

  /// Makes, or finds, <root>/kubepods/burstable in every hierarchy, and the steady pods. Errors: denied, io.
  Result<> prepare(TimePoint now);
  /// Does what is due. @return when something is due next
  TimePoint step(TimePoint now);
  const ChurnCounts& counts() const { return counts_; }
  /// In the cpu hierarchy: --cgroup-root of the daemon.
  std::string root_dir() const { return where_.cpu + "/" + root_; }

 private:
  enum class Stage { container, shares, quota, kill, reap, remove };
  struct Life {
    std::string pod, container;   ///< below the mounts
    pid_t pid = -1;
    std::uint64_t number = 0;
    Stage next = Stage::container;
    TimePoint due, attached;
  };

  std::string in(const std::string& mount, const std::string& path) const { return mount + "/" + path; }
  bool make(const std::string& path) const;
  bool remove(const std::string& path) const;
  bool write(const std::string& path, const char* v1, const char* v2, const std::string& text) const;
  bool write_shares(const std::string& path, std::uint64_t shares) const;
  bool write_quota(const std::string& path, microseconds quota) const;
  pid_t start_process(const std::string& path, milliseconds busy, milliseconds pause) const;
  Life new_life(std::uint64_t number) const;
  void begin(TimePoint now);
  void advance(Life& life, TimePoint now);
  bool over(const Life& life) const { return life.container.empty(); }
  void count(bool done) { counts_.failed += done ? 0 : 1; }

  Hierarchy where_;
  std::string root_;
  ChurnParams params_;
  std::vector<std::string> mounts_;
  std::vector<Life> lives_, steady_;
  TimePoint next_start_;
  std::uint64_t next_number_ = 1;
  ChurnCounts counts_;
};

/// Removes a root with all that is in it, killing what runs there.
void remove_churn_root(const Hierarchy& where, const std::string& root);

}  // namespace headroom::lab
