// Settings of a simulated node as files of a plain directory. The real sink, ledger and restore work on paths and cannot
// tell; pwrite() is this program's own (--wrap), so that every write meets the simulated kernel's rules, whoever makes it.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/kernel_source_own.hpp"
#include "cgroups/fs/tree.hpp"
#include "lab/sim/node.hpp"

namespace headroom::lab {

class Disk final : public GroupAccess {
 public:
  explicit Disk(sim::SimNode& node);
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk() override;

  const Hierarchy& where() const { return where_; }
  std::string run_dir() const { return dir_ + "/run"; }

  /// Directories come and go with the groups, files read as the kernel says. After everything that passes simulated time.
  void follow();

  /// The node's, with the directories' inodes, as a scan would have found them.
  const Catalog& catalog() const { return catalog_; }

  /// One text per file, in an order that stays.
  struct File {
    Slot slot = kNoSlot;
    sim::File file = sim::File::quota;
    auto operator<=>(const File&) const = default;
  };
  using Texts = std::map<File, std::string>;
  Texts texts() const;
  /// Whatever order the kernel's rules ask for. @return false: it will not have it
  bool put(const Texts& texts);

  /// nullopt: not one of these files. Else what pwrite() returns, with errno.
  std::optional<ssize_t> write(const struct stat& which, std::string_view text);
  static Disk* present();   ///< there is one at a time

  GroupFiles* files(Slot slot) override;
  std::optional<Bandwidth> last_bandwidth(Slot slot) const override;

 private:
  struct Open {
    int fd = -1;
    std::string text;
    std::pair<dev_t, ino_t> id;
  };
  struct Place {
    std::string dir;
    ino_t inode = 0;
    std::optional<GroupFiles> files;
  };
  void make(Slot slot);
  void remove(Slot slot);
  void show(const File& file, Open& open);
  std::vector<sim::File> kinds() const;

  sim::SimNode& node_;
  std::string dir_;
  Hierarchy where_;
  Catalog catalog_;
  std::map<Slot, Place> places_;
  std::map<File, Open> open_;
  std::map<std::pair<dev_t, ino_t>, File> by_id_;
};

}  // namespace headroom::lab
