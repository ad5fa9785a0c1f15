// Tells when a configuration file may have changed: written, replaced, or swapped as a ConfigMap's mount is.
#pragma once

#include <sys/stat.h>

#include <map>
#include <set>
#include <string>

#include "cgroups/fs/syscalls.hpp"

namespace headroom {

/// Watches directories, because a watch on a file dies with the file that is replaced. Each link on the way to the file is
/// followed: a ConfigMap's mount has headroom.yaml -> ..data/headroom.yaml, ..data -> a directory of its own for every
/// version, and one rename of ..data swaps them all. Where there are no events (a subPath, a network), looks_changed() tells.
class ConfigWatch {
 public:
  explicit ConfigWatch(std::string file);

  int fd() const { return fd_.get(); }   ///< readable: take() may have something. -1: there is no inotify
  /// Takes what has happened. @return whether it concerns the file
  bool take();
  /// Whether the file is another than when it was last asked (or followed), and at rest for a second.
  bool looks_changed();
  /// The links may lead elsewhere by now. Before the file is read: what happens after it is an event.
  void follow();

 private:
  struct Look {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec written{};
    bool is(const Look& other) const;
  };
  Look look() const;
  void watch(const std::string& directory, const std::string& name);

  std::string file_;
  fs::Fd fd_;
  struct Watched {
    std::string directory;
    std::set<std::string> names;
  };
  std::map<int, Watched> watched_;
  Look seen_;
};

}  // namespace headroom
