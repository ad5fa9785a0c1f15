// What the service manager is told of the daemon (sd_notify): that it is ready, how it does, that it lives.
#pragma once

#include <mutex>
#include <string>

#include "cgroups/types/units.hpp"

namespace headroom::systemd {

struct Library;

/// Nobody is told anything where $NOTIFY_SOCKET is not set. Any thread.
class Manager {
 public:
  /// Reads $NOTIFY_SOCKET and $WATCHDOG_USEC. Errors: absent (somebody waits to be told, and there is no libsystemd).
  Manager();
  bool listens() const { return library_ != nullptr; }
  /// Empty: nothing is wrong.
  const std::string& trouble() const { return trouble_; }

  void ready();
  /// Until the next ready().
  void reloading();
  void stopping();
  /// One line for `systemctl status`; the same one again is not sent.
  void status(const std::string& line);
  /// The tick has ended: sent four times in $WATCHDOG_USEC at most.
  void lives(TimePoint now);

 private:
  void send(const std::string& message);

  const Library* library_ = nullptr;
  std::string trouble_;
  nanoseconds pause_{0};   ///< between two signs of life; 0: nobody waits for them
  std::mutex mutex_;
  std::string told_;       ///< last status
  TimePoint lived_;
};

}  // namespace headroom::systemd
