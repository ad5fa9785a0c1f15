#include "systemd/manager.hpp"

#include <cstdlib>

#include "systemd/library.hpp"

namespace headroom::systemd {
namespace {

constexpr int kSignsOfLife = 4;   // in the time after which the watchdog bites

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Manager::Manager() {
  if (environment("NOTIFY_SOCKET").empty()) return;
  const auto loaded = library();
  if (!loaded) {
    trouble_ = loaded.error().detail;
    return;
  }
  library_ = *loaded;
  pause_ = microseconds{std::strtoll(environment("WATCHDOG_USEC").c_str(), nullptr, 10)} / kSignsOfLife;
}

void Manager::send(const std::string& message) {
  if (library_ != nullptr) library_->notify(0, message.c_str());   // nobody to tell that it could not be told
}

void Manager::ready() { send("READY=1"); }
void Manager::reloading() { send("RELOADING=1"); }
void Manager::stopping() { send("STOPPING=1"); }

void Manager::status(const std::string& line) {
  {
    const std::lock_guard lock(mutex_);
    if (told_ == line) return;
    told_ = line;
  }
  send("STATUS=" + line);
}

void Manager::lives(TimePoint now) {
  if (pause_ <= nanoseconds{0} || now - lived_ < pause_) return;
  lived_ = now;
  send("WATCHDOG=1");
}

}  // namespace headroom::systemd
