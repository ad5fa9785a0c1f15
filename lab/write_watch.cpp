#include "lab/write_watch.hpp"

#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include <utility>

#include "cgroups/fs/syscalls.hpp"
#include "lab/work.hpp"

namespace headroom::lab {

WriteWatch::WriteWatch(Watcher watcher, Hierarchy where) : watcher_(std::move(watcher)), where_(std::move(where)) {}

Result<std::unique_ptr<WriteWatch>> WriteWatch::start(const Hierarchy& where, const std::vector<std::string>& groups) {
  auto watcher = Watcher::create(where);
  if (!watcher) return tl::unexpected(watcher.error());
  std::unique_ptr<WriteWatch> out(new WriteWatch(std::move(*watcher), where));
  for (const auto& group : groups) {
    if (auto ok = out->add(group); !ok) return tl::unexpected(ok.error());
  }
  out->thread_ = std::thread([watch = out.get()] { watch->run(); });
  return out;
}

WriteWatch::~WriteWatch() {
  quit_ = true;
  if (thread_.joinable()) thread_.join();
}

Result<> WriteWatch::add(const std::string& group) {
  const std::lock_guard lock(mutex_);
  return watcher_.add(group);
}

std::vector<SeenWrite> WriteWatch::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void WriteWatch::run() {
  const sched_param priority{1};
  pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);   // refused in some containers: then without
  while (!quit_) {
    pollfd wait{watcher_.fd(), POLLIN, 0};
    if (poll(&wait, 1, 50) <= 0) continue;
    const std::lock_guard lock(mutex_);
    const auto events = watcher_.drain();
    const auto now = monotonic_ns();
    if (!events) continue;
    for (const auto& event : *events) {
      if (event.what != WatchEvent::What::modified) continue;
      const auto text = fs::read_once(where_.cpu + "/" + event.path, event.name.c_str());
      seen_.push_back({now, event.path, event.name, std::string(fs::trimmed(text.value_or("")))});
    }
  }
}

}  // namespace headroom::lab
