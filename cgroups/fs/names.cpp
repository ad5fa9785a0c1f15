#include "cgroups/fs/names.hpp"

#include "cgroups/fs/tree.hpp"

namespace headroom {

const char* file_name(CpuFile file, bool v2) {
  switch (file) {
    case CpuFile::quota:
      return v2 ? "cpu.max" : "cpu.cfs_quota_us";
    case CpuFile::period:
      return v2 ? "cpu.max" : "cpu.cfs_period_us";
    case CpuFile::burst:
      return v2 ? "cpu.max.burst" : "cpu.cfs_burst_us";
    case CpuFile::shares:
      return v2 ? "cpu.weight" : "cpu.shares";
  }
  return "";
}

namespace fs {

std::string joined(const std::string& base, const std::string& path) { return path.empty() ? base : base + "/" + path; }

bool stays_inside(std::string_view path) {
  if (path.starts_with('/')) return false;
  while (!path.empty()) {
    const auto end = path.find('/');
    if (path.substr(0, end) == "..") return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace fs
}  // namespace headroom
