#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "cgroups/fs/names.hpp"
#include "cgroups/fs/syscalls.hpp"
#include "cgroups/fs/tree.hpp"
#include "cgroups/types/cpu_set.hpp"
#include "cgroups/types/text.hpp"

namespace headroom {
namespace {

/// The kept fds of a group. The first four are CpuFile's.
enum class Kept : std::uint8_t { quota, period, burst, shares, stat, usage, events, pids, pressure, cpus };
constexpr std::size_t kKept = 10;
constexpr std::size_t kBuffer = 4096;  ///< cpu.stat of v2 has 20 lines; a cpu list of 1024 CPUs fits
using Buffer = std::array<char, kBuffer>;

bool is_missing(const Error& error) { return error.code == Errc::absent || error.code == Errc::gone; }

}  // namespace

/// What a reading needs comes first, in one line of cache.
struct alignas(64) GroupFiles::Impl {
  struct KeptFile {
    fs::Fd fd;
    bool writable = false;
  };

  explicit Impl(std::shared_ptr<const Hierarchy> hierarchy) : where(*hierarchy), shared(std::move(hierarchy)) {}

  const Hierarchy& where;
  std::array<KeptFile, kKept> files;
  std::shared_ptr<const Hierarchy> shared;   ///< keeps `where`
  std::string path, dir;
  fs::Fd self;  ///< of `dir`: what is opened through it belongs to this life of the group
  std::uint64_t inode = 0;

  const char* name(Kept file) const {
    switch (file) {
      case Kept::quota: case Kept::period: case Kept::burst: case Kept::shares: return file_name(static_cast<CpuFile>(file), where.v2);
      case Kept::stat: return "cpu.stat";
      case Kept::usage: return where.v2 ? "cpu.stat" : "cpuacct.usage";
      case Kept::events: return "cgroup.events";
      case Kept::pids: return "pids.current";
      case Kept::pressure: return "cpu.pressure";
      case Kept::cpus: return where.v2 ? "cpuset.cpus.effective" : "cpuset.effective_cpus";
    }
    return "";
  }

  const std::string& base(Kept file) const {
    switch (file) {
      case Kept::quota: case Kept::period: case Kept::burst: case Kept::shares: case Kept::stat: return where.cpu;
      case Kept::usage: return where.cpuacct;
      case Kept::pids: return where.pids;
      case Kept::events: case Kept::pressure: return where.unified;
      case Kept::cpus: return where.cpuset;
    }
    return where.cpu;
  }

  std::string place(const char* file) const { return std::string(file) + " of /" + path; }

  /// Only what is not there any more has gone: a group that may not be asked has not.
  bool alive() const {
    constexpr const char* kProcs = "cgroup.procs";
    const long got = fs::retry("access", dir, kProcs, [&] { return ::faccessat(self.get(), kProcs, F_OK, 0); });
    return got != -ENOENT && got != -ENODEV;
  }

  tl::unexpected<Error> lost(Kept file, int error) {
    const std::string at = place(name(file));
    if (error != ENOENT && error != ENODEV) return fs::failure(error, at);
    // What is kept of a dead group stays, so that another group of its name is never read in its place.
    if (!alive()) return fail(Errc::gone, at, "the group was removed");
    // ENODEV of a group that is there: its v2 controller was switched off, or its group in another hierarchy went.
    files[static_cast<std::size_t>(file)] = {};  // it may come back under another inode
    return fail(Errc::absent, at, "no such file here");
  }

  Result<> ensure(Kept file, int flags) {
    auto& kept = files[static_cast<std::size_t>(file)];
    if (kept.fd && (kept.writable || flags == O_RDONLY)) return {};
    const std::string& from = base(file);
    if (from.empty()) return fail(Errc::absent, place(name(file)), "its hierarchy is not mounted");
    const char* call = flags == O_RDONLY ? "open" : "open_rw";
    const bool own = from == where.cpu;
    const std::string other = own ? std::string{} : fs::joined(from, path) + "/" + name(file);
    const long fd = fs::retry(call, own ? dir : fs::joined(from, path), name(file), [&] {
      return own ? ::openat(self.get(), name(file), flags | O_CLOEXEC) : ::open(other.c_str(), flags | O_CLOEXEC);
    });
    if (fd < 0) return lost(file, static_cast<int>(-fd));
    if (!own && !alive()) {
      ::close(static_cast<int>(fd));
      return fail(Errc::gone, place(name(file)), "the group was removed");
    }
    kept = {fs::Fd(static_cast<int>(fd)), flags != O_RDONLY};
    return {};
  }

  Result<std::string_view> load(Kept file, Buffer& buffer) {
    if (auto opened = ensure(file, O_RDONLY); !opened) return tl::unexpected(opened.error());
    const int fd = files[static_cast<std::size_t>(file)].fd.get();
    const std::string other = fs::hooked() ? fs::joined(base(file), path) : std::string{};
    const long got = fs::read_whole(fd, other.empty() ? dir : other, name(file), buffer.data(), buffer.size());
    if (got < 0) return lost(file, static_cast<int>(-got));
    return fs::trimmed({buffer.data(), static_cast<std::size_t>(got)});
  }

  /// Reads and parses one file.
  template <class Parser>
  auto value(Kept file, Parser parse) -> decltype(parse(std::string_view{}, std::string_view{})) {
    Buffer buffer;
    const auto text = load(file, buffer);
    if (!text) return tl::unexpected(text.error());
    auto parsed = parse(*text, name(file));
    if (!parsed) parsed.error().where = place(name(file));
    return parsed;
  }

