// Reads the configuration again when it changes or somebody asks (SIGHUP), beside the loop: parsing must not make a tick late.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "agent/board.hpp"
#include "agent/config_watch.hpp"
#include "agent/loaded_config.hpp"
#include "agent/log.hpp"
#include "systemd/manager.hpp"

namespace headroom {

class ConfigKeeper {
 public:
  /// SIGHUP is blocked in every thread before. The configuration that is given is in force.
  /// @param options  outlives it
  ConfigKeeper(const Options& options, Loaded first, Board& board, Log& log, systemd::Manager& manager);
  ~ConfigKeeper();
  ConfigKeeper(const ConfigKeeper&) = delete;
  ConfigKeeper& operator=(const ConfigKeeper&) = delete;

  /// From now on a good configuration that differs is kept for the loop, which is sent Command::reload, and then told to
  /// `accepted`, on a thread of its own. A bad one is refused with every fault in the log: the last good one stays.
  void start(std::function<void(const Config&)> accepted);

  /// Nobody is told anything any more.
  void stop();

  // The loop's side.
  std::shared_ptr<const Loaded> in_force() const;
  /// nullptr: nothing newer
  std::shared_ptr<const Loaded> take();
  void took_up(std::shared_ptr<const Loaded> loaded);

  /// What people and metrics are told.
  ConfigReport report() const;

 private:
  enum class Asked { by_signal, by_change };
  void work();
  void reload(Asked asked);
  void refuse(const std::vector<Error>& faults, Asked asked);
  bool rest_a_moment() const;
  bool nothing_to_read() const;
  bool is_in_force() const;   ///< the last good one

  const Options& options_;
  Board& board_;
  Log& log_;
  systemd::Manager& manager_;
  std::function<void(const Config&)> accepted_;
  ConfigWatch watch_, koordinators_;
  fs::Fd stop_, signals_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Loaded> in_force_, next_;
  std::string last_good_;       ///< texts: in force, or soon
  ConfigReport report_;
  std::thread thread_;
};

}  // namespace headroom
