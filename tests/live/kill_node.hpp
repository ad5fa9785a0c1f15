// A node in small: Burstable pods of one container each, whose process bursts and pauses, and their settings files kept
// open. What the tests of kills and of foreign writers stand on.
#pragma once

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstring>
#include <memory>
#include <random>

#include "tests/support/scratch_group.hpp"

namespace headroom::live {

/// A whole number from the environment: how often. @param fallback  the suite's share
inline int count_of(const char* name, int fallback) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != 0 ? std::atoi(text) : fallback;
}

/// Appends a line to $HEADROOM_SAMPLES: what the tables of tests/evidence are made of.
inline void sample(const std::string& line) {
  const char* path = std::getenv("HEADROOM_SAMPLES");
  if (path != nullptr && *path != 0) std::ofstream(path, std::ios::app) << line << '\n';
}

inline double in_ms(nanoseconds t) { return static_cast<double>(t.count()) / 1e6; }

/// A process that works for `busy` and rests for `pause`, both drawn anew each time from half to once and a half.
class Burster {
 public:
  Burster(const ScratchGroup& group, unsigned seed, nanoseconds busy, nanoseconds pause) {
    pid_ = ::fork();
    if (pid_ == 0) run(group, seed, busy, pause);
  }
  Burster(const Burster&) = delete;
  Burster& operator=(const Burster&) = delete;
  ~Burster() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  [[noreturn]] static void run(const ScratchGroup& group, unsigned seed, nanoseconds busy, nanoseconds pause) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpriority(PRIO_PROCESS, 0, 0);
    if (!group.join()) ::_exit(1);
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> drawn(0.5, 1.5);
    const auto part = [&](nanoseconds t) { return nanoseconds{static_cast<std::int64_t>(drawn(random) * static_cast<double>(t.count()))}; };
    for (;;) {
      for (const nanoseconds end = now() + part(busy); now() < end;) {
      }
      rest(part(pause));
    }
  }

  pid_t pid_ = -1;
};

/// One settings file with its owner's value.
struct Kept {
  std::string path, original;
  CpuFile file = CpuFile::quota;
  int fd = -1;

  std::string read() const {
    char text[64];
    const ssize_t n = ::pread(fd, text, sizeof text, 0);
    std::string value(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
  }
  bool is_original() const {
    char text[64];
    const ssize_t n = ::pread(fd, text, sizeof text, 0);
    return n == static_cast<ssize_t>(original.size()) + 1 && std::memcmp(text, original.data(), original.size()) == 0;
  }
};

/// Pods of one container each.
class Node {
 public:
  static constexpr int kPeriod = 100'000;  // us

  /// @param quota_us  of the container; its pod has the same
  Node(const char* tag, int pods, int quota_us) : root_(tag), kubepods_(root_, "kubepods"), burstable_(kubepods_, "burstable") {
    for (int i = 0; i < pods; ++i) {
      pods_.push_back(std::make_unique<ScratchGroup>(burstable_, "pod3f1c2a90-7b5d-4e1f-9a62-" + std::to_string(100'000'000'000 + i)));
      std::string id = std::to_string(i);
      containers_.push_back(std::make_unique<ScratchGroup>(*pods_.back(), std::string(64 - id.size(), 'a') + id));
      for (const ScratchGroup* group : {pods_.back().get(), containers_.back().get()}) {
        write(*group, CpuFile::quota, quota_text(quota_us));
        write(*group, CpuFile::shares, on_v2() ? "20" : "512");
        for (const CpuFile f : {CpuFile::quota, CpuFile::burst, CpuFile::shares}) keep(*group, f);
      }
    }
  }
  ~Node() {
    bursters_.clear();
    for (const Kept& k : files_) ::close(k.fd);
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void burst(nanoseconds busy, nanoseconds pause) {
    for (std::size_t i = 0; i < containers_.size(); ++i)
      bursters_.push_back(std::make_unique<Burster>(*containers_[i], static_cast<unsigned>(i) + 1, busy, pause));
  }

  static std::string quota_text(int us) { return std::to_string(us) + (on_v2() ? " " + std::to_string(kPeriod) : ""); }
  std::string root_dir() const { return root_.dir(); }
  int size() const { return static_cast<int>(containers_.size()); }
  const ScratchGroup& burstable() const { return burstable_; }
  const ScratchGroup& pod(int i) const { return *pods_[static_cast<std::size_t>(i)]; }
  const ScratchGroup& container(int i) const { return *containers_[static_cast<std::size_t>(i)]; }
  /// As the daemon names it.
  std::string name(const ScratchGroup& group) const { return group.path().substr(root_.path().size()); }
  const std::vector<Kept>& files() const { return files_; }
  const Kept& kept(const ScratchGroup& group, CpuFile file) const {
    for (const Kept& k : files_)
      if (k.path == group.file(file)) return k;
    throw std::runtime_error("no file kept of " + group.path());
  }

  bool all_original() const {
    return std::all_of(files_.begin(), files_.end(), [](const Kept& k) { return k.is_original(); });
  }
  /// A quota above its owner's: a file lease.
  bool lease_out() const {
    return std::any_of(files_.begin(), files_.end(), [](const Kept& k) { return k.file == CpuFile::quota && !k.is_original(); });
  }
  std::string what_stands() const {
    std::string out;
    for (const Kept& k : files_)
      if (!k.is_original()) out += k.path + ": " + k.read() + ", was " + k.original + "\n";
    return out;
  }
  /// Puts every value back by hand, so that one failure is one failure.
  void put_back() const {
    for (int pass = 0; pass < 2; ++pass)
      for (const Kept& k : files_)
        if (!k.is_original()) (void)foreign_write(k.path, k.original);
  }

 private:
  static void write(const ScratchGroup& group, CpuFile file, const std::string& text) {
    if (foreign_write(group.file(file), text) != 0) throw std::runtime_error(group.file(file) + " " + text);
  }
  void keep(const ScratchGroup& group, CpuFile file) {
    Kept k{group.file(file), "", file, ::open(group.file(file).c_str(), O_RDONLY | O_CLOEXEC)};
    if (k.fd < 0) throw std::runtime_error(k.path + ": " + std::strerror(errno));
    k.original = k.read();
    files_.push_back(k);
  }

  ScratchGroup root_, kubepods_, burstable_;
  std::vector<std::unique_ptr<ScratchGroup>> pods_, containers_;
  std::vector<std::unique_ptr<Burster>> bursters_;
  std::vector<Kept> files_;
};

}  // namespace headroom::live
