// Where the sources' threads and the loop meet: who is who one way, strangers the other.
#pragma once

#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "workloads/known.hpp"

namespace headroom {

/// News for the loop.
struct NameUpdate {
  KnownWorld world;
  std::unordered_set<std::string> changed;   ///< pods by UID, Docker containers by ID
};

struct SourceView {
  std::string name;              ///< "kubelet", "docker"
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
  /// How a source does; each by its own name.
  void answered(const std::string& source);
  /// @return whether that is news
  bool failed(const std::string& source, const std::string& trouble);
  void forget(const std::string& source);

  // The loop's side.
  int fd() const { return fd_; }             ///< readable while there is news
  /// Empty `changed`: nothing is new.
  NameUpdate take();

  // Anybody's.
  std::vector<SourceView> sources() const;

 private:
  void wake();
  SourceView& view(const std::string& source);

  int fd_ = -1;
  mutable std::mutex mutex_;
  NameUpdate pending_;
  std::vector<SourceView> sources_;
};

}  // namespace headroom
