// Asks kubelet for the node's pods, on a thread of its own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "agent/log.hpp"
#include "agent/sources/ask_times.hpp"
#include "agent/sources/http_client.hpp"
#include "agent/sources/name_board.hpp"

namespace headroom {

class PodWatch {
 public:
  /// Begins at once. All of them outlive it.
  PodWatch(std::unique_ptr<HttpClient> client, std::string place, NameBoard& board, Log& log);
  ~PodWatch();
  PodWatch(const PodWatch&) = delete;
  PodWatch& operator=(const PodWatch&) = delete;

  /// Containers of pods that nobody has named. Any thread; waits for nobody.
  void strangers(const std::vector<Identity>& who);

 private:
  void work();
  void ask();
  Result<std::shared_ptr<const PodTable>> read();

  std::unique_ptr<HttpClient> client_;
  std::string place_;
  NameBoard& board_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  AskTimes times_;                 ///< under mutex_
  bool had_pods_ = false;          ///< the thread's own
  std::thread thread_;
};

}  // namespace headroom
