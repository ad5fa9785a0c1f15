#include "cgroups/fs/probe_spinner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

namespace headroom {
namespace {

/// In the child of a process that may have threads: async-signal-safe calls only.
[[noreturn]] void spin(const char* procs, int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int number : {SIGALRM, SIGINT, SIGTERM, SIGHUP}) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::alarm(4);
  const int fd = ::open(procs, O_WRONLY | O_CLOEXEC);
  // "0" is whoever writes, in any PID namespace.
  if (fd < 0 || ::write(fd, "0", 1) != 1 || ::write(ready, "1", 1) != 1) ::_exit(1);
  ::close_range(3, ~0U, 0);  // the parent's lock must not live on in here
  while (true) __asm__ volatile("");
}

}  // namespace

ProbeSpinner::ProbeSpinner(const std::string& group_dir) {
  const std::string procs = group_dir + "/cgroup.procs";
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  pid_ = ::fork();
  if (pid_ == 0) spin(procs.c_str(), ends[1]);
  ::close(ends[1]);
  pollfd ready{ends[0], POLLIN, 0};
  char byte = 0;
  if (pid_ > 0 && ::poll(&ready, 1, 150) == 1) joined_ = ::read(ends[0], &byte, 1) == 1 ? Joined::yes : Joined::refused;
  ::close(ends[0]);
  at_join_ = clock();
}

ProbeSpinner::~ProbeSpinner() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

nanoseconds ProbeSpinner::clock() const {
  clockid_t id = 0;
  timespec used{};
  if (joined_ != Joined::yes || ::clock_getcpuclockid(pid_, &id) != 0 || ::clock_gettime(id, &used) != 0) return nanoseconds{0};
  return seconds{used.tv_sec} + nanoseconds{used.tv_nsec};
}

nanoseconds ProbeSpinner::cpu_time() const { return clock() - at_join_; }

}  // namespace headroom
