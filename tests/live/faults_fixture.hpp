// Makes system calls of the real daemon fail while it lends, and sees what that costs: ticks, messages, knowledge.
#pragma once

#include <array>
#include <cstring>

#include "tests/live/kill_daemon.hpp"
#include "tests/support/fault_page.hpp"

namespace headroom::live {

/// What a table calls an error.
inline std::string error_name(int error) {
  switch (error) {
    case kShortRead: return "short read";
    case EACCES: return "EACCES";
    case EROFS: return "EROFS";
    case ENODEV: return "ENODEV";
    case EINTR: return "EINTR";
    case EIO: return "EIO";
    default: return std::strerror(error);   // an errno, not an enum
  }
}

class FaultTest : public testing::Test {
 protected:
  static constexpr int kPods = 2, kQuota = 10'000;   // us in 100 ms

  RunFiles files_;
  Node node_{"faults", kPods, kQuota};
  FaultPage& page_ = map_fault_page((files_ / "page").c_str());

  void SetUp() override {
    ::setenv("HEADROOM_FAULT_PAGE", (files_ / "page").c_str(), 1);
    node_.burst(milliseconds{60}, milliseconds{90});
  }
  void TearDown() override {
    ::unsetenv("HEADROOM_FAULT_PAGE");
    ::munmap(&page_, sizeof(FaultPage));
  }

  static bool full() { return count_of("HEADROOM_FULL", 0) != 0; }
  static milliseconds patience() { return milliseconds{on_v2() ? 60'000 : 20'000}; }
  static DaemonArgs hooked() {
    DaemonArgs args;
    args.program = "headroomd-hooked";
    return args;
  }

  void arm(const char* call, int error, const std::string& part, const std::string& end) {
    page_.armed.store(0);
    page_.error = error;
    page_.left.store(error == EINTR ? 3 : -1);   // for ever would be a signal without end
    page_.hits.store(0);
    std::snprintf(page_.call, sizeof page_.call, "%s", call);
    std::snprintf(page_.part, sizeof page_.part, "%s", part.c_str());
    std::snprintf(page_.end, sizeof page_.end, "%s", end.c_str());
    page_.armed.store(1, std::memory_order_release);
  }
  void disarm() { page_.armed.store(0); }

  /// -1: the daemon does not answer.
  static long number(const std::string& json, const char* key) {
    const auto at = json.find("\"" + std::string(key) + "\":");
    return at == std::string::npos ? -1 : std::strtol(json.c_str() + at + std::strlen(key) + 3, nullptr, 10);
  }
  static long ticks(const Daemon& daemon) { return number(daemon.get("/v1/status"), "ticks"); }

  /// Warnings and errors about faults, from byte `from` of the log on.
  static int messages(const std::string& log, std::size_t from) {
    std::istringstream lines(log.substr(std::min(from, log.size())));
    int count = 0;
    for (std::string line; std::getline(lines, line);) {
      const bool bad = line.find("Z warn ") != std::string::npos || line.find("Z error ") != std::string::npos;
      for (const char* kind : {" fault ", " write ", " blind ", " mode ", " cgroups "})
        if (bad && line.find(kind) != std::string::npos) {
          ++count;
          break;
        }
    }
    return count;
  }
  bool lends(const Daemon& daemon) const {
    return eventually([&] { return node_.lease_out() || daemon.dead(); }, patience()) && !daemon.dead();
  }
};

/// A pod that comes while the fault is there, made in runc's order, with a container that wants more than its limit.
class Guest {
 public:
  Guest(const Node& node, int number, int quota_us)
      : pod_(node.burstable(), pod_name(number)), container_(pod_, container_name(number)), name_(node.name(container_)) {
    limit(pod_, quota_us);
    burster_ = std::make_unique<Burster>(container_, 7U, milliseconds{60}, milliseconds{90});
    limit(container_, quota_us);
  }
  static std::string pod_name(int number) { return "pod3f1c2a90-7b5d-4e1f-9a62-" + std::to_string(200'000'000'000 + number); }
  static std::string container_name(int number) { return std::string(56, 'b') + std::to_string(10'000'000 + number); }
  const ScratchGroup& container() const { return container_; }
  bool listed(const Daemon& daemon) const {
    return daemon.get("/v1/groups").find("\"path\":\"" + name_.substr(1) + "\"") != std::string::npos;
  }
  bool lent() const { return read_line(container_.file(CpuFile::quota)) != before_; }

 private:
  void limit(const ScratchGroup& group, int quota_us) {
    before_ = Node::quota_text(quota_us);
    if (const int error = foreign_write(group.file(CpuFile::quota), before_); error != 0)
      throw std::runtime_error(group.file(CpuFile::quota) + ": " + std::strerror(error));
  }
  ScratchGroup pod_, container_;
  std::string name_, before_;
  std::unique_ptr<Burster> burster_;
};

}  // namespace headroom::live
