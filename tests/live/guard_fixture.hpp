// A pod with three containers on the real kernel, a daemon that can be killed or stopped anywhere (a forked writer that
// keeps the ledger's protocol), and the real headroom-guard beside it.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <array>
#include <csignal>
#include <cstring>
#include <random>

#include "agent/lock.hpp"
#include "cgroups/ledger/layout.hpp"
#include "tests/support/scratch_group.hpp"

namespace headroom::live {

/// What the writer tells the test, in memory that outlives it.
struct Shared {
  std::atomic<std::uint64_t> writes{0}, refused{0}, behind_fence{0};
  std::atomic<std::int64_t> killed_at{0}, stray_at{0};  ///< CLOCK_MONOTONIC, ns
  std::atomic<int> ready{0};
};

/// One settings file of one group, kept open.
struct Target {
  std::string dir, path, original;
  std::uint64_t inode = 0;
  CpuFile file = CpuFile::quota;
  int fd = -1;

  std::string read() const {
    char text[64];
    const ssize_t n = ::pread(fd, text, sizeof text, 0);
    std::string value(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
  }
  bool write(const std::string& value) const { return ::pwrite(fd, value.data(), value.size(), 0) >= 0; }
};

inline std::string quota_text(int us) { return std::to_string(us) + (on_v2() ? " 100000" : ""); }

/// A process that lends and takes back as the daemon does. Runs in a forked child only.
class Writer {
 public:
  Writer(const std::vector<Target>& targets, Shared& shared, const std::string& run_dir)
      : targets_(targets), shared_(shared), run_dir_(run_dir), lock_(RunLock::acquire(run_dir)) {
    if (!lock_ || ledger_.open(run_dir.c_str()) == ledger::Status::io) ::_exit(3);
    ledger_.set_v2(on_v2());
    beat();
    ledger_.set_armed(true);
  }
  ledger::Ledger& ledger() { return ledger_; }
  void beat() { ledger_.beat(now().count()); }

  /// @return false: refused, or fenced. `pause` stands between the test of the fence and the write.
  bool set(std::size_t index, const std::string& value, void (*pause)() = nullptr) {
    const Target& t = targets_[index];
    if (ledger_.intend(t.dir.c_str(), t.inode, static_cast<ledger::File>(t.file), t.original.c_str(), value.c_str()) !=
        ledger::Status::ok)
      ::_exit(4);
    if (ledger_.fenced()) return ++shared_.behind_fence, false;
    if (pause != nullptr) pause();
    const bool accepted = t.write(value);
    ++(accepted ? shared_.writes : shared_.refused);
    return accepted;
  }
  void end(std::size_t index) {
    const Target& t = targets_[index];
    if (set(index, t.original)) ledger_.forget(t.dir.c_str(), static_cast<ledger::File>(t.file));
  }
  /// Behind a fence: everything is back or goes back, and no row is left.
  void drop_everything() { ledger::restore(run_dir_.c_str(), true); }

 private:
  const std::vector<Target>& targets_;
  Shared& shared_;
  const std::string& run_dir_;
  Result<RunLock> lock_;
  ledger::Ledger ledger_;
};

class GuardTest : public testing::Test {
 protected:
  static constexpr std::size_t kContainers = 3, kFilesEach = 3;

