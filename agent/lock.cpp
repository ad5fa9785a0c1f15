#include "agent/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <utility>

namespace headroom {
namespace {

constexpr int kPatience = 2000, kStep = 10;  // ms

/// 64 hexadecimal digits in /proc/self/cgroup or mountinfo: the container that we run in. Empty: none.
std::string container_id() {
  for (const char* file : {"/proc/self/cgroup", "/proc/self/mountinfo"}) {
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::size_t run = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      run = std::isxdigit(static_cast<unsigned char>(text[i])) != 0 ? run + 1 : 0;
      if (run == 64) return text.substr(i - 63, 64);
    }
  }
  return {};
}

std::string who_we_are() {
  char host[256] = "unknown", when[32] = "";
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '?';
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  std::strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", ::gmtime_r(&now, &utc));
  const std::string container = container_id();
  return fmt::format("pid {} on {}{}{}, since {}", ::getpid(), host, container.empty() ? "" : " in container ",
                     container.substr(0, 12), when);
}

std::string read_holder(int fd) {
  char text[512];
  const ssize_t n = ::pread(fd, text, sizeof text, 0);
  std::string holder(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "somebody who did not say who" : holder;
}

bool write_holder(int fd) {
  const std::string text = who_we_are() + "\n";
  return ::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

/// The same file under the highest number that there may be. A dying process lets go of its files from the highest down,
/// and an inotify instance takes about 20 ms of that (it waits for the kernel's readers): below ours, it is after ours.
int move_to_the_top(int fd) {
  constexpr rlim_t kTop = 65'536;   // a table of pointers as long as this comes with it
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return fd;
  const int high = ::fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(std::min(files.rlim_cur, kTop) - 1));
  if (high < 0) return fd;
  ::close(fd);
  return high;
}

Error error_of(int error, const std::string& where) {
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  return Error{denied ? Errc::denied : Errc::io, where, std::strerror(error)};
}

}  // namespace

Result<RunLock> RunLock::acquire(const std::string& run_dir) {
  const std::string path = run_dir + "/lock";
  const int opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (opened < 0) return tl::unexpected(error_of(errno, path));
  const int fd = move_to_the_top(opened);
  RunLock lock(fd);
  for (int waited = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0; waited += kStep) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return tl::unexpected(error_of(errno, path));
    if (waited >= kPatience) return fail(Errc::rejected, path, "held by " + read_holder(fd));
    ::usleep(kStep * 1000);
  }
  if (!write_holder(fd)) return tl::unexpected(error_of(errno, path));
  return lock;
}

RunLock::RunLock(RunLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
RunLock& RunLock::operator=(RunLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
RunLock::~RunLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<pid_t> start_guard(const std::string& guard_binary, const std::string& run_dir) {
  if (::access(guard_binary.c_str(), X_OK) != 0) return fail(Errc::absent, guard_binary, std::strerror(errno));
  const char* const argv[] = {guard_binary.c_str(), "--run-dir", run_dir.c_str(), "--once", nullptr};
  const pid_t pid = ::fork();
  if (pid < 0) return tl::unexpected(error_of(errno, guard_binary));
  if (pid > 0) return pid;
  // In the child, only what is safe after fork() in a threaded process.
  ::setsid();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGHUP, SIG_IGN);   // it asks the daemon for a reload
  const int null = ::open("/dev/null", O_RDWR);
  if (null >= 0) {
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
  }
  if (::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) != 0)  // before Linux 5.9
    for (int fd = STDERR_FILENO + 1; fd < 1024; ++fd) ::close(fd);
  ::execv(guard_binary.c_str(), const_cast<char* const*>(argv));
  ::_exit(127);
}

}  // namespace headroom
