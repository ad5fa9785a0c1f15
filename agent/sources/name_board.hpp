// Where the sources' threads and the loop meet: who is who one way, strangers the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "cgroups/types/sample.hpp"
#include "systemd/units.hpp"
#include "workloads/known.hpp"

namespace headroom {

/// Somebody wrote to a unit's file: is what it holds now the unit's own value?
struct UnitQuestion {
  std::string unit;
  FileEvent event;
  std::string path;                        ///< of the group
  std::optional<Bandwidth> bandwidth;      ///< its owner's, after the write
  std::optional<Shares> shares;
};
struct UnitAnswer {
  UnitQuestion question;
  std::optional<systemd::UnitCpu> cpu;     ///< nullopt: nobody could be asked, or the group is no unit of his
};

/// News for the loop.
struct NameUpdate {
  KnownWorld world;
  std::unordered_set<std::string> changed;   ///< pods by UID, Docker containers by ID
  std::vector<UnitAnswer> units;
};

struct SourceView {
  std::string name;              ///< "kubelet", "docker", "systemd"
  bool up = false, seen = false; ///< seen: it has answered before
  std::uint64_t reconnects = 0;  ///< times it answered again after it had not
  std::string trouble;           ///< why it is not up; a sentence
};

class NameBoard {
 public:
  NameBoard();
  ~NameBoard();
  NameBoard(const NameBoard&) = delete;
  NameBoard& operator=(const NameBoard&) = delete;

  // The sources' side.
  /// One thread publishes pods. @return those that are other than before, or gone
  std::unordered_set<std::string> publish(std::shared_ptr<const PodTable> pods);
  void publish(std::shared_ptr<const DockerTable> docker, const std::unordered_set<std::string>& changed);
  void publish(UnitAnswer answer);
  /// The system's manager puts its units' own values back; until then what it writes is nothing new.
  void reloads_until(TimePoint until) { reloads_until_.store(until.time_since_epoch().count(), std::memory_order_relaxed); }
  /// How a source does; each by its own name.
  void answered(const std::string& source);
  /// @return whether that is news
  bool failed(const std::string& source, const std::string& trouble);
  void forget(const std::string& source);

  // The loop's side.
  int fd() const { return fd_; }             ///< readable while there is news
  /// Empty `changed` and `units`: nothing is new.
  NameUpdate take();
  bool reloading(TimePoint now) const { return now.time_since_epoch().count() < reloads_until_.load(std::memory_order_relaxed); }

  // Anybody's.
  std::vector<SourceView> sources() const;

 private:
  void wake();
  SourceView& view(const std::string& source);

  int fd_ = -1;
  std::atomic<std::int64_t> reloads_until_{0};
  mutable std::mutex mutex_;
  NameUpdate pending_;
  std::vector<SourceView> sources_;
};

}  // namespace headroom
