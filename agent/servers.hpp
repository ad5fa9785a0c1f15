// Metrics and health on TCP, state and control on the UNIX socket. A server that cannot listen is no reason to leave the
// node's cgroups alone.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "agent/board.hpp"
#include "agent/config_keeper.hpp"
#include "agent/http_server.hpp"
#include "agent/log.hpp"
#include "agent/recorder.hpp"

namespace headroom {

class Servers {
 public:
  /// All of them outlive it.
  Servers(Board& board, const ConfigKeeper& configs, Recorder& recorder, Log& log)
      : board_(board), configs_(configs), recorder_(recorder), log_(log) {}

  /// @param state_dir  empty: no control socket
  void control(const std::string& state_dir);
  /// Metrics there and nowhere else. What cannot be listened on changes nothing. Any thread.
  void listen(const std::string& address);

 private:
  Board& board_;
  const ConfigKeeper& configs_;
  Recorder& recorder_;
  Log& log_;
  std::mutex mutex_;
  std::string listening_;
  std::optional<HttpServer> metrics_, control_;
};

}  // namespace headroom
