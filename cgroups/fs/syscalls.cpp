#include "cgroups/fs/syscalls.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <system_error>

#include "cgroups/fs/tree.hpp"

namespace headroom {
namespace {
std::atomic<FaultHook> fault_hook{nullptr};
}

void set_fault_hook(FaultHook hook) { fault_hook.store(hook); }

namespace fs {

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool hooked() { return fault_hook.load(std::memory_order_relaxed) != nullptr; }

int injected(const char* call, const std::string& dir, const char* name) {
  const FaultHook hook = fault_hook.load(std::memory_order_relaxed);
  if (hook == nullptr) return 0;
  const std::string path = *name == '\0' ? dir : dir + "/" + name;
  return hook(call, path.c_str());
}

Errc classify(int error) {
  switch (error) {
    case ENODEV:
      return Errc::gone;
    case EOPNOTSUPP:  // PSI built in, but turned off
    case ENOENT:
      return Errc::absent;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::denied;
    case EINVAL:
    case ERANGE:
      return Errc::rejected;
    default:
      return Errc::io;  // an errno, not an enum
  }
}

std::string message(int error) { return std::generic_category().message(error); }

tl::unexpected<Error> failure(int error, std::string where) {
  return fail(classify(error), std::move(where), message(error));
}

long read_whole(int fd, const std::string& dir, const char* name, char* buffer, std::size_t size) {
  std::size_t have = 0;
  bool in_parts = false;
  while (have < size) {
    const long got =
        retry("pread", dir, name, [&] { return ::pread(fd, buffer + have, size - have, static_cast<off_t>(have)); });
    if (got < 0) return got;
    if (got == 0) return static_cast<long>(have);
    have += static_cast<std::size_t>(got);
    // The first read gives all there is, so its last line needs no second call; of one that was cut every line may be the last.
    if (have < size && buffer[have - 1] == '\n' && !in_parts) return static_cast<long>(have);
    in_parts = true;
  }
  return -static_cast<long>(EFBIG);
}

long read_stream(int fd, const std::string& dir, const char* name, std::string& out) {
  constexpr std::size_t kChunk = 16'384;
  out.clear();
  while (true) {
    const std::size_t have = out.size();
    out.resize(have + kChunk);
    const long got =
        retry("pread", dir, name, [&] { return ::pread(fd, out.data() + have, kChunk, static_cast<off_t>(have)); });
    out.resize(have + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got <= 0) return got < 0 ? got : static_cast<long>(have);
  }
}

Result<Fd> open_file(const std::string& dir, const char* name, int flags) {
  const std::string path = *name == '\0' ? dir : dir + "/" + name;
  const long fd = retry("open", dir, name, [&] { return ::open(path.c_str(), flags | O_CLOEXEC); });
  if (fd < 0) return failure(static_cast<int>(-fd), path);
  return Fd(static_cast<int>(fd));
}

Result<std::string> read_once(const std::string& dir, const char* name) {
  const auto file = open_file(dir, name, O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  std::array<char, 4096> buffer;
  const long got = read_whole(file->get(), dir, name, buffer.data(), buffer.size());
  if (got < 0) return failure(static_cast<int>(-got), dir + "/" + name);
  return std::string(trimmed({buffer.data(), static_cast<std::size_t>(got)}));
}

std::string_view trimmed(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace fs
}  // namespace headroom
