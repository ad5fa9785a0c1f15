// A plain directory with files of the cpu controller's names: what cannot be killed 10,000 times on a kernel is here.
// The ledger works on paths, so it cannot tell. Values have six digits, as an ordinary file keeps what it is longer.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "cgroups/ledger/ledger.hpp"

namespace headroom::ledger {

class FakeGroups {
 public:
  FakeGroups() {
    root_ = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/hr-ledger-XXXXXX" : "/tmp/hr-ledger-XXXXXX";
    if (::mkdtemp(root_.data()) == nullptr) std::abort();
  }
  FakeGroups(const FakeGroups&) = delete;
  FakeGroups& operator=(const FakeGroups&) = delete;
  ~FakeGroups() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  const char* run_dir() const { return root_.c_str(); }
  std::string path(const std::string& group) const { return root_ + "/" + group; }
  std::string add(const std::string& group, const std::string& value = "100000") const {
    std::filesystem::create_directories(path(group));
    for (const char* file : {"cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us", "cpu.shares"})
      put(path(group) + "/" + file, value);
    return path(group);
  }
  std::uint64_t inode(const std::string& group) const {
    struct stat st {};
    return ::stat(path(group).c_str(), &st) == 0 ? st.st_ino : 0;
  }
  static void put(const std::string& file, const std::string& value) { std::ofstream(file) << value << '\n'; }
  static std::string get(const std::string& file) {
    std::string value;
    std::getline(std::ifstream(file), value);
    return value;
  }
  static const char* name(File file) {
    static constexpr const char* kNames[] = {"cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us", "cpu.shares"};
    return kNames[static_cast<int>(file)];
  }
  void write(const std::string& group, File file, const std::string& value) const {
    put(path(group) + "/" + name(file), value);
  }
  std::string read(const std::string& group, File file) const { return get(path(group) + "/" + name(file)); }

  /// What the daemon does for every settings write.
  Status set(Ledger& ledger, const std::string& group, File file, const std::string& value) const {
    const Status status = ledger.intend(path(group).c_str(), inode(group), file, "100000", value.c_str());
    if (status == Status::ok) write(group, file, value);
    return status;
  }

 private:
  std::string root_;
};

/// Replaces text inside <run>/ledger, as a damaged or an older file would have it.
inline void patch(const std::string& run_dir, const std::string& from, const std::string& to) {
  const std::string path = run_dir + "/ledger";
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const std::size_t at = bytes.find(from);
  ASSERT_NE(at, std::string::npos);
  std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(at));
  out.write(to.data(), static_cast<std::streamsize>(to.size()));
}

inline std::string boot_id() { return FakeGroups::get("/proc/sys/kernel/random/boot_id"); }

}  // namespace headroom::ledger
