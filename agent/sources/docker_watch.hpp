// Follows Docker's events, on a thread of its own.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "agent/log.hpp"
#include "agent/sources/http_client.hpp"
#include "agent/sources/name_board.hpp"

namespace headroom {

class DockerWatch {
 public:
  /// Begins at once. All of them outlive it.
  /// @param asks  for lists and inspections; follows: for the stream of events
  DockerWatch(std::unique_ptr<HttpClient> asks, std::unique_ptr<HttpClient> follows, NameBoard& board, Log& log);
  ~DockerWatch();
  DockerWatch(const DockerWatch&) = delete;
  DockerWatch& operator=(const DockerWatch&) = delete;

 private:
  void work();
  Result<> once();
  Result<> list();
  void event(std::string_view line);
  void publish(const std::unordered_set<std::string>& changed);
  bool rest(nanoseconds pause);

  std::unique_ptr<HttpClient> asks_, follows_;
  NameBoard& board_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  // The thread's own:
  std::map<std::string, DockerContainer> containers_;
  std::int64_t last_event_ = 0;    ///< ns since the epoch
  bool answered_ = false;          ///< since the last failure
  std::thread thread_;
};

}  // namespace headroom
