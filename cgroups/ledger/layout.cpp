#include "cgroups/ledger/layout.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

namespace headroom::ledger {
namespace {

constexpr std::size_t kPath = 4096;

bool join(char (&out)[kPath], const char* run_dir, const char* name) {
  const int n = std::snprintf(out, kPath, "%s/%s", run_dir, name);
  if (n > 0 && static_cast<std::size_t>(n) < kPath) return true;
  errno = ENAMETOOLONG;
  return false;
}

bool read_boot_id(char (&out)[40]) {
  std::memset(out, 0, sizeof out);
  const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t n = ::read(fd, out, sizeof out - 1);
  ::close(fd);
  if (n < 36) return false;
  out[36] = '\0';
  return true;
}

/// A complete file under another name, then renamed: nobody ever maps a half of it.
/// @param rows  whose rows it has; nullptr: none
bool put(const char* run_dir, const Header& header, const Image* rows) {
  char fresh[kPath], path[kPath];
  if (!join(fresh, run_dir, "ledger.new") || !join(path, run_dir, "ledger")) return false;
  ::unlink(fresh);
  const int fd = ::open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const int refused = ::posix_fallocate(fd, 0, sizeof(Image));
  const auto write = [fd](const void* from, std::size_t n) { return ::pwrite(fd, from, n, 0) == static_cast<ssize_t>(n); };
  bool ok = refused == 0 && (rows == nullptr || write(rows, sizeof(Image))) && write(&header, sizeof header);
  int why = refused != 0 ? refused : errno;
  ::close(fd);
  if (ok && ::rename(fresh, path) != 0) {
    ok = false;
    why = errno;
  }
  if (!ok) ::unlink(fresh);
  errno = why;
  return ok;
}

/// The guard waits for the end of the one thread that writes: wait_for_end_of_writer().
void make_writing(pthread_mutex_t& writing) {
  pthread_mutexattr_t kind;
  ::pthread_mutexattr_init(&kind);
  ::pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutex_init(&writing, &kind);
  ::pthread_mutexattr_destroy(&kind);
}

bool create(const char* run_dir, const char* boot_id) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.size = sizeof(Image);
  std::memcpy(header.boot_id, boot_id, sizeof header.boot_id);
  header.next_life = 1;
  make_writing(header.writing);
  return put(run_dir, header, nullptr);
}

Status judge(int fd, const char* boot_id, Header& header) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return Status::io;
  if (::pread(fd, static_cast<void*>(&header), sizeof header, 0) != static_cast<ssize_t>(sizeof header))
    return Status::corrupt;
  header.boot_id[sizeof header.boot_id - 1] = '\0';
  const bool ours = std::memcmp(header.magic, kMagic, sizeof kMagic) == 0 && header.version == kVersion &&
                    header.size == sizeof(Image) && st.st_size == static_cast<off_t>(sizeof(Image));
  if (!ours) return Status::corrupt;
  return std::strcmp(header.boot_id, boot_id) == 0 ? Status::ok : Status::other_boot;
}

bool set_aside(const char* run_dir, Status why, const char* old_boot) {
  char name[64], from[kPath], to[kPath];
  for (const char* c = old_boot; why == Status::other_boot && *c != '\0'; ++c)
    if (*c == '/') why = Status::corrupt;
  std::snprintf(name, sizeof name, "ledger.%s", why == Status::other_boot ? old_boot : "corrupt");
  return join(from, run_dir, "ledger") && join(to, run_dir, name) && ::rename(from, to) == 0;
}

/// The C library takes a mutex of another kind at its word, and one of the kernel's kinds ends the process. Its kind is the
/// one part of it that has no public name.
bool is_sound(const pthread_mutex_t& mutex) {
  pthread_mutex_t fresh{};
  make_writing(fresh);
  return mutex.__data.__kind == fresh.__data.__kind;
}

}  // namespace

Status map_image(const char* run_dir, Missing missing, Image*& image) {
  image = nullptr;
  char boot_id[40], path[kPath];
  if (!read_boot_id(boot_id) || !join(path, run_dir, "ledger")) return Status::io;
  Status found = Status::ok;
  int fd = -1;
  for (int attempt = 0; attempt < 2 && fd < 0; ++attempt) {
    fd = ::open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno != ENOENT || missing == Missing::fail || !create(run_dir, boot_id))) return Status::io;
    if (fd < 0) continue;
    Header header{};
    const Status status = judge(fd, boot_id, header);
    if (status == Status::ok) break;
    ::close(fd);
    fd = -1;
    if (status == Status::io || missing == Missing::fail) return status;
    if (!set_aside(run_dir, status, header.boot_id) || !create(run_dir, boot_id)) return Status::io;
    found = status;
  }
  if (fd < 0) fd = ::open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return Status::io;
  void* const at = ::mmap(nullptr, sizeof(Image), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const int why = errno;
  ::close(fd);
  errno = why;
  if (at == MAP_FAILED) return Status::io;
  image = static_cast<Image*>(at);
  return found;
}

void unmap_image(Image* image) {
  if (image != nullptr) ::munmap(static_cast<void*>(image), sizeof(Image));
}

void shed_image(Image* image) { ::madvise(static_cast<void*>(image), sizeof(Image), MADV_DONTNEED); }

bool begin_writing(Header& header) {
  if (!is_sound(header.writing)) return false;
  timespec until{};
  ::clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 500'000'000;
  until.tv_sec += until.tv_nsec / 1'000'000'000;
  until.tv_nsec %= 1'000'000'000;
  const int error = ::pthread_mutex_timedlock(&header.writing, &until);
  return error == 0 || (error == EOWNERDEAD && ::pthread_mutex_consistent(&header.writing) == 0);
}

Status renew_image(const char* run_dir, Image*& image) {
  Header header;
  std::memcpy(static_cast<void*>(&header), static_cast<const void*>(&image->header), sizeof header);
  make_writing(header.writing);
  if (!put(run_dir, header, image)) return Status::io;
  unmap_image(image);
  return map_image(run_dir, Missing::fail, image);
}

void end_writing(Header& header) { ::pthread_mutex_unlock(&header.writing); }

bool wait_for_end_of_writer(Header& header) {
  if (!is_sound(header.writing)) return false;
  const int error = ::pthread_mutex_lock(&header.writing);
  if (error == EOWNERDEAD) return ::pthread_mutex_consistent(&header.writing) == 0;
  if (error == 0) ::pthread_mutex_unlock(&header.writing);
  return false;
}

bool copy_row(const Image& image, std::uint32_t index, Copy& out) {
  const Row& row = image.rows[index];
  const std::uint64_t life = row.life.load(std::memory_order_acquire);
  if (life == 0 || row.group >= kMaxGroups || row.file > File::shares || row.check != check_of(row, life)) return false;
  const GroupRow& group = image.groups[row.group];
  if (group.length >= kMaxPath || group.check != check_of(group, row.group_life)) return false;
  out.file = row.file;
  out.inode = group.inode;
  std::memcpy(out.path, group.path, group.length);
  out.path[group.length] = '\0';
  std::memcpy(out.original, row.original, kMaxValue);
  out.count = 0;
  for (const Value& v : row.values) {
    if (v.stamp.load(std::memory_order_acquire) == 0 || v.check != check_of(v, life)) continue;
    std::memcpy(out.values[out.count], v.text, kMaxValue);
    out.values[out.count++][kMaxValue - 1] = '\0';
  }
  out.original[kMaxValue - 1] = '\0';
  std::atomic_thread_fence(std::memory_order_acquire);
  return row.life.load(std::memory_order_relaxed) == life;
}

}  // namespace headroom::ledger