  Result<microseconds> burst() {
    auto read = value(Kept::burst, parse_microseconds);
    if (!read && read.error().code == Errc::absent) return microseconds{0};  // Linux before 5.14
    return read;
  }
};

GroupFiles::GroupFiles(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GroupFiles::GroupFiles(GroupFiles&&) noexcept = default;
GroupFiles& GroupFiles::operator=(GroupFiles&&) noexcept = default;
GroupFiles::~GroupFiles() = default;

Result<GroupFiles> GroupFiles::open(const Hierarchy& where, const std::string& path) {
  return open(std::make_shared<const Hierarchy>(where), path);
}

Result<GroupFiles> GroupFiles::open(std::shared_ptr<const Hierarchy> where, const std::string& path) {
  if (!fs::stays_inside(path)) return fail(Errc::malformed, "/" + path, "want a path below the root");
  auto impl = std::make_unique<Impl>(std::move(where));
  impl->path = path;
  impl->dir = fs::joined(impl->where.cpu, path);
  auto opened = fs::open_file(impl->dir, "", O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!opened) {
    Error error = opened.error();
    error.where = "/" + path;
    if (error.code == Errc::absent) error.code = Errc::gone;
    return tl::unexpected(std::move(error));
  }
  impl->self = std::move(*opened);
  struct stat info {};
  const long got = fs::retry("fstat", impl->dir, "", [&] { return ::fstat(impl->self.get(), &info); });
  if (got < 0) return fs::failure(static_cast<int>(-got), "/" + path);
  impl->inode = info.st_ino;
  return GroupFiles(std::move(impl));
}

std::uint64_t GroupFiles::inode() const { return impl_->inode; }

Result<nanoseconds> GroupFiles::usage() {
  return impl_->where.v2 ? impl_->value(Kept::stat, parse_usage_v2) : impl_->value(Kept::usage, parse_usage_v1);
}

Result<ThrottleCounters> GroupFiles::throttle() { return impl_->value(Kept::stat, parse_throttle); }

Result<Bandwidth> GroupFiles::bandwidth() {
  Bandwidth out;
  if (impl_->where.v2) {
    const auto max = impl_->value(Kept::quota, parse_cpu_max);
    if (!max) return tl::unexpected(max.error());
    out = *max;
  } else {
    const auto quota = impl_->value(Kept::quota, parse_quota);
    if (!quota) return tl::unexpected(quota.error());
    const auto period = impl_->value(Kept::period, parse_microseconds);
    if (!period) return tl::unexpected(period.error());
    out = {*quota, *period, microseconds{0}};
  }
  const auto burst = impl_->burst();
  if (!burst) return tl::unexpected(burst.error());
  out.burst = *burst;
  return out;
}

Result<Shares> GroupFiles::shares() { return impl_->value(Kept::shares, parse_shares); }

Result<bool> GroupFiles::populated() {
  const auto members = impl_->value(Kept::events, parse_populated);
  // On a hybrid host the mirror may exist without the processes having been moved into it: only its "yes" is certain.
  if (impl_->where.v2 || (members && *members)) return members;
  if (!members && members.error().code != Errc::absent) return members;
  const auto pids = impl_->value(Kept::pids, parse_count);
  if (pids) return *pids > 0;
  if (pids.error().code != Errc::absent) return tl::unexpected(pids.error());
  if (members) return members;
  const auto used = usage();
  if (!used) return tl::unexpected(used.error());
  return used->count() > 0;
}

Result<nanoseconds> GroupFiles::pressure() {
  const auto psi = impl_->value(Kept::pressure, parse_pressure);
  if (!psi) return tl::unexpected(psi.error());
  return psi->some.total;
}

Result<CpuSet> GroupFiles::cpus() {
  const char* name = impl_->name(Kept::cpus);
  if (impl_->where.cpuset.empty()) return fail(Errc::absent, impl_->place(name), "its hierarchy is not mounted");
  Buffer buffer;
  const auto own = impl_->load(Kept::cpus, buffer);
  if (own && !own->empty()) return parse_cpu_set(*own, impl_->place(name));
  if (!own && !is_missing(own.error())) return tl::unexpected(own.error());
  // Not every group has one of its own there, and a v1 one may be empty as yet: then it is what the ancestors have.
  std::string dir = fs::joined(impl_->where.cpuset, impl_->path);
  while (!dir.empty()) {
    const auto slash = dir.find_last_of('/');
    dir.resize(slash == std::string::npos ? 0 : slash);
    const auto text = fs::read_once(dir, name);
    if (text && !text->empty()) return parse_cpu_set(*text, impl_->place(name));
    if (!text && !is_missing(text.error())) return tl::unexpected(text.error());
  }
  return fail(impl_->alive() ? Errc::absent : Errc::gone, impl_->place(name), "neither here nor above");
}

Result<std::string> GroupFiles::read_file(CpuFile file) {
  Buffer buffer;
  const auto text = impl_->load(static_cast<Kept>(file), buffer);
  if (!text) return tl::unexpected(text.error());
  return std::string(*text);
}

Result<> GroupFiles::write_file(CpuFile file, std::string_view text) {
  const auto kept = static_cast<Kept>(file);
  if (auto opened = impl_->ensure(kept, O_RDWR); !opened) return opened;
  const int fd = impl_->files[static_cast<std::size_t>(kept)].fd.get();
  const char* name = impl_->name(kept);
  const long wrote = fs::retry("pwrite", impl_->dir, name, [&] { return ::pwrite(fd, text.data(), text.size(), 0); });
  if (wrote < 0) return impl_->lost(kept, static_cast<int>(-wrote));
  // The kernel took a part for a whole value; the rest would be another one.
  if (static_cast<std::size_t>(wrote) != text.size()) return fail(Errc::io, impl_->place(name), "short write");
  return {};
}

}  // namespace headroom
