// A process that uses all the CPU it gets, in a scratch group.
#pragma once

#include <sched.h>
#include <sys/prctl.h>

#include <thread>

#include "tests/support/scratch_group.hpp"

namespace headroom::live {

struct Load {
  int threads = 1;
  int cpu = -1;         ///< the only CPU it may run on; -1: any
  nanoseconds work{0};  ///< CPU time per thread after which it ends; 0: until it is stopped
};

/// Forked into the group in the constructor; ends with this object, and with the test.
class Spinner {
 public:
  explicit Spinner(const ScratchGroup& group, Load load = {}) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    pid_ = ::fork();
    if (pid_ == 0) run(group, load, ends[1]);
    ::close(ends[1]);
    char byte = 0;
    const bool joined = pid_ > 0 && ::read(ends[0], &byte, 1) == 1;
    ::close(ends[0]);
    if (joined) return;
    stop();
    throw std::runtime_error("no process could be put into " + group.path());
  }
  Spinner(const Spinner&) = delete;
  Spinner& operator=(const Spinner&) = delete;
  ~Spinner() { stop(); }

  pid_t pid() const { return pid_; }
  /// SIGSTOP and SIGCONT; a throttled process stops when it may run again.
  void pause() const { ::kill(pid_, SIGSTOP); }
  void resume() const { ::kill(pid_, SIGCONT); }

  /// Kills and reaps; a throttled process dies at its group's next period on some kernels.
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  /// Until its work is done.
  void wait() {
    while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }

 private:
  static nanoseconds thread_cpu() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return seconds{t.tv_sec} + nanoseconds{t.tv_nsec};
  }

  static void spin(nanoseconds work) {
    const nanoseconds end = thread_cpu() + work;
    while (work.count() == 0 || thread_cpu() < end)
      for (int i = 0; i < 10'000; ++i) __asm__ volatile("");
  }

  [[noreturn]] static void run(const ScratchGroup& group, const Load& load, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!group.join()) ::_exit(1);
    if (load.cpu >= 0) {
      cpu_set_t only;
      CPU_ZERO(&only);
      CPU_SET(static_cast<std::size_t>(load.cpu), &only);
      if (::sched_setaffinity(0, sizeof only, &only) != 0) ::_exit(1);
    }
    if (::write(ready, "1", 1) != 1) ::_exit(1);
    std::vector<std::thread> threads;
    for (int i = 1; i < load.threads; ++i) threads.emplace_back(spin, load.work);
    spin(load.work);
    for (auto& thread : threads) thread.join();
    ::_exit(0);
  }

  pid_t pid_ = -1;
};

}  // namespace headroom::live
