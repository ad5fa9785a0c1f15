#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "cgroups/ledger/layout.hpp"

namespace headroom::ledger {
namespace {

enum class Done { already, restored, foreign, gone, failed };

const char* name_of(File file, bool v2) {
  switch (file) {
    case File::quota:
      return v2 ? "cpu.max" : "cpu.cfs_quota_us";
    case File::period:
      return v2 ? "cpu.max" : "cpu.cfs_period_us";
    case File::burst:
      return v2 ? "cpu.max.burst" : "cpu.cfs_burst_us";
    case File::shares:
      return v2 ? "cpu.weight" : "cpu.shares";
  }
  return "";
}

/// Lowering order as a number (KERNEL 3, 5): bursts; then quotas, each with its period, deepest groups first; shares.
std::uint64_t order_of(const Copy& row, std::uint32_t index) {
  std::uint64_t phase = 1;
  if (row.file == File::burst) phase = 0;
  if (row.file == File::shares) phase = 2;
  std::uint64_t depth = 0;
  for (const char* c = row.path; *c != '\0'; ++c) depth += *c == '/' ? 1 : 0;
  return phase << 56 | (kMaxPath - depth) << 40 | static_cast<std::uint64_t>(row.file) << 32 | index;
}

void trim(char* text) {
  std::size_t n = std::strlen(text), start = 0;
  while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' ' || text[n - 1] == '\t')) text[--n] = '\0';
  while (text[start] == ' ' || text[start] == '\t') ++start;
  std::memmove(text, text + start, n - start + 1);
}

/// The group's directory if it is the one that the row is about, else -1.
int open_group(const Copy& row) {
  const int dir = ::open(row.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return -1;
  struct stat st {};
  if (::fstat(dir, &st) == 0 && st.st_ino == row.inode) return dir;
  ::close(dir);
  return -1;
}

bool is_ours(const Copy& row, const char* now) {
  for (std::size_t i = 0; i < row.count; ++i)
    if (std::strcmp(row.values[i], now) == 0) return true;
  return false;
}

bool means_gone(int error) { return error == ENODEV || error == ENOENT; }

Done put_back_in(int fd, const Copy& row) {
  char now[128];
  const ssize_t n = ::pread(fd, now, sizeof now - 1, 0);
  if (n < 0) return means_gone(errno) ? Done::gone : Done::failed;
  now[n] = '\0';
  trim(now);
  if (std::strcmp(now, row.original) == 0) return Done::already;
  if (!is_ours(row, now)) return Done::foreign;
  const std::size_t length = std::strlen(row.original);
  if (::pwrite(fd, row.original, length, 0) == static_cast<ssize_t>(length)) return Done::restored;
  return means_gone(errno) ? Done::gone : Done::failed;
}

Done put_back(const Copy& row, bool v2) {
  const int dir = open_group(row);
  if (dir < 0) return Done::gone;
  const int fd = ::openat(dir, name_of(row.file, v2), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  const int why = errno;
  ::close(dir);
  if (fd < 0) return means_gone(why) ? Done::gone : Done::failed;
  const Done done = put_back_in(fd, row);
  const int error = errno;
  ::close(fd);
  errno = error;
  return done;
}

void count(RestoreResult& result, Done done) {
  switch (done) {
    case Done::already:
      return;
    case Done::restored:
      ++result.restored;
      return;
    case Done::foreign:
      ++result.foreign;
      return;
    case Done::gone:
      ++result.gone;
      return;
    case Done::failed:
      ++result.failed;
      return;
  }
}

struct Pass {
  Image& image;
  After after;
  bool v2;
  RestoreResult result;

  Done visit(std::uint32_t index) {
    Copy row;
    if (!copy_row(image, index, row)) return Done::already;
    const Done done = put_back(row, v2);
    if (done != Done::failed && after == After::clear) image.rows[index].life.store(0, std::memory_order_release);
    return done;
  }
  void complain(std::uint32_t index) const {
    const int error = errno;
    Copy row;
    if (!copy_row(image, index, row)) return;
    ::dprintf(STDERR_FILENO, "headroom: %s/%s cannot be put back to '%s': %s\n", row.path, name_of(row.file, v2),
              row.original, std::strerror(error));
  }
};

/// What goes up (a pod's quota before its container's, a burst after its quota) is refused at first and accepted now. And a
/// container that has just been removed holds its pod's quota up for 32 ms more, at most 48 (measured, v1).
/// @return how many are left; they have been complained of
std::uint32_t try_again(Pass& pass, std::uint64_t* order, std::size_t refused) {
  constexpr int kTries = 40;
  constexpr timespec kPause{0, 5'000'000};
  bool worth_it = true;
  for (int i = 0; i < kTries && refused > 0 && worth_it; ++i) {
    if (i > 0) ::nanosleep(&kPause, nullptr);
    std::size_t left = 0;
    worth_it = false;
    for (std::size_t n = 0; n < refused; ++n) {
      const Done done = pass.visit(static_cast<std::uint32_t>(order[n]));
      if (done == Done::failed) order[left++] = order[n], worth_it = worth_it || errno == EINVAL;
      else count(pass.result, done);
    }
    refused = left;
  }
  for (std::size_t n = 0; n < refused; ++n) {
    const auto index = static_cast<std::uint32_t>(order[n]);
    const Done done = pass.visit(index);   // once more, so that errno tells of it
    count(pass.result, done);
    if (done == Done::failed) pass.complain(index);
    else order[n] = order[--refused], --n;
  }
  return static_cast<std::uint32_t>(refused);
}

}  // namespace

RestoreResult restore_image(Image& image, After after) {
  std::uint64_t order[kMaxFiles];  // 32 KiB of stack: nothing is allocated on the way to a restore
  std::size_t n = 0, refused = 0;
  Header& header = image.header;
  const std::uint32_t high = std::min<std::uint32_t>(header.high.load(std::memory_order_acquire), kMaxFiles);
  Copy row;
  for (std::uint32_t i = 0; i < high; ++i)
    if (copy_row(image, i, row)) order[n++] = order_of(row, i);
  std::sort(order, order + n);
  Pass pass{image, after, header.v2.load() != 0, {}};
  for (std::size_t i = 0; i < n; ++i) {
    const Done done = pass.visit(static_cast<std::uint32_t>(order[i]));
    if (done == Done::failed)
      order[refused++] = order[i];
    else
      count(pass.result, done);
  }
  std::reverse(order, order + refused);
  const std::uint32_t kept = try_again(pass, order, refused);
  if (after == After::clear) {
    header.live.store(kept);
    header.epoch.fetch_add(1, std::memory_order_release);
  }
  return pass.result;
}

RestoreResult restore(const char* run_dir, bool clear) {
  Image* image = nullptr;
  const Status found = map_image(run_dir, Missing::fail, image);
  if (found == Status::other_boot || found == Status::corrupt) map_image(run_dir, Missing::create, image);
  if (image == nullptr) return {};
  const RestoreResult result = restore_image(*image, clear ? After::clear : After::keep);
  unmap_image(image);
  return result;
}

}  // namespace headroom::ledger
