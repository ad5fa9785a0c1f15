// The load itself. Nothing here allocates, logs or takes a lock once the load has begun.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <vector>

#include "lab/random.hpp"
#include "lab/work.hpp"

namespace headroom::lab {
namespace {

constexpr int kPageFd = 3;
constexpr int kChunk = 2000;            // multiply-xorshift rounds between two looks at the clock: about 5 us

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000L + now.tv_nsec;
}

void sleep_until(std::int64_t at) {
  const timespec when{at / 1'000'000'000L, at % 1'000'000'000L};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr) != 0) {
  }
}

bool ended(const WorkPage& page) {
  const auto end = page.end.load(std::memory_order_relaxed);
  return end != 0 && monotonic_ns() >= end;
}

void log_event(WorkPage& page, std::int64_t due) {
  const auto n = page.count.load(std::memory_order_relaxed);
  if (n >= page.capacity) return;
  page.log()[n] = {due, monotonic_ns()};
  page.count.store(n + 1, std::memory_order_release);
}

/// Threads that all do one share of work when told. The caller is one of them.
class Crew {
 public:
  Crew(int threads, nanoseconds share) : share_(share) {
    for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
  }
  ~Crew() {
    quit_.store(true);
    go_.fetch_add(1);
    go_.notify_all();
    for (auto& helper : helpers_) helper.join();
  }
  void work() {
    left_.store(static_cast<int>(helpers_.size()));
    go_.fetch_add(1);
    go_.notify_all();
    burn(share_);
    for (int left = left_.load(); left != 0; left = left_.load()) left_.wait(left);
  }

 private:
  void help() {
    prctl(PR_SET_TIMERSLACK, 1000UL);
    for (int seen = 0;;) {
      go_.wait(seen);
      seen = go_.load();
      if (quit_.load()) return;
      burn(share_);
      if (left_.fetch_sub(1) == 1) left_.notify_all();
    }
  }
  nanoseconds share_;
  std::atomic<int> go_{0}, left_{0};
  std::atomic<bool> quit_{false};
  std::vector<std::thread> helpers_;
};

void run_bursts(WorkPage& page) {
  Crew crew(page.threads, nanoseconds{page.cpu_ns});
  Random random(page.seed);
  while (true) {
    sleep_until(monotonic_ns() + static_cast<std::int64_t>(random.around(static_cast<double>(page.pause_ns))));
    if (ended(page)) return;
    const auto start = monotonic_ns();
    crew.work();
    log_event(page, start);
  }
}

/// Moves a due time out of the idle part of its cycle, to the beginning of the next active one.
std::int64_t next_active(const WorkPage& page, std::int64_t begin, std::int64_t due) {
  if (page.every_ns == 0) return due;
  const auto cycle = (due - begin) / page.every_ns;
  const auto within = (due - begin) % page.every_ns;
  const auto idle = page.every_ns - page.active_ns;   // a cycle is idle first: leases are out when it wakes
  return within >= idle ? due : begin + cycle * page.every_ns + idle;
}

void run_requests(WorkPage& page) {
  Random random(page.seed);
  const auto begin = page.begin.load();
  const double gap = 1e9 / page.rate;
  for (std::int64_t due = begin;;) {
    due = next_active(page, begin, due + static_cast<std::int64_t>(random.exponential(gap)));
    const auto end = page.end.load(std::memory_order_relaxed);
    if (end != 0 && due >= end) return;
    if (due > monotonic_ns()) sleep_until(due);
    burn(nanoseconds{page.cpu_ns});
    log_event(page, due);
  }
}

void run_spin(WorkPage& page) {
  Crew crew(page.threads, milliseconds{20});   // in slices, so that the end is seen
  while (!ended(page)) crew.work();
}

void run_job(WorkPage& page) {
  Crew crew(page.threads, nanoseconds{page.cpu_ns / page.threads});
  const auto start = monotonic_ns();
  crew.work();
  log_event(page, start);
  if (page.become[0] != '\0') execl(page.become, page.become, static_cast<char*>(nullptr));
  pause();                                     // stays until it is killed: the group is not to vanish meanwhile
}

void run_kind(WorkPage& page) {
  switch (page.kind) {
    case LoadKind::sleep: pause(); return;
    case LoadKind::burst: run_bursts(page); return;
    case LoadKind::request: run_requests(page); return;
    case LoadKind::spin: run_spin(page); return;
    case LoadKind::job: run_job(page); return;
  }
}

}  // namespace

std::int64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }

void burn(nanoseconds cpu) {
  static thread_local volatile std::uint64_t sink = 1;
  const auto until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + cpu.count();
  std::uint64_t x = sink;
  do {
    for (int i = 0; i < kChunk; ++i) {
      x ^= x >> 12;
      x *= 0x2545f4914f6cdd1dULL;
    }
  } while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until);
  sink = x;
}

int run_worker() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);            // a lab that is killed leaves no load behind
  prctl(PR_SET_TIMERSLACK, 1000UL);
  struct stat info {};
  if (fstat(kPageFd, &info) != 0) return 1;
  void* memory = mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_POPULATE, kPageFd, 0);
  if (memory == MAP_FAILED) return 1;
  auto& page = *static_cast<WorkPage*>(memory);
  page.ready.store(1);
  if (page.kind == LoadKind::sleep) {
    pause();
    return 0;
  }
  while (page.begin.load() == 0) sleep_until(monotonic_ns() + 2'000'000);
  sleep_until(page.begin.load());
  run_kind(page);
  return 0;
}

}  // namespace headroom::lab
