// headroom-guard: puts the originals back when the daemon is dead or frozen. libc and cgroups/ledger only (and the
// texts of its command line).
//
//   one thread   sleeps until the ledger is armed, blocks until the daemon's writing thread ends: restore; then in flock on
//                the daemon's lock (KERNEL 23): when the kernel hands it over all of the daemon is dead: disarm, unlock
//   the other    shows that the guard lives, watches the daemon's heartbeat; silent for 1 s: fence, restore, and take
//                back what a daemon woken between its test of the fence and its write still writes
//
// SIGTERM ends it without touching anything; the daemon sees that it has no guard.
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "agent/guard_options.hpp"
#include "cgroups/ledger/layout.hpp"

namespace headroom::ledger {
namespace {

constexpr std::int64_t kMs = 1'000'000;                  // ns
constexpr std::int64_t kSilence = 1000 * kMs;            // heartbeat older than this: frozen
constexpr int kPoll = 200, kClosePoll = 50;              // ms; the other while something is out and the heartbeat is late
constexpr std::int64_t kLate = kSilence - 2 * kPoll * kMs;
constexpr int kLedgerPoll = 1000;                        // ms; with inotify on the run directory
constexpr int kFencePoll = 50, kFencePollBlind = 10;     // ms; with inotify, without
constexpr std::size_t kStack = std::size_t{512} * 1024;  // a restore needs 40 KiB

enum class Life { until_stopped, once };

struct Guard {
  const char* run_dir = nullptr;
  Life life = Life::until_stopped;
  Image* image = nullptr;
  ino_t ledger_inode = 0;
  int signals = -1;
  pthread_mutex_t restoring = PTHREAD_MUTEX_INITIALIZER;
};

std::int64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void say(const char* what, const RestoreResult& r) {
  ::dprintf(STDERR_FILENO, "headroom-guard: %s: restored %u, foreign %u, gone %u, failed %u\n", what, r.restored,
            r.foreign, r.gone, r.failed);
}

bool path_in(char (&out)[4096], const Guard& guard, const char* name) {
  const int n = std::snprintf(out, sizeof out, "%s/%s", guard.run_dir, name);
  return n > 0 && static_cast<std::size_t>(n) < sizeof out;
}

ino_t inode_of_ledger(const Guard& guard) {
  char path[4096];
  struct stat st {};
  return path_in(path, guard, "ledger") && ::stat(path, &st) == 0 ? st.st_ino : 0;
}

[[noreturn]] void leave(const Guard& guard) {
  if (guard.image != nullptr) guard.image->header.guard_beat.store(0);
  ::_exit(0);
}

/// Waits on signals and up to one more fd (-1: none). Ends the process on a signal: under the mutex, so that a restore
/// that has begun is finished first.
/// @return the other fd is readable
bool wait_for(Guard& guard, int other, int timeout_ms) {
  pollfd fds[2] = {{guard.signals, POLLIN, 0}, {other, POLLIN, 0}};
  const int n = ::poll(fds, 2, timeout_ms);
  if (n > 0 && (fds[0].revents & POLLIN) != 0) {
    ::pthread_mutex_lock(&guard.restoring);
    leave(guard);
  }
  return n > 0 && fds[1].revents != 0;
}

// ---- the thread in flock ----

int open_lock(const Guard& guard) {
  char path[4096];
  return path_in(path, guard, "lock") ? ::open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
}

/// A guard of one daemon has nobody left to wait for when nothing is armed and nobody holds the lock, or the run directory
/// is no more.
void leave_if_orphaned(const Guard& guard) {
  if (guard.life != Life::once) return;
  const int fd = open_lock(guard);
  if (fd < 0 && errno == ENOENT) leave(guard);
  if (fd < 0) return;
  const bool free = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
  if (free && (guard.image == nullptr || guard.image->header.armed.load() == 0)) leave(guard);
  ::close(fd);
}

void wait_until_armed(Guard& guard) {
  auto& armed = guard.image->header.armed;
  const timespec tick{1, 0};
  while (armed.load() == 0) {
    ::syscall(SYS_futex, &armed, FUTEX_WAIT, 0, &tick, nullptr, 0);
    if (armed.load() == 0) leave_if_orphaned(guard);
  }
}

/// The daemon is dead and we hold its lock: a starting daemon waits until we let go.
void undo(Guard& guard) {
  ::pthread_mutex_lock(&guard.restoring);
  const RestoreResult result = restore_image(*guard.image, After::clear);
  guard.image->header.fence.store(0);
  guard.image->header.armed.store(0);
  ::pthread_mutex_unlock(&guard.restoring);
  if (result.restored + result.foreign + result.gone + result.failed != 0) say("the daemon is gone", result);
}

/// The daemon's writing thread is dead. The rest of it follows, and then undo(), which finds little to do.
void undo_early(Guard& guard) {
  ::pthread_mutex_lock(&guard.restoring);
  RestoreResult result;
  if (guard.image->header.armed.load() != 0) result = restore_image(*guard.image, After::keep);
  ::pthread_mutex_unlock(&guard.restoring);
  if (result.restored != 0) say("the daemon is dying", result);
}

void* watch_lock(void* arg) {
  Guard& guard = *static_cast<Guard*>(arg);
  for (;;) {
    wait_until_armed(guard);
    Header& header = guard.image->header;
    if (wait_for_end_of_writer(header)) {
      undo_early(guard);
      end_writing(header);
    } else if (header.armed.load() == 0) {
      continue;   // it has taken back everything itself
    }
    const int fd = open_lock(guard);
    int got = -1;
    while (fd >= 0 && (got = ::flock(fd, LOCK_EX)) != 0 && errno == EINTR) {
    }
    if (got == 0)
      undo(guard);
    else
      ::dprintf(STDERR_FILENO, "headroom-guard: lock of %s: %s\n", guard.run_dir, std::strerror(errno));
    // With the lock in hand: a starting daemon must not take our last sign of life for a guard of its own.
    if (got == 0 && guard.life == Life::once) leave(guard);
    if (fd >= 0) ::close(fd);
    if (got != 0) ::sleep(1);
  }
}

// ---- the thread that watches the heartbeat ----

/// inotify on every group with something of ours; -1 where the host has none left: then the files are polled.
int watch_groups(const Image& image) {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  Copy row;
  for (std::uint32_t i = 0; fd >= 0 && i < image.header.high.load() && i < kMaxFiles; ++i) {
    if (!copy_row(image, i, row)) continue;
    if (::inotify_add_watch(fd, row.path, IN_MODIFY | IN_ONLYDIR) >= 0 || errno == ENOENT) continue;
    ::close(fd);
    return -1;
  }
  return fd;
}

void drain(int fd) {
  alignas(inotify_event) char events[4096];
  while (::read(fd, events, sizeof events) > 0) {
  }
}

RestoreResult take_back(Guard& guard) {
  ::pthread_mutex_lock(&guard.restoring);
  RestoreResult result;
  if (guard.image->header.fence.load() != 0) result = restore_image(*guard.image, After::keep);
  ::pthread_mutex_unlock(&guard.restoring);
  return result;
}

/// Not over the other thread's shoulder: a daemon that it has just found dead leaves no fence to its successor.
bool raise_fence(Guard& guard) {
  ::pthread_mutex_lock(&guard.restoring);
  const bool armed = guard.image->header.armed.load() != 0;
  if (armed) guard.image->header.fence.store(1);
  ::pthread_mutex_unlock(&guard.restoring);
  return armed;
}

/// Until the daemon, alive again, lowers the fence, or the other thread finds it dead.
void hold_fence(Guard& guard) {
  if (!raise_fence(guard)) return;
  Header& header = guard.image->header;
  std::uint64_t changes = header.changes.load();
  int events = watch_groups(*guard.image);  // before the first pass: a write after it shows as an event
  say("the daemon is frozen", take_back(guard));
  while (header.fence.load() != 0 && header.armed.load() != 0) {
    header.guard_beat.store(now_ns());
    const bool woken = wait_for(guard, events, events >= 0 ? kFencePoll : kFencePollBlind);
    if (woken) drain(events);
    const std::uint64_t seen = header.changes.load();
    if (seen != changes) {  // perhaps a group that is not watched yet
      if (events >= 0) ::close(events);
      events = watch_groups(*guard.image);
    }
    const bool again = woken || events < 0 || seen != changes;
    changes = seen;
    if (!again) continue;
    const RestoreResult stray = take_back(guard);
    if (stray.restored != 0) say("written behind the fence", stray);
  }
  if (events >= 0) ::close(events);
}

[[noreturn]] void watch_heartbeat(Guard& guard, char** argv) {
  Header& header = guard.image->header;
  std::int64_t stale = 0;
  for (;;) {
    header.guard_pid.store(static_cast<std::uint32_t>(::getpid()));
    header.guard_beat.store(now_ns());
    const bool out = header.armed.load() != 0 && header.live.load() != 0;
    wait_for(guard, -1, out && now_ns() - header.beat.load() > kLate ? kClosePoll : kPoll);
    const std::int64_t beat = header.beat.load();
    const bool silent = out && now_ns() - beat > kSilence;
    // Twice, so that a guard which was itself frozen with the daemon lets it beat first.
    if (silent && stale == beat) hold_fence(guard);
    stale = silent ? beat : 0;
    if (inode_of_ledger(guard) != guard.ledger_inode) {  // replaced: begin again with the new one
      ::pthread_mutex_lock(&guard.restoring);
      ::execv("/proc/self/exe", argv);
      ::_exit(1);
    }
  }
}

// ---- start ----

/// What keeps the way to a restore short; each may be refused, none is needed. No realtime class: on some kernels one
/// such process keeps everybody else from turning the v2 cpu controller on.
void prepare() {
  ::setpriority(PRIO_PROCESS, 0, -15);
  const int oom = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (oom < 0) return;
  if (::write(oom, "-999", 4) < 0) errno = 0;
  ::close(oom);
}

/// A daemon that observes makes none, perhaps for months.
void wait_for_ledger(Guard& guard) {
  const int events = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  const bool told = events >= 0 && ::inotify_add_watch(events, guard.run_dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) >= 0;
  for (;;) {
    guard.ledger_inode = inode_of_ledger(guard);
    if (guard.ledger_inode != 0 && map_image(guard.run_dir, Missing::fail, guard.image) == Status::ok) break;
    if (wait_for(guard, events, told ? kLedgerPoll : kClosePoll)) drain(events);
    leave_if_orphaned(guard);
  }
  if (events >= 0) ::close(events);
}

void usage(int fd) {
  ::dprintf(fd, "usage: headroom-guard %s %s [%s]\n", guard::kRunDir.name, guard::kRunDir.value, guard::kOnce.name);
}

void help() {
  ::dprintf(STDOUT_FILENO, "%s\n", guard::kAbout);
  usage(STDOUT_FILENO);
  for (const auto& o : guard::kOptions)
    ::dprintf(STDOUT_FILENO, "  %s %s\n      %s\n", o.name, o.value == nullptr ? "" : o.value, o.text);
  ::dprintf(STDOUT_FILENO, "\n%s", guard::kFooter);
}

enum class Parsed { guard, help, wrong };

Parsed parse(int argc, char** argv, Guard& guard) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], guard::kRunDir.name) == 0 && i + 1 < argc)
      guard.run_dir = argv[++i];
    else if (std::strcmp(argv[i], guard::kOnce.name) == 0)
      guard.life = Life::once;
    else
      return std::strcmp(argv[i], guard::kHelp.name) == 0 ? Parsed::help : Parsed::wrong;
  }
  return guard.run_dir != nullptr ? Parsed::guard : Parsed::wrong;
}

int run(int argc, char** argv) {
  Guard guard;
  const Parsed parsed = parse(argc, argv, guard);
  if (parsed == Parsed::help) help();
  if (parsed == Parsed::wrong) usage(STDERR_FILENO);
  if (parsed != Parsed::guard) return parsed == Parsed::help ? 0 : 2;
  sigset_t stop;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTERM);
  ::sigaddset(&stop, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  guard.signals = ::signalfd(-1, &stop, SFD_CLOEXEC);
  wait_for_ledger(guard);
  prepare();  // before the thread, which inherits it
  pthread_attr_t attr;
  ::pthread_attr_init(&attr);
  ::pthread_attr_setstacksize(&attr, kStack);
  pthread_t thread;
  if (::pthread_create(&thread, &attr, watch_lock, &guard) != 0) return 1;
  ::mlockall(MCL_CURRENT);
  watch_heartbeat(guard, argv);
}

}  // namespace
}  // namespace headroom::ledger

int main(int argc, char** argv) { return headroom::ledger::run(argc, argv); }
