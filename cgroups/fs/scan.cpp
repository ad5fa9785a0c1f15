#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>

#include "cgroups/fs/syscalls.hpp"
#include "cgroups/fs/tree.hpp"

namespace headroom {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

/// Appends the groups directly below `parent`. readdir's inode is stat's on kernfs, which saves a stat a group.
Result<> list(const std::string& root, const std::string& parent, std::vector<FoundGroup>& out) {
  const std::string dir = parent.empty() ? root : root + "/" + parent;
  auto opened = fs::open_file(dir, "", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!opened) return tl::unexpected(opened.error());
  const std::unique_ptr<DIR, CloseDir> entries(::fdopendir(opened->get()));
  if (!entries) return fs::failure(errno, dir);
  opened->release();
  while (true) {
    const dirent* entry = nullptr;
    const long got = fs::retry("readdir", dir, "", [&] {
      errno = 0;
      entry = ::readdir(entries.get());
      return entry || errno == 0 ? 0L : -1L;
    });
    if (got < 0) return fs::failure(static_cast<int>(-got), dir);
    if (!entry) return {};
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    out.push_back({parent.empty() ? std::string(name) : parent + "/" + std::string(name), entry->d_ino});
  }
}

/// What costs a scan: no fds or no memory. A group that vanished, or that nests deeper than a path may be, does not.
bool costs_the_scan(const Error& error) { return error.code == Errc::io && error.detail != fs::message(ENAMETOOLONG); }

}  // namespace

Result<std::vector<FoundGroup>> scan(const Hierarchy& where, bool (*descend)(const std::string& path)) {
  struct stat info {};
  const long got = fs::retry("stat", where.cpu, "", [&] { return ::stat(where.cpu.c_str(), &info); });
  if (got < 0) return fs::failure(static_cast<int>(-got), where.cpu);
  std::vector<FoundGroup> found{{"", info.st_ino}};
  for (std::size_t next = 0; next < found.size(); ++next) {
    const std::string path = found[next].path;
    if (!path.empty() && descend && !descend(path)) continue;
    const auto listed = list(where.cpu, path, found);
    if (!listed && (path.empty() || costs_the_scan(listed.error()))) return tl::unexpected(listed.error());
  }
  return found;
}

}  // namespace headroom
