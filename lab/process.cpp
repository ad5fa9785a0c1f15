#include "lab/process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <utility>

namespace headroom::lab {
namespace {

constexpr int kPageFd = 3, kGateFd = 4;

/// Room for what the load can do in the longest run, with half as much again: the log is not to fill up.
std::uint64_t log_capacity(const Load& load, seconds longest) {
  const double per_second = load.kind == LoadKind::request ? load.rate : load.kind == LoadKind::burst ? 20 : 1;
  return static_cast<std::uint64_t>(per_second * static_cast<double>(longest.count() + 10) * 1.5) + 64;
}

/// After fork: async-signal-safe calls only.
[[noreturn]] void child(int page_fd, int gate_fd) {
  setpgid(0, 0);                                // Ctrl-C is for the lab, which then ends us
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (dup2(gate_fd, kGateFd) < 0 || dup2(page_fd, kPageFd) < 0) _exit(126);
  char gate = 0;
  if (read(kGateFd, &gate, 1) != 1) _exit(126);  // the lab has attached us and written the limits
  close(kGateFd);
  execl("/proc/self/exe", "headroom-lab", "worker", static_cast<char*>(nullptr));
  _exit(127);
}

Error os_error(const char* call) { return {Errc::io, call, std::strerror(errno)}; }

}  // namespace

Result<LoadProcess> LoadProcess::start(const Load& load, int cpus, std::uint64_t seed, seconds longest,
                                       const std::function<Result<>(pid_t)>& settle) {
  LoadProcess out;
  const auto capacity = log_capacity(load, longest);
  out.bytes_ = sizeof(WorkPage) + capacity * sizeof(WorkEvent);
  // High numbers, so that dup2 onto 3 and 4 in the child cannot close what it is about to copy.
  const int raw = memfd_create("headroom-lab", MFD_CLOEXEC);
  const int fd = fcntl(raw, F_DUPFD_CLOEXEC, 16);
  close(raw);
  int gate[2] = {-1, -1};
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(out.bytes_)) != 0 || pipe2(gate, O_CLOEXEC) != 0) {
    return tl::unexpected(os_error("memfd"));
  }
  void* memory = mmap(nullptr, out.bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return tl::unexpected(os_error("mmap"));
  out.page_ = new (memory) WorkPage{};
  out.page_->kind = load.kind;
  out.page_->threads = load.threads == 0 ? cpus : load.threads;
  out.page_->cpu_ns = load.cpu.count();
  out.page_->pause_ns = load.pause.count();
  out.page_->active_ns = load.active.count();
  out.page_->every_ns = load.every.count();
  out.page_->rate = load.rate;
  out.page_->seed = seed;
  out.page_->capacity = capacity;
  const int gate_read = fcntl(gate[0], F_DUPFD_CLOEXEC, 16);
  const pid_t pid = fork();
  if (pid == 0) child(fd, gate_read);
  out.pid_ = pid;
  close(fd);
  close(gate[0]);
  close(gate_read);
  Result<> settled = pid < 0 ? Result<>(tl::unexpected(os_error("fork"))) : settle(pid);
  if (settled && write(gate[1], "g", 1) != 1) settled = tl::unexpected(os_error("start of a load process"));
  close(gate[1]);
  if (!settled) return tl::unexpected(settled.error());   // `out` kills and reaps the child
  return out;
}

LoadProcess::LoadProcess(LoadProcess&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)), bytes_(other.bytes_), pid_(std::exchange(other.pid_, -1)) {}

LoadProcess& LoadProcess::operator=(LoadProcess&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(bytes_, other.bytes_);
  std::swap(pid_, other.pid_);
  return *this;
}

void LoadProcess::kill_now() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

LoadProcess::~LoadProcess() {
  kill_now();
  if (page_ != nullptr) munmap(page_, bytes_);
}

}  // namespace headroom::lab
