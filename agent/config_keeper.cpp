#include "agent/config_keeper.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <ctime>
#include <exception>
#include <utility>

namespace headroom {
namespace {

constexpr int kMoment = 100;        // ms in which the parts of one change come together
constexpr int kLookAgain = 10'000;  // ms, for what sends no events
constexpr std::size_t kFaultsTold = 20;

int open_hangups() {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  return signalfd(-1, &hangup, SFD_CLOEXEC | SFD_NONBLOCK);
}

std::string texts_of(const Loaded& loaded) { return loaded.text + loaded.koordinators; }

std::string line_of(const Error& fault) { return fault.where + ": " + fault.detail; }

}  // namespace

ConfigKeeper::ConfigKeeper(const Options& options, Loaded first, Board& board, Log& log, systemd::Manager& manager)
    : options_(options), board_(board), log_(log), manager_(manager), watch_(options.config), koordinators_(options.koordinator_config), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      signals_(open_hangups()), in_force_(std::make_shared<const Loaded>(std::move(first))), last_good_(texts_of(*in_force_)) {
  report_.file = options.config;
  report_.hash = hash_of(last_good_);
  report_.generation = 1;
  report_.last_success = static_cast<double>(std::time(nullptr));
}

ConfigKeeper::~ConfigKeeper() { stop(); }

void ConfigKeeper::stop() {
  const std::uint64_t one = 1;
  if (write(stop_.get(), &one, sizeof one) < 0) return;   // cannot be: the counter is at 0
  if (thread_.joinable()) thread_.join();
}

void ConfigKeeper::start(std::function<void(const Config&)> accepted) {
  accepted_ = std::move(accepted);
  thread_ = std::thread([this] { work(); });
}

std::shared_ptr<const Loaded> ConfigKeeper::in_force() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}

std::shared_ptr<const Loaded> ConfigKeeper::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(next_, nullptr);
}

bool ConfigKeeper::is_in_force() const {
  const std::lock_guard lock(mutex_);
  return texts_of(*in_force_) == last_good_;
}

void ConfigKeeper::took_up(std::shared_ptr<const Loaded> loaded) {
  const std::lock_guard lock(mutex_);
  in_force_ = std::move(loaded);
  report_.hash = hash_of(texts_of(*in_force_));
  ++report_.generation;
  ++report_.reloads_ok;
  report_.last_success = static_cast<double>(std::time(nullptr));
  manager_.ready();
}

ConfigReport ConfigKeeper::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

/// False: it is to stop.
bool ConfigKeeper::rest_a_moment() const {
  pollfd stop{stop_.get(), POLLIN, 0};
  return poll(&stop, 1, kMoment) == 0;
}

bool ConfigKeeper::nothing_to_read() const { return options_.config.empty() && options_.koordinator_config.empty(); }

void ConfigKeeper::work() {
  for (;;) {
    pollfd fds[4] = {{stop_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}, {watch_.fd(), POLLIN, 0}, {koordinators_.fd(), POLLIN, 0}};
    const int woken = poll(fds, 4, kLookAgain);
    if (fds[0].revents != 0) return;
    signalfd_siginfo info{};
    const bool asked = read(signals_.get(), &info, sizeof info) == sizeof info;
    bool changed = (fds[2].revents != 0 && watch_.take()) || (fds[3].revents != 0 && koordinators_.take());
    if (changed && !rest_a_moment()) return;
    changed = changed || (woken == 0 && (watch_.looks_changed() || koordinators_.looks_changed()));
    if (!asked && (!changed || nothing_to_read())) continue;
    for (ConfigWatch* watch : {&watch_, &koordinators_}) {
      (void)watch->take();
      watch->follow();
    }
    manager_.reloading();
    try {
      reload(asked ? Asked::by_signal : Asked::by_change);
    } catch (const std::exception& e) {   // out of memory, or a library's: the last good one stays
      refuse({Error{Errc::io, options_.config, e.what()}}, Asked::by_signal);
    }
    if (is_in_force()) manager_.ready();   // else when the loop has taken it up
  }
}

void ConfigKeeper::reload(Asked asked) {
  if (nothing_to_read()) return log_.info("config", "started without --config: there is nothing to read again");
  auto loaded = load_config(options_);
  if (!loaded) return refuse(loaded.error(), asked);
  const bool same = texts_of(*loaded) == last_good_;
  bool was_refused = false;
  {
    const std::lock_guard lock(mutex_);
    was_refused = !std::exchange(report_.faults, {}).empty();
    if (same && (was_refused || asked == Asked::by_signal)) {
      ++report_.reloads_ok;
      report_.last_success = static_cast<double>(std::time(nullptr));
    }
  }
  if (same) {
    if (was_refused || asked == Asked::by_signal) log_.info("config", "read again: it is the one in force", {{"file", options_.config}});
    if (asked == Asked::by_signal) board_.send(Command::reload);   // a mode that could not be had is tried again
    return;
  }
  for (const std::string& warning : loaded->config.warnings) log_.warn("config", warning);
  last_good_ = texts_of(*loaded);
  const auto next = std::make_shared<const Loaded>(std::move(*loaded));
  {
    const std::lock_guard lock(mutex_);
    next_ = next;
  }
  board_.send(Command::reload);
  accepted_(next->config);
}

void ConfigKeeper::refuse(const std::vector<Error>& faults, Asked asked) {
  std::vector<std::string> lines;
  for (const Error& fault : faults) lines.push_back(line_of(fault));
  if (lines.size() > kFaultsTold) {
    const auto more = lines.size() - kFaultsTold;
    lines.resize(kFaultsTold);
    lines.push_back(fmt::format("and {} more: headroomd --check-config {}", more, options_.config));
  }
  {
    const std::lock_guard lock(mutex_);
    if (asked == Asked::by_change && lines == report_.faults) return;   // one change can be several events
    report_.faults = lines;
    ++report_.reloads_failed;
  }
  log_.error("config", fmt::format("refused, the last good one stays in force: {} fault{}", faults.size(), faults.size() == 1 ? "" : "s"),
             {{"file", options_.config}});
  for (const std::string& line : lines) log_.error("config", line);
}

}  // namespace headroom
