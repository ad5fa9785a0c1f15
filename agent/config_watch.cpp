#include "agent/config_watch.hpp"

#include <limits.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

namespace headroom {
namespace {

constexpr std::uint32_t kEvents = IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_ONLYDIR;
constexpr int kLinks = 40;   // as many as the kernel follows

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_in(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool is_link(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_symlink(std::filesystem::symlink_status(path, none));
}

}  // namespace

ConfigWatch::ConfigWatch(std::string file) : file_(std::move(file)), fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) { follow(); }

bool ConfigWatch::Look::is(const Look& other) const {
  return device == other.device && inode == other.inode && size == other.size && written.tv_sec == other.written.tv_sec &&
         written.tv_nsec == other.written.tv_nsec;
}

ConfigWatch::Look ConfigWatch::look() const {
  struct stat found {};
  if (stat(file_.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, found.st_mtim};
}

void ConfigWatch::watch(const std::string& directory, const std::string& name) {
  const int wd = inotify_add_watch(fd_.get(), directory.c_str(), kEvents);
  if (wd < 0) return;   // looks_changed() is left
  watched_[wd].directory = directory;
  watched_[wd].names.insert({name, "..data"});
}

void ConfigWatch::follow() {
  seen_ = look();
  std::string path = file_;
  for (int i = 0; i < kLinks; ++i) {
    watch(directory_of(path), name_in(path));
    std::array<char, PATH_MAX> target{};
    const ssize_t length = readlink(path.c_str(), target.data(), target.size());
    if (length <= 0) return;
    const std::string to(target.data(), static_cast<std::size_t>(length));
    path = to[0] == '/' ? to : directory_of(path) + "/" + to;
  }
}

bool ConfigWatch::take() {
  alignas(inotify_event) std::array<char, 16'384> buffer;
  bool concerns = false;
  for (ssize_t got = 0; (got = read(fd_.get(), buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string name = event.len > 0 ? buffer.data() + at + sizeof event : "";
      at += static_cast<ssize_t>(sizeof event + event.len);
      const auto found = watched_.find(event.wd);
      if ((event.mask & IN_Q_OVERFLOW) != 0) concerns = true;
      if (found == watched_.end()) continue;
      // A new file is not written yet, and an empty one would be a valid configuration: its close is what counts.
      const bool unwritten = (event.mask & IN_CREATE) != 0 && !is_link(found->second.directory + "/" + name);
      concerns = concerns || (found->second.names.contains(name) && !unwritten);
      if ((event.mask & IN_IGNORED) != 0) watched_.erase(found);
    }
  }
  return concerns;
}

bool ConfigWatch::looks_changed() {
  const Look now = look();
  timespec clock{};
  clock_gettime(CLOCK_REALTIME, &clock);
  const bool at_rest = clock.tv_sec > now.written.tv_sec + 1 || clock.tv_sec < now.written.tv_sec;
  if (now.is(seen_) || !at_rest) return false;
  seen_ = now;
  return true;
}

}  // namespace headroom