  GuardTest() : pod_("guard") {
    char name[] = "/run/hr-guard-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error(std::strerror(errno));
    run_dir_ = name;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // a writer's own guard ends as ours
    shared_ = new (::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared;
    add(pod_, CpuFile::quota, quota_text(150'000));
    for (std::size_t i = 0; i < kContainers; ++i) {
      containers_[i] = std::make_unique<ScratchGroup>(pod_, "c" + std::to_string(i));
      add(*containers_[i], CpuFile::quota, quota_text(50'000));
      add(*containers_[i], CpuFile::burst, "10000");
      add(*containers_[i], CpuFile::shares, "512");
    }
  }
  ~GuardTest() override {
    stop(writer_);
    stop(guard_);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    ledger::unmap_image(image_);
    for (const Target& t : targets_) ::close(t.fd);
    ::munmap(static_cast<void*>(shared_), sizeof(Shared));
    std::error_code ignored;
    std::filesystem::remove_all(run_dir_, ignored);
  }

  static std::size_t target(std::size_t container, CpuFile file) {
    const std::size_t base = 1 + container * kFilesEach;
    return base + (file == CpuFile::quota ? 0 : file == CpuFile::burst ? 1 : 2);
  }
  bool all_original() const {
    for (const Target& t : targets_)
      if (t.read() != t.original) return false;
    return true;
  }
  std::string what_stands() const {
    std::string out;
    for (const Target& t : targets_)
      if (t.read() != t.original) out += t.path + ": " + t.read() + ", was " + t.original + "\n";
    return out;
  }

  static std::string guard_binary() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "headroom-guard";
  }
  void start_guard_process() {
    guard_ = ::fork();
    if (guard_ == 0) {
      ::execl(guard_binary().c_str(), "headroom-guard", "--run-dir", run_dir_.c_str(), nullptr);
      ::_exit(127);
    }
  }
  /// The ledger's words, once there is one.
  ledger::Header& header() {
    const auto map = [&] {
      return ledger::map_image(run_dir_.c_str(), ledger::Missing::fail, image_) == ledger::Status::ok;
    };
    if (image_ == nullptr && !eventually(map)) throw std::runtime_error("no ledger in " + run_dir_);
    return image_->header;
  }
  bool guard_shows_itself() {
    return eventually([&] {
      return header().guard_pid.load() == static_cast<std::uint32_t>(guard_) && header().guard_beat.load() != 0;
    });
  }

  template <class Body>
  void start_writer(Body body) {
    shared_->ready = 0;
    shared_->killed_at = shared_->stray_at = 0;
    writer_ = ::fork();
    if (writer_ != 0) return;
    Writer writer(targets_, *shared_, run_dir_);
    body(writer, *shared_);
    ::_exit(0);
  }
  /// Kills at once if it still lives; reaps.
  static void stop(pid_t& pid) {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid = -1;
  }
  static bool lend(Writer& w, std::size_t container, int quota) {
    const auto at = [&](CpuFile f) { return target(container, f); };
    return w.set(at(CpuFile::quota), quota_text(quota)) && w.set(at(CpuFile::burst), "25000") &&
           w.set(at(CpuFile::shares), "64");
  }
  static void take_back(Writer& w, std::size_t container) {
    for (const CpuFile f : {CpuFile::shares, CpuFile::burst, CpuFile::quota}) w.end(target(container, f));
  }
  /// Everything lent that there is.
  static bool lend_all(Writer& w) {
    bool ok = w.set(0, quota_text(600'000));
    for (std::size_t c = 0; c < kContainers; ++c) ok = lend(w, c, 150'000) && ok;
    return ok;
  }

  ScratchGroup pod_;
  std::array<std::unique_ptr<ScratchGroup>, kContainers> containers_;
  std::vector<Target> targets_;  ///< the pod's quota, then quota, burst and shares of each container
  std::string run_dir_;
  Shared* shared_ = nullptr;
  ledger::Image* image_ = nullptr;
  pid_t guard_ = -1, writer_ = -1;

 private:
  void add(const ScratchGroup& group, CpuFile file, const std::string& value) {
    Target t;
    t.dir = group.dir();
    t.path = group.file(file);
    t.file = file;
    struct stat st {};
    ::stat(t.dir.c_str(), &st);
    t.inode = st.st_ino;
    t.fd = ::open(t.path.c_str(), O_RDWR | O_CLOEXEC);
    if (t.fd < 0 || !t.write(value)) throw std::runtime_error(t.path + ": " + std::strerror(errno));
    t.original = t.read();
    targets_.push_back(t);
  }
};

}  // namespace headroom::live
