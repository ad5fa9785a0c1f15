// What the real daemon does about containers that behave in some way: pods as kubelet makes them, processes that work
// on command, and a place for figures.
#pragma once

#include <sstream>

#include "tests/live/daemon_fixture.hpp"
#include "tests/live/edges_fixture.hpp"

namespace headroom::live {

/// The size that docs/measured is made with: HEADROOM_FULL=1. Else what a suite can afford.
template <class T>
T sized(T small, T full) {
  const char* asked = std::getenv("HEADROOM_FULL");
  return asked != nullptr && *asked != 0 ? full : small;
}

/// Times are compared with bars only where they mean something: not in an emulated guest, which is v2.
inline bool timed() { return !on_v2(); }

/// A line of a table, appended to $HEADROOM_FIGURES where that is set.
inline void figure(const std::string& line) {
  const char* path = std::getenv("HEADROOM_FIGURES");
  if (path != nullptr && *path != 0) std::ofstream(path, std::ios::app) << line << '\n';
}

inline double in_ms(nanoseconds t) { return static_cast<double>(t.count()) / 1e6; }
inline std::string ms_text(nanoseconds t) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", in_ms(t));
  return text;
}

/// Threads that work and pause: `busy` of CPU each, begun at every multiple of `every`, all together.
struct Pulse {
  int threads = 1;
  nanoseconds busy{0}, every{0};
  int cpu = -1;         ///< the only CPU it may run on; -1: any
};

/// A process in a group that does jobs when it is told to, or pulses by itself. It sleeps otherwise.
class Worker {
 public:
  struct Job {
    int threads = 1;
    nanoseconds work{0};  ///< CPU time of each thread
  };
  explicit Worker(const ScratchGroup& group) { start(group, {}); }
  Worker(const ScratchGroup& group, const Pulse& pulse) { start(group, pulse); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    for (const int fd : {orders_[1], answers_[0]})
      if (fd >= 0) ::close(fd);
    while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  void begin(Job job) const {
    if (::write(orders_[1], &job, sizeof job) != sizeof job) throw std::runtime_error("worker is gone");
  }
  /// Wall time of the job, as the worker saw it.
  nanoseconds finish() const {
    std::int64_t wall = 0;
    if (::read(answers_[0], &wall, sizeof wall) != sizeof wall) throw std::runtime_error("worker is gone");
    return nanoseconds{wall};
  }

 private:
  void start(const ScratchGroup& group, const Pulse& pulse) {
    if (::pipe2(orders_, O_CLOEXEC) != 0 || ::pipe2(answers_, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    pid_ = ::fork();
    if (pid_ == 0) live(group, pulse);
    ::close(orders_[0]);
    ::close(answers_[1]);
    (void)finish();  // it has joined
  }
  [[noreturn]] void live(const ScratchGroup& group, const Pulse& pulse) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!group.join() || !pin(pulse.cpu)) ::_exit(1);
    answer(nanoseconds{0});
    if (pulse.every.count() > 0) together(pulse.threads, [&pulse] { beat(pulse); });
    Job job;
    while (::read(orders_[0], &job, sizeof job) == sizeof job) {
      const nanoseconds began = now();
      together(job.threads, [&job] { burn(job.work); });
      answer(now() - began);
    }
    ::_exit(0);
  }
  void answer(nanoseconds wall) const {
    const std::int64_t count = wall.count();
    if (::write(answers_[1], &count, sizeof count) != sizeof count) ::_exit(1);
  }
  static bool pin(int cpu) {
    if (cpu < 0) return true;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<std::size_t>(cpu), &only);
    return ::sched_setaffinity(0, sizeof only, &only) == 0;
  }
  template <class Body>
  static void together(int threads, Body body) {
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(body);
    body();
    for (auto& other : others) other.join();
  }
  static void burn(nanoseconds work) {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    const nanoseconds end = seconds{t.tv_sec} + nanoseconds{t.tv_nsec} + work;
    do {
      for (int i = 0; i < 2'000; ++i) __asm__ volatile("");
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    } while (seconds{t.tv_sec} + nanoseconds{t.tv_nsec} < end);
  }
  [[noreturn]] static void beat(const Pulse& pulse) {
    for (;;) {
      const nanoseconds at = now();
      rest(pulse.every - at % pulse.every);
      burn(pulse.busy);
    }
  }

  pid_t pid_ = -1;
  int orders_[2] = {-1, -1}, answers_[2] = {-1, -1};
};

class BehaveTest : public EdgesTest {
 protected:
  static constexpr const char* kLate = "tuning: {punctuality: 1000}\n";  // an emulated guest is late all the time
  Directory dir;

  /// Steps are the containers of these pods, and nobody else may borrow.
  static std::string config(std::initializer_list<int> pods, const std::string& borrow, const std::string& more = "") {
    std::string paths;
    for (const int n : pods) paths += (paths.empty() ? "" : ", ") + ("\"kubepods/burstable/pod" + uid(n) + "/*\"");
    return "version: 1\nlisten: 127.0.0.1:0\nlog: {level: debug}\nnode: {steal: 100%}\nclasses:\n  - name: step\n    match: [{path: [" + paths +
           "]}]\n    borrow: " + borrow + "\n" + (more.empty() && !timed() ? kLate : more);
  }
  /// A pod of one container with the same finite quota, as for a pod whose containers all have limits.
  ScratchGroup& pod_of_one(int n, std::int64_t quota_us) {
    auto& one = container(pod(n), n);
    limit(*made.at(rel(burstable) + "/pod" + uid(n)), quota_us);
    limit(one, quota_us);
    return one;
  }
  ScratchGroup& pod_at(int n) { return *made.at(rel(burstable) + "/pod" + uid(n)); }
  static void weight(const ScratchGroup& group, std::uint64_t v1_shares, std::uint64_t v2_weight) {
    ASSERT_EQ(foreign_write(group.file(CpuFile::shares), std::to_string(on_v2() ? v2_weight : v1_shares)), 0);
  }
  static ThrottleCounters throttle(const ScratchGroup& group) { return must(group.open().throttle()); }
  static std::string value(const ScratchGroup& group, CpuFile file) { return read_line(group.file(file)); }
  bool lent(const ScratchGroup& step, std::int64_t quota_us) const {
    return value(step, CpuFile::quota) != quota_text(quota_us);
  }
  std::string group_url(const ScratchGroup& group) const { return "/v1/explain?group=" + rel(group); }
  /// What follows "name": in the status: a list, a map of plain values, or one value.
  static std::string status(const DaemonProcess& daemon, const std::string& name) {
    const std::string all = daemon.get("/v1/status"), key = "\"" + name + "\":";
    const auto at = all.find(key);
    if (at == std::string::npos) return "no " + name + " in " + all;
    const auto from = at + key.size();
    const char* ends = all[from] == '[' ? "]" : all[from] == '{' ? "}" : ",}";
    return all.substr(from, all.find_first_of(ends, from) - from);
  }
  /// The daemon is sure of the step's base: its kernel burst stands.
  static bool settled(const ScratchGroup& step, std::int64_t burst_us) {
    return eventually([&] { return value(step, CpuFile::burst) == std::to_string(burst_us); }, milliseconds{20'000});
  }
};

}  // namespace headroom::live
