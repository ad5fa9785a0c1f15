#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "cgroups/fs/syscalls.hpp"
#include "cgroups/fs/tree.hpp"

namespace headroom {
namespace {

constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE;
constexpr int kRounds = 64;  ///< of 16 KiB: more than a full queue (fs.inotify.max_queued_events)

std::optional<WatchEvent::What> what_of(std::uint32_t mask) {
  using enum WatchEvent::What;
  // Files of a cgroup directory do not come and go one by one: only groups are of interest.
  if ((mask & IN_CREATE) != 0) return (mask & IN_ISDIR) != 0 ? std::optional(created) : std::nullopt;
  if ((mask & IN_DELETE) != 0) return (mask & IN_ISDIR) != 0 ? std::optional(removed) : std::nullopt;
  if ((mask & IN_MODIFY) != 0) return modified;
  if ((mask & IN_CLOSE_WRITE) != 0) return closed_write;
  return std::nullopt;
}

}  // namespace

struct Watcher::Impl {
  std::string root;
  fs::Fd queue;
  std::unordered_map<int, std::string> path_of;
  std::unordered_map<std::string, int> watch_of;

  std::string dir_of(const std::string& path) const { return path.empty() ? root : root + "/" + path; }

  void forget(int watch) {
    const auto found = path_of.find(watch);
    if (found == path_of.end()) return;
    const auto current = watch_of.find(found->second);
    if (current != watch_of.end() && current->second == watch) watch_of.erase(current);
    path_of.erase(found);
  }

  void translate(const inotify_event& event, const char* name, std::vector<WatchEvent>& out) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      out.push_back({WatchEvent::What::overflow, "", ""});
      return;
    }
    const auto found = path_of.find(event.wd);
    if (found == path_of.end()) return;  // of a watch that was removed while this was queued
    if (const auto what = what_of(event.mask)) out.push_back({*what, found->second, event.len > 0 ? name : ""});
    if ((event.mask & IN_IGNORED) != 0) forget(event.wd);
  }
};

Watcher::Watcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watcher::Watcher(Watcher&&) noexcept = default;
Watcher& Watcher::operator=(Watcher&&) noexcept = default;
Watcher::~Watcher() = default;

Result<Watcher> Watcher::create(const Hierarchy& where) {
  const long fd = fs::retry("inotify_init", where.cpu, "", [] { return ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC); });
  if (fd < 0) return fs::failure(static_cast<int>(-fd), "inotify (fs.inotify.max_user_instances)");
  auto impl = std::make_unique<Impl>();
  impl->root = where.cpu;
  impl->queue = fs::Fd(static_cast<int>(fd));
  return Watcher(std::move(impl));
}

Result<> Watcher::add(const std::string& path) {
  const std::string dir = impl_->dir_of(path);
  const long watch = fs::retry("inotify_add_watch", dir, "", [&] {
    return ::inotify_add_watch(impl_->queue.get(), dir.c_str(), kMask | IN_ONLYDIR | IN_DONT_FOLLOW);
  });
  if (watch == -ENOENT || watch == -ENODEV) return fail(Errc::gone, "/" + path, "the group was removed");
  if (watch == -ENOSPC) return fail(Errc::io, "/" + path, "no watch left (fs.inotify.max_user_watches)");
  if (watch < 0) return fs::failure(static_cast<int>(-watch), "/" + path);
  const int id = static_cast<int>(watch);
  if (const auto old = impl_->watch_of.find(path); old != impl_->watch_of.end() && old->second != id) remove(path);
  impl_->watch_of[path] = id;
  impl_->path_of[id] = path;
  return {};
}

void Watcher::remove(const std::string& path) {
  const auto found = impl_->watch_of.find(path);
  if (found == impl_->watch_of.end()) return;
  const int id = found->second;
  ::inotify_rm_watch(impl_->queue.get(), id);  // fails where the group took its watch with it
  impl_->forget(id);
}

int Watcher::fd() const { return impl_->queue.get(); }

Result<std::vector<WatchEvent>> Watcher::drain() {
  std::vector<WatchEvent> out;
  alignas(inotify_event) std::array<char, 16'384> buffer;
  // Bounded, so that somebody who writes without end cannot hold the loop here.
  for (int round = 0; round < kRounds; ++round) {
    const long got = fs::retry("inotify_read", impl_->root, "",
                               [&] { return ::read(impl_->queue.get(), buffer.data(), buffer.size()); });
    // What was read before an error is not lost to it: the next call meets the error again.
    if (got == -EAGAIN || got == 0 || (got < 0 && !out.empty())) return out;
    if (got < 0) return fs::failure(static_cast<int>(-got), "inotify");
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      impl_->translate(event, buffer.data() + at + sizeof event, out);
      at += sizeof event + event.len;
    }
  }
  return out;
}

}  // namespace headroom
