#include "lab/churn.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "cgroups/types/weights.hpp"
#include "lab/kube.hpp"
#include "lab/random.hpp"

namespace headroom::lab {
namespace {

constexpr milliseconds kToContainer{20}, kToShares{14}, kToQuota{10}, kAgain{5};
constexpr int kOneInBusy = 10;                          ///< of the containers that come, that want CPU at their start
constexpr milliseconds kBusy{30}, kSteadyBusy{40}, kSteadyPause{600};
constexpr microseconds kQuota{20'000};
constexpr seconds kBehind{1};                           ///< further behind, starts are left out instead of made up for

std::vector<std::string> distinct(const Hierarchy& where) {
  std::vector<std::string> out;
  for (const auto& dir : {where.cpuset, where.pids, where.unified, where.cpuacct, where.cpu})
    if (!dir.empty() && std::find(out.begin(), out.end(), dir) == out.end()) out.push_back(dir);
  return out;
}

bool put(const std::string& file, std::string_view text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  return done;
}

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

void burn(milliseconds time) {
  const auto cpu = [] {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return seconds{t.tv_sec} + nanoseconds{t.tv_nsec};
  };
  for (const nanoseconds end = cpu() + time; cpu() < end;)
    for (int i = 0; i < 10'000; ++i) __asm__ volatile("");
}

void remove_below(const std::string& dir) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(dir, none))
    if (entry.is_directory(none)) remove_below(entry.path());
  for (int tries = 0; tries < 400 && ::rmdir(dir.c_str()) != 0 && errno == EBUSY; ++tries) {
    std::ifstream procs(dir + "/cgroup.procs");
    for (pid_t pid = 0; procs >> pid;)
      if (pid > 1 && pid != ::getpid()) ::kill(pid, SIGKILL);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    ::usleep(5000);
  }
}

}  // namespace

Churn::Churn(const Hierarchy& where, std::string root, const ChurnParams& params)
    : where_(where), root_(std::move(root)), params_(params), mounts_(distinct(where)) {}

Churn::~Churn() {
  for (auto* lives : {&lives_, &steady_})
    for (Life& life : *lives) {
      if (life.pid > 0) {
        ::kill(life.pid, SIGKILL);
        ::waitpid(life.pid, nullptr, 0);
      }
      for (const auto& mount : mounts_) remove_below(in(mount, life.pod));
    }
}

bool Churn::make(const std::string& path) const {
  for (const auto& mount : mounts_) {
    const std::string dir = in(mount, path), parent = dir.substr(0, dir.rfind('/'));
    if (::mkdir(dir.c_str(), 0755) != 0 && errno != EEXIST) return false;
    if (where_.v2 && !put(parent + "/cgroup.subtree_control", "+cpu")) return false;
    if (mount != where_.cpuset || where_.v2) continue;
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"})   // a new v1 cpuset takes no process
      if (!put(dir + file, first_line(parent + file))) return false;
  }
  return true;
}

bool Churn::remove(const std::string& path) const {
  bool gone = true;
  for (const auto& mount : mounts_) gone = (::rmdir(in(mount, path).c_str()) == 0 || errno == ENOENT) && gone;
  return gone;
}

bool Churn::write(const std::string& path, const char* v1, const char* v2, const std::string& text) const {
  return put(in(where_.cpu, path) + "/" + (where_.v2 ? v2 : v1), text);
}

bool Churn::write_shares(const std::string& path, std::uint64_t shares) const {
  return write(path, "cpu.shares", "cpu.weight", std::to_string(where_.v2 ? weight_from_shares(Shares{shares})->value : shares));
}

bool Churn::write_quota(const std::string& path, microseconds quota) const {
  if (where_.v2) return write(path, "", "cpu.max", fmt::format("{} {}", quota.count(), kKubePeriod.count()));
  return write(path, "cpu.cfs_period_us", "", std::to_string(kKubePeriod.count())) &&
         write(path, "cpu.cfs_quota_us", "", std::to_string(quota.count()));
}

/// @param busy  CPU time at its start; @param pause  0: it is busy once, else again and again with such rests
pid_t Churn::start_process(const std::string& path, milliseconds busy, milliseconds pause) const {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::signal(number, SIG_DFL);
  ::setpriority(PRIO_PROCESS, 0, 0);
  for (const auto& mount : mounts_)
    if (!put(in(mount, path) + "/cgroup.procs", "0")) ::_exit(1);
  do {
    burn(busy);
    if (pause.count() > 0) ::usleep(static_cast<useconds_t>(microseconds{pause}.count()));
  } while (pause.count() > 0);
  for (;;) ::pause();
}

Churn::Life Churn::new_life(std::uint64_t number) const {
  Random random(number * 0x100000001b3ULL + 1);
  const std::uint64_t a = random.next(), b = random.next(), c = random.next(), d = random.next();
  Life life;
  life.number = number;
  life.pod = fmt::format("{}/kubepods/burstable/pod{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", root_, a >> 32, a & 0xffff, b & 0xfff,
                         c & 0xfff, d >> 16);
  life.container = fmt::format("{}/{:016x}{:016x}{:016x}{:016x}", life.pod, a, b, c, number);
  return life;
}

Result<> Churn::prepare(TimePoint now) {
  for (const char* below : {"", "/kubepods", "/kubepods/burstable"})
    if (!make(root_ + below)) return fail(Errc::denied, root_dir() + below, std::strerror(errno));
  for (int i = 0; i < params_.steady; ++i) {
    Life life = new_life(0xffff'0000ULL + static_cast<std::uint64_t>(i));
    const bool made = make(life.pod) && write_shares(life.pod, 205) && write_quota(life.pod, kQuota) && make(life.container) &&
                      write_shares(life.container, 205) && write_quota(life.container, kQuota);
    if (!made) return fail(Errc::denied, life.container, std::strerror(errno));
    life.pid = start_process(life.container, kSteadyBusy, kSteadyPause);
    steady_.push_back(std::move(life));
  }
  next_start_ = now;
  return {};
}

void Churn::begin(TimePoint now) {
  Life life = new_life(next_number_++);
  const bool made = make(life.pod) && write_shares(life.pod, 205) && write_quota(life.pod, kQuota);
  ++counts_.started;
  count(made);
  life.due = now + kToContainer;
  lives_.push_back(std::move(life));
}

void Churn::advance(Life& life, TimePoint now) {
  switch (life.next) {
    case Stage::container:
      count(make(life.container));
      life.pid = start_process(life.container, life.number % kOneInBusy == 0 ? kBusy : milliseconds{0}, milliseconds{0});
      life.attached = now;
      life.next = Stage::shares;
      life.due = now + kToShares;
      return;
    case Stage::shares:
      count(write_shares(life.container, 205));
      life.next = Stage::quota;
      life.due = now + kToQuota;
      return;
    case Stage::quota:
      count(write_quota(life.container, kQuota));
      life.next = Stage::kill;
      life.due = life.attached + params_.life;
      return;
    case Stage::kill:
      if (life.pid > 0) ::kill(life.pid, SIGKILL);
      life.next = Stage::reap;
      life.due = now + kAgain;
      return;
    case Stage::reap:
      life.due = now + kAgain;
      if (life.pid <= 0 || ::waitpid(life.pid, nullptr, WNOHANG) != 0) life.next = Stage::remove;
      return;
    case Stage::remove:
      life.due = now + kAgain;
      if (remove(life.container) && remove(life.pod)) life.container.clear();
      return;
  }
}

TimePoint Churn::step(TimePoint now) {
  if (params_.per_second > 0) {
    const nanoseconds gap{static_cast<std::int64_t>(1e9 / params_.per_second)};
    if (now - next_start_ > kBehind) {
      counts_.missed += static_cast<std::uint64_t>((now - next_start_) / gap);
      next_start_ = now;
    }
    for (; next_start_ <= now; next_start_ += gap) begin(now);
  }
  TimePoint next = params_.per_second > 0 ? next_start_ : now + seconds{1};
  for (Life& life : lives_) {
    if (life.due <= now) advance(life, now);
    next = std::min(next, life.due);
  }
  std::erase_if(lives_, [this](const Life& life) { return over(life); });
  return next;
}

void remove_churn_root(const Hierarchy& where, const std::string& root) {
  for (const auto& mount : distinct(where)) remove_below(mount + "/" + root);
}

}  // namespace headroom::lab
