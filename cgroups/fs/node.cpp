#include "cgroups/fs/node.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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
  fs::Fd usage, stat, pressure;
  std::string text;

  Result<> load(fs::Fd& fd, const std::string& dir, const char* name) {
    if (!fd) {
      auto opened = fs::open_file(dir, name, O_RDONLY);
      if (!opened) return tl::unexpected(opened.error());
      fd = std::move(*opened);
    }
    const long got = fs::read_stream(fd.get(), dir, name, text);
    if (got >= 0) return {};
    fd.reset();   // whatever it was of, the next read looks for it anew
    return fs::failure(static_cast<int>(-got), *name == '\0' ? dir : dir + "/" + name);
  }
};

NodeFiles::NodeFiles(const Hierarchy& where) : impl_(std::make_unique<Impl>()) {
  impl_->top = where.top;
  impl_->v2 = where.v2;
}
NodeFiles::NodeFiles(NodeFiles&&) noexcept = default;
NodeFiles& NodeFiles::operator=(NodeFiles&&) noexcept = default;
NodeFiles::~NodeFiles() = default;

Result<nanoseconds> NodeFiles::usage() {
  const char* name = impl_->v2 ? "cpu.stat" : "cpuacct.usage";
  if (impl_->top.empty()) return fail(Errc::absent, name, "no cpuacct hierarchy is mounted");
  if (auto loaded = impl_->load(impl_->usage, impl_->top, name); !loaded) return tl::unexpected(loaded.error());
  const std::string where = impl_->top + "/" + name;
  return impl_->v2 ? parse_usage_v2(impl_->text, where) : parse_usage_v1(impl_->text, where);
}

Result<std::vector<CpuTimes>> NodeFiles::cpu_times() {
  if (auto loaded = impl_->load(impl_->stat, kStat, ""); !loaded) return tl::unexpected(loaded.error());
  return parse_proc_stat(impl_->text, ::sysconf(_SC_CLK_TCK), kStat);
}

Result<double> NodeFiles::pressure() {
  if (auto loaded = impl_->load(impl_->pressure, kPressure, ""); !loaded) return tl::unexpected(loaded.error());
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
