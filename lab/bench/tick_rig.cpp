#include "lab/bench/tick_rig.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_map>

namespace headroom::bench {
namespace {

constexpr milliseconds kGrid{250};     // the slow grid of the schedule
constexpr seconds kSettled{15};        // what is young is read more often, and ten seconds of means have to fill

// A source asks a plain function for the time, and a fault hook is one, too.
TimePoint present;
std::vector<std::string>* recorded = nullptr;

TimePoint rig_clock() { return present; }

int note_read(const char* call, const char* path) {
  if (recorded != nullptr && std::strcmp(call, "pread") == 0) recorded->emplace_back(path);
  return 0;
}

std::int64_t thread_cpu() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

template <class Work>
nanoseconds timed(Work work) {
  const std::int64_t begin = thread_cpu();
  work();
  return nanoseconds{thread_cpu() - begin};
}

}  // namespace

Result<std::unique_ptr<TickRig>> TickRig::build(int groups, Activity activity) {
  lab::NodeShape shape{groups - groups * 2 / 7, groups * 2 / 7, 0, 0, 0};
  if (activity == Activity::active) shape.active = std::min(60, shape.containers);
  const auto where = detect_hierarchy("");
  if (!where) return tl::unexpected(where.error());
  auto node = lab::CostNode::build(*where, fmt::format("{}{}", lab::kScratchPrefix, getpid()), shape, lab::Sandboxes::none);
  if (!node) return tl::unexpected(node.error());
  std::unique_ptr<TickRig> rig(new TickRig(std::move(*node)));
  if (auto ok = rig->start(); !ok) return tl::unexpected(ok.error());
  return rig;
}

OwnFiles::OwnFiles()
    : thread_([this] {
        if (unshare(CLONE_FILES) == 0) close_range(3, ~0U, 0);
        std::unique_lock lock(mutex_);
        for (;;) {
          changed_.wait(lock, [&] { return stop_ || work_; });
          if (stop_) return;
          work_();
          work_ = nullptr;
          changed_.notify_all();
        }
      }) {}

OwnFiles::~OwnFiles() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void OwnFiles::run(std::function<void()> work) {
  std::unique_lock lock(mutex_);
  work_ = std::move(work);
  changed_.notify_all();
  changed_.wait(lock, [&] { return !work_; });
}

TickRig::~TickRig() = default;

Result<> TickRig::start() {
  const auto where = detect_hierarchy(node_.root());
  if (!where) return tl::unexpected(where.error());
  present = TimePoint{seconds{1000}};
  auto source = KernelSource::create({*where, {}, std::nullopt, std::nullopt, &rig_clock});
  if (!source) return tl::unexpected(source.error());
  source_ = std::move(*source);
  Faults none;
  engine_.policy = make_policy("headroom", Node{}, none);
  engine_.schedule.slow = kGrid;
  engine_.schedule.settings = std::chrono::hours{24};   // a round robin of its own, not the slow tick
  engine_.rails.node_cores = MilliCpu{1000LL * source_->catalog().cpus};
  engine_.reads.wake = present;
  engine_.reads.node_usage = engine_.reads.node_cpus = engine_.reads.node_pressure = true;
  const TimePoint settled = present + kSettled;
  while (present < settled) once();
  for (Slot s = 0; s < source_->catalog().groups.size(); ++s)
    if (source_->catalog().find(s)) everything_.push_back({s, kReadUsage | kReadThrottle});
  once();
  return record();
}

void TickRig::once() {
  present = std::max(present + milliseconds{1}, engine_.reads.wake);
  groups_read_ = engine_.reads.groups.size();
  static_cast<void>(headroom::tick(*source_, sink_, engine_));
  if (!everything_.empty()) engine_.reads.groups = everything_;
  ++ticks_;
}

/// One cycle with every pread noted, then their files opened to be kept.
Result<> TickRig::record() {
  std::unordered_map<std::string, std::uint32_t> index;
  set_fault_hook(note_read);
  for (std::size_t i = 0; i < kCycle; ++i) {
    std::vector<std::string> paths;
    recorded = &paths;
    once();
    recorded = nullptr;
    auto& list = preads_[ticks_ % kCycle];
    list.clear();
    for (const std::string& path : paths) {
      const auto [found, added] = index.try_emplace(path, static_cast<std::uint32_t>(files_.size()));
      if (added) files_.push_back(path);
      list.push_back(found->second);
    }
  }
  set_fault_hook(nullptr);
  int refused = 0;
  beside_.run([&] {
    for (const std::string& file : files_) {
      fds_.push_back(open(file.c_str(), O_RDONLY | O_CLOEXEC));
      if (fds_.back() < 0) refused = errno;
    }
    const int spare = open("/dev/null", O_RDONLY | O_CLOEXEC);   // for the way that opens anew
    if (spare < 0) refused = errno;
    else close(spare);
  });
  step_ = ticks_;
  if (refused != 0) return fail(Errc::io, std::to_string(files_.size()) + " files to be read beside the tick", std::strerror(refused));
  return {};
}

nanoseconds TickRig::tick() {
  while (ticks_ % kCycle != step_ % kCycle) once();   // the tick of this step, whatever was left out before
  return timed([this] { once(); });
}

nanoseconds TickRig::bare() {
  nanoseconds took{0};
  beside_.run([&] {
    took = timed([this] {
      char buffer[4096];
      for (const std::uint32_t file : preads_[(step_ + 1) % kCycle])
        if (pread(fds_[file], buffer, sizeof buffer, 0) < 0) continue;
    });
  });
  return took;
}

nanoseconds TickRig::open_read_close() {
  nanoseconds took{0};
  beside_.run([&] {
    took = timed([this] {
      char buffer[4096];
      for (const std::uint32_t file : preads_[(step_ + 1) % kCycle]) {
        const int fd = open(files_[file].c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        const ssize_t got = read(fd, buffer, sizeof buffer);
        static_cast<void>(got);
        close(fd);
      }
    });
  });
  return took;
}

void evict_caches() {
  constexpr std::size_t kBytes = 96 << 20, kLine = 64;   // more than the last level of most CPUs
  static std::vector<char> heap(kBytes);
  for (std::size_t i = 0; i < kBytes; i += kLine) heap[i] = static_cast<char>(heap[i] + 1);
}

}  // namespace headroom::bench
