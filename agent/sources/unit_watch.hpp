// Asks the system's manager about its units, and hears when it puts their own values back; on a thread of its own.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/log.hpp"
#include "agent/sources/name_board.hpp"
#include "systemd/units.hpp"

namespace headroom {

class UnitWatch {
 public:
  /// Begins at once. board and log outlive it.
  UnitWatch(std::string address, NameBoard& board, Log& log);
  ~UnitWatch();
  UnitWatch(const UnitWatch&) = delete;
  UnitWatch& operator=(const UnitWatch&) = delete;

  /// What a unit's own values are. Every question is answered on the board, at the latest when nobody can be asked.
  void ask(std::vector<UnitQuestion> questions);

 private:
  void work();
  Result<> serve(systemd::UnitBus& bus);
  bool wait(int bus_fd, short bus_events, milliseconds pause);
  void answer(systemd::UnitBus* bus);
  void reloading(bool active);

  std::string address_;
  NameBoard& board_;
  Log& log_;
  int wake_ = -1;
  std::mutex mutex_;
  bool stopping_ = false;
  std::vector<UnitQuestion> questions_;
  std::thread thread_;
};

}  // namespace headroom
