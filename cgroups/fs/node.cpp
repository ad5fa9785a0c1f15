#include "cgroups/fs/node.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "cgroups/fs/syscalls.hpp"
#include "cgroups/types/text.hpp"

namespace headroom {
namespace {
constexpr const char* kStat = "/proc/stat";
constexpr const char* kPressure = "/proc/pressure/cpu";
}  // namespace

struct NodeFiles::Impl {
  std::string top;
  bool v2 = false;
  const char* usage_name = "";   ///< of the file with the use of all
  std::string usage_path;
  fs::Fd usage, stat, pressure;
  std::string text;

  /// @param read  descriptor -> bytes, or -errno. @return the bytes
  template <class Read>
  Result<std::size_t> load(fs::Fd& fd, const std::string& dir, const char* name, Read read) {
    if (!fd) {
      auto opened = fs::open_file(dir, name, O_RDONLY);
      if (!opened) return tl::unexpected(opened.error());
      fd = std::move(*opened);
    }
    const long got = read(fd.get());
    if (got >= 0) return static_cast<std::size_t>(got);
    fd.reset();   // whatever it was of, the next read looks for it anew
    return fs::failure(static_cast<int>(-got), *name == '\0' ? dir : dir + "/" + name);
  }
  /// Of many records, into `text`.
  Result<std::size_t> load_stream(fs::Fd& fd, const char* path) {
    return load(fd, path, "", [&](int from) { return fs::read_stream(from, path, "", text); });
  }
};

NodeFiles::NodeFiles(const Hierarchy& where) : impl_(std::make_unique<Impl>()) {
  impl_->top = where.top;
  impl_->v2 = where.v2;
  impl_->usage_name = where.v2 ? "cpu.stat" : "cpuacct.usage";
  impl_->usage_path = where.top + "/" + impl_->usage_name;
}
NodeFiles::NodeFiles(NodeFiles&&) noexcept = default;
NodeFiles& NodeFiles::operator=(NodeFiles&&) noexcept = default;
NodeFiles::~NodeFiles() = default;

Result<nanoseconds> NodeFiles::usage() {
  Impl& m = *impl_;
  if (m.top.empty()) return fail(Errc::absent, m.usage_name, "no cpuacct hierarchy is mounted");
  std::array<char, 4096> buffer;
  const auto read = [&](int fd) { return fs::read_whole(fd, m.top, m.usage_name, buffer.data(), buffer.size()); };
  const auto loaded = m.load(m.usage, m.top, m.usage_name, read);
  if (!loaded) return tl::unexpected(loaded.error());
  const std::string_view text{buffer.data(), *loaded};
  return m.v2 ? parse_usage_v2(text, m.usage_path) : parse_usage_v1(text, m.usage_path);
}

Result<std::vector<CpuTimes>> NodeFiles::cpu_times() {
  if (auto loaded = impl_->load_stream(impl_->stat, kStat); !loaded) return tl::unexpected(loaded.error());
  return parse_proc_stat(impl_->text, ::sysconf(_SC_CLK_TCK), kStat);
}

Result<double> NodeFiles::pressure() {
  if (auto loaded = impl_->load_stream(impl_->pressure, kPressure); !loaded) return tl::unexpected(loaded.error());
  const auto parsed = parse_pressure(impl_->text, kPressure);
  if (!parsed) return tl::unexpected(parsed.error());
  return parsed->some.avg10;
}

Result<nanoseconds> read_node_usage(const Hierarchy& where) { return NodeFiles(where).usage(); }
Result<std::vector<CpuTimes>> read_cpu_times() { return NodeFiles(Hierarchy{}).cpu_times(); }
Result<double> read_node_pressure() { return NodeFiles(Hierarchy{}).pressure(); }

int online_cpus() {
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  return static_cast<int>(std::clamp<long>(count, 1, static_cast<long>(kMaxCpus)));
}

int physical_cores(int cpus, const std::string& dir) {
  std::set<std::string> cores;
  for (int cpu = 0; cpu < static_cast<int>(kMaxCpus); ++cpu) {
    const auto siblings = fs::read_once(dir + "/cpu" + std::to_string(cpu) + "/topology", "thread_siblings_list");
    if (siblings) cores.insert(*siblings);
  }
  return cores.empty() ? cpus : std::clamp(static_cast<int>(cores.size()), 1, cpus);
}

}  // namespace headroom
