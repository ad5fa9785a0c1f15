#include "agent/sources/unit_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "agent/clock.hpp"

namespace headroom {
namespace {

constexpr const char* kName = "systemd";
constexpr milliseconds kFirstPause{200}, kLongestPause{5'000}, kForever{-1};
/// systemd writes after it has said that it is done.
constexpr seconds kAfterReload{2}, kLongestReload{90};

}  // namespace

UnitWatch::UnitWatch(std::string address, NameBoard& board, Log& log)
    : address_(std::move(address)), board_(board), log_(log), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this] { work(); }) {}

UnitWatch::~UnitWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof one);
  thread_.join();
  board_.reloads_until(TimePoint{});
  answer(nullptr);
  close(wake_);
}

void UnitWatch::ask(std::vector<UnitQuestion> questions) {
  {
    const std::lock_guard lock(mutex_);
    questions_.insert(questions_.end(), std::make_move_iterator(questions.begin()), std::make_move_iterator(questions.end()));
  }
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof one);   // it is readable already where this fails
}

/// False: it is to stop.
bool UnitWatch::wait(int bus_fd, short bus_events, milliseconds pause) {
  pollfd fds[2] = {{wake_, POLLIN, 0}, {bus_fd, bus_events, 0}};
  poll(fds, 2, static_cast<int>(pause.count()));
  std::uint64_t count = 0;
  (void)!read(wake_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return !stopping_;
}

/// @param bus  nullptr: nobody can be asked
void UnitWatch::answer(systemd::UnitBus* bus) {
  std::vector<UnitQuestion> questions;
  {
    const std::lock_guard lock(mutex_);
    questions = std::exchange(questions_, {});
  }
  for (UnitQuestion& question : questions) {
    const auto cpu = bus == nullptr ? Result<systemd::UnitCpu>(fail(Errc::absent, kName, "")) : bus->cpu_of(question.unit);
    const bool his = cpu && systemd::is_group_of(*cpu, question.path);
    board_.publish(UnitAnswer{std::move(question), his ? std::optional(*cpu) : std::nullopt});
  }
}

void UnitWatch::reloading(bool active) {
  board_.reloads_until(monotonic_now() + (active ? kLongestReload : kAfterReload));
  log_.debug(kName, active ? "reloads its units" : "has reloaded its units");
}

/// Until the connection ends or somebody ends us.
Result<> UnitWatch::serve(systemd::UnitBus& bus) {
  do {
    if (auto taken = bus.process(); !taken) return taken;
    answer(&bus);
    if (auto taken = bus.process(); !taken) return taken;   // what came while it was asked
  } while (wait(bus.fd(), bus.events(), kForever));
  return {};
}

void UnitWatch::work() {
  milliseconds pause = kFirstPause;
  do {
    auto bus = systemd::UnitBus::connect(address_, [this](bool active) { reloading(active); });
    Result<> ended = bus ? Result<>{} : Result<>(tl::unexpected(bus.error()));
    if (bus) {
      board_.answered(kName);
      pause = kFirstPause;
      ended = serve(**bus);
      if (ended) return;
    }
    if (board_.failed(kName, ended.error().detail)) log_.warn(kName, ended.error().detail);
    answer(nullptr);
    pause = std::min(2 * pause, kLongestPause);
  } while (wait(-1, 0, pause));
}

}  // namespace headroom
