// A page that a test shares with headroomd-hooked: which system call of cgroups/fs is to fail, where, and how.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace headroom::live {

/// Not an errno: the read gives a byte at a time.
constexpr int kShortRead = -1;

/// $HEADROOM_FAULT_PAGE. Written by the test while `armed` is 0, read by the daemon while it is 1.
struct FaultPage {
  std::atomic<std::uint32_t> armed;
  std::atomic<std::uint32_t> hits;        ///< calls that failed because of it
  std::atomic<std::int64_t> left;         ///< that may still fail; < 0: any number
  std::int32_t error;                     ///< an errno, or kShortRead
  char call[32];                          ///< as FaultHook names them
  char part[256], end[256];               ///< the path contains, and ends in

  bool fits(const char* name, std::string_view path) const {
    return std::strcmp(call, name) == 0 && path.find(part) != std::string_view::npos && path.ends_with(end);
  }
};

/// @return the page in `file`, which is made where it is not there
inline FaultPage& map_fault_page(const char* file) {
  const int fd = ::open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  void* at = MAP_FAILED;
  if (fd >= 0 && ::ftruncate(fd, sizeof(FaultPage)) == 0)
    at = ::mmap(nullptr, sizeof(FaultPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd >= 0) ::close(fd);
  if (at == MAP_FAILED) throw std::runtime_error(std::string("fault page ") + file);
  return *static_cast<FaultPage*>(at);
}

}  // namespace headroom::live
