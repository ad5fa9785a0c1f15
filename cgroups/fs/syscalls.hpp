// The syscalls that cgroups/fs is made of: errno classified once, EINTR retried, the fault hook asked first.
#pragma once

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "cgroups/types/result.hpp"

namespace headroom::fs {

/// Owns one file descriptor; -1: none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Whether a hook is set, and paths have to be told as they are.
bool hooked();
/// 0, or the errno that a test wants `call` to fail with. `path` is made only where a hook is set.
int injected(const char* call, const std::string& dir, const char* name);

/// Runs a syscall that returns -1 and sets errno; the hook is asked before each try, EINTR is retried.
/// @return what the call returned, or -errno
template <class Call>
long retry(const char* name, const std::string& dir, const char* file, Call call) {
  while (true) {
    int error = injected(name, dir, file);
    if (error == 0) {
      const long got = call();
      if (got >= 0) return got;
      error = errno;
    }
    if (error != EINTR) return -static_cast<long>(error);
  }
}

/// EACCES, EPERM, EROFS: denied. EINVAL, ERANGE: rejected. ENODEV: gone. ENOENT, EOPNOTSUPP (PSI off): absent.
/// The rest: io.
Errc classify(int error);
/// errno's text.
std::string message(int error);
/// @param where  "cpu.max of /kubepods/…"
tl::unexpected<Error> failure(int error, std::string where);

/// Everything of a file from offset 0. cgroup and proc files are made whole for one read, so a read that ends in a
/// newline short of the buffer is the end, and saves the call that would make the file again to say so.
/// @return the bytes, or -errno
long read_whole(int fd, const std::string& dir, const char* name, char* buffer, std::size_t size);

/// The same for files of many records and any length (/proc/stat, mountinfo): reads until nothing more comes.
long read_stream(int fd, const std::string& dir, const char* name, std::string& out);

/// @param name  of a file in `dir`, or "": `dir` itself
/// @param flags of open(2); O_CLOEXEC is added. Errors: as classify().
Result<Fd> open_file(const std::string& dir, const char* name, int flags);

/// Opens, reads and closes one file. Errors: as classify().
Result<std::string> read_once(const std::string& dir, const char* name);

/// Without blanks and newlines at the end.
std::string_view trimmed(std::string_view text);

}  // namespace headroom::fs
