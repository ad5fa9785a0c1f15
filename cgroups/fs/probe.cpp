#include "cgroups/fs/probe.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <optional>

#include "cgroups/fs/probe_spinner.hpp"
#include "cgroups/fs/syscalls.hpp"
#include "cgroups/fs/tree.hpp"
#include "cgroups/types/text.hpp"

namespace headroom {
namespace {

constexpr const char* kPrefix = "headroom-probe-";
constexpr milliseconds kQuiet{12};      ///< the control: three scheduler ticks at HZ=250, one at HZ=100
constexpr milliseconds kPatience{40};   ///< for a busy machine to run a spinner whose pool was filled
constexpr milliseconds kDeadline{600};  ///< for all rounds together; two good ones in a row take about 60 ms
constexpr int kEnough = 2;              ///< refills seen; one may have been the end of a period

void rest(milliseconds time) {
  timespec left{time.count() / 1000, time.count() % 1000 * 1'000'000};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

nanoseconds monotonic() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

Result<> put(const std::string& dir, const char* name, const std::string& text) {
  const auto file = fs::open_file(dir, name, O_WRONLY);
  if (!file) return tl::unexpected(file.error());
  const long wrote = fs::retry("pwrite", dir, name, [&] { return ::write(file->get(), text.data(), text.size()); });
  if (wrote < 0) return fs::failure(static_cast<int>(-wrote), dir + "/" + name);
  return {};
}

bool has(const std::string& dir, const char* name) {
  const std::string path = dir + "/" + name;
  return fs::retry("access", dir, name, [&] { return ::access(path.c_str(), F_OK); }) == 0;
}

/// rmdir, given the time that the kernel takes to let go of a process that was just reaped.
void remove_group(const std::string& dir) {
  for (int tries = 0; tries < 50; ++tries) {
    const long got = fs::retry("rmdir", dir, "", [&] { return ::rmdir(dir.c_str()); });
    if (got != -EBUSY) return;
    rest(milliseconds{2});
  }
}

/// Two nested groups of our own.
class Scratch {
 public:
  static Result<Scratch> make(const Hierarchy& where, const std::string& parent) {
    Scratch scratch(where.v2, parent + "/" + kPrefix + std::to_string(::getpid()));
    if (auto made = mkdir(scratch.outer_); !made) return tl::unexpected(made.error());
    scratch.owned_ = true;
    if (where.v2) {
      if (auto on = put(scratch.outer_, "cgroup.subtree_control", "+cpu"); !on) return tl::unexpected(on.error());
    }
    if (auto made = mkdir(scratch.inner()); !made) return tl::unexpected(made.error());
    return scratch;
  }
  Scratch(Scratch&& other) noexcept
      : v2_(other.v2_), outer_(std::move(other.outer_)), owned_(std::exchange(other.owned_, false)) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (!owned_) return;
    remove_group(inner());
    remove_group(outer_);
  }

  bool v2() const { return v2_; }
  const std::string& outer() const { return outer_; }
  std::string inner() const { return outer_ + "/inner"; }

  static Result<> mkdir(const std::string& dir) {
    const long made = fs::retry("mkdir", dir, "", [&] { return ::mkdir(dir.c_str(), 0755); });
    if (made < 0 && made != -EEXIST) return fs::failure(static_cast<int>(-made), dir);
    return {};
  }

  Result<> limit(const std::string& dir, std::optional<microseconds> quota, microseconds period) const {
    if (v2_) return put(dir, "cpu.max", format_cpu_max({quota, period, microseconds{0}}));
    if (auto set = put(dir, "cpu.cfs_period_us", format_microseconds(period)); !set) return set;
    return put(dir, "cpu.cfs_quota_us", format_quota(quota));
  }
  Result<> unlimit(const std::string& dir) const { return limit(dir, std::nullopt, kPeriod); }
  Result<> burst(microseconds value) const { return put(inner(), burst_name(), format_microseconds(value)); }
  const char* burst_name() const { return file_name(CpuFile::burst, v2_); }

  static constexpr microseconds kPeriod{100'000};

 private:
  Scratch(bool v2, std::string outer) : v2_(v2), outer_(std::move(outer)) {}
  bool v2_;
  std::string outer_;
  bool owned_ = false;
};

/// Whether the kernel takes what `attempt` writes; anything but a refusal of the value is an error.
Result<bool> accepted(const Result<>& attempt) {
  if (attempt) return true;
  if (attempt.error().code == Errc::rejected) return false;
  return tl::unexpected(attempt.error());
}

Result<bool> burst_above_quota(const Scratch& scratch) {
  if (auto set = scratch.limit(scratch.inner(), microseconds{1000}, Scratch::kPeriod); !set)
    return tl::unexpected(set.error());
  const auto taken = accepted(scratch.burst(microseconds{2000}));
  if (taken && *taken) (void)scratch.burst(microseconds{0});
  if (auto set = scratch.unlimit(scratch.inner()); !set) return tl::unexpected(set.error());
  return taken;
}

Result<bool> parent_child_rule(const Scratch& scratch) {
  if (auto set = scratch.limit(scratch.outer(), microseconds{1000}, Scratch::kPeriod); !set)
    return tl::unexpected(set.error());
  const auto taken = accepted(scratch.limit(scratch.inner(), microseconds{2000}, Scratch::kPeriod));
  if (auto set = scratch.unlimit(scratch.inner()); !set) return tl::unexpected(set.error());
  if (auto set = scratch.unlimit(scratch.outer()); !set) return tl::unexpected(set.error());
  if (!taken) return taken;
  return !*taken;
}

/// Whether it comes to hold before our patience ends.
template <class Condition>
bool soon(Condition holds) {
  for (milliseconds waited{0}; waited < kPatience; waited += milliseconds{2}) {
    rest(milliseconds{2});
    if (holds()) return true;
  }
  return false;
}

/// A spinner with 1 ms a second stands still almost at once. Does it run again when the same value is written?
/// nullopt: nobody may be moved into the scratch group. A container of its own cgroup namespace may not on v2 (`nsdelegate`, as systemd
/// mounts it: ENOENT), although it may write there.
Result<std::optional<bool>> rewrite_refills(const Scratch& scratch, bool by_burst) {
  constexpr microseconds kQuota{1000}, kLong{1'000'000};
  if (auto set = scratch.limit(scratch.inner(), kQuota, kLong); !set) return tl::unexpected(set.error());
  // A busy node must not hide the answer: with 1 ms a second the weight harms nobody.
  (void)put(scratch.outer(), file_name(CpuFile::shares, scratch.v2()), scratch.v2() ? "1000" : "10240");
  int refilled = 0;
  bool may_move = true;
  {
    const ProbeSpinner spinner(scratch.inner());
    may_move = spinner.joined() != ProbeSpinner::Joined::refused;
    rest(kQuiet);
    const nanoseconds end = monotonic() + kDeadline;
    while (may_move && refilled < kEnough && monotonic() < end) {
      const nanoseconds before = spinner.cpu_time();
      rest(kQuiet);
      const nanoseconds still = spinner.cpu_time();
      if (still != before) continue;
      const auto rewritten = by_burst ? scratch.burst(microseconds{0}) : scratch.limit(scratch.inner(), kQuota, kLong);
      if (!rewritten) break;
      if (soon([&] { return spinner.cpu_time() > still; })) ++refilled;
    }
    // A throttled process does not die before its pool is filled.
    if (auto set = scratch.unlimit(scratch.inner()); !set) return tl::unexpected(set.error());
  }
  return may_move ? std::optional{refilled >= kEnough} : std::nullopt;
}

/// A kill in the middle leaves empty groups behind; those of processes that live are somebody's.
void sweep(const std::string& parent) {
  Hierarchy below;
  below.cpu = parent;
  const auto found = scan(below, [](const std::string&) { return false; });
  if (!found) return;
  for (const auto& group : *found) {
    if (!group.path.starts_with(kPrefix)) continue;
    pid_t owner = 0;
    const char* digits = group.path.c_str() + std::string_view(kPrefix).size();
    std::from_chars(digits, group.path.c_str() + group.path.size(), owner);
    if (owner <= 0 || (::kill(owner, 0) == 0 && owner != ::getpid())) continue;
    remove_group(parent + "/" + group.path + "/inner");
    remove_group(parent + "/" + group.path);
  }
}

/// Whether a group made there gets cpu files.
bool hands_out_cpu(const Hierarchy& where, const std::string& dir) {
  if (!where.v2) return true;
  const auto control = fs::read_once(dir, "cgroup.subtree_control");
  return control && (" " + *control + " ").find(" cpu ") != std::string::npos;
}

bool may_make_groups(const std::string& dir) {
  return fs::retry("access", dir, "", [&] { return ::access(dir.c_str(), W_OK); }) == 0;
}

/// The first group from the root down that can and may have our scratch group. Root without capabilities may not make one
/// in the root itself, whose mode is 0555: kubepods then, before anybody else's.
std::optional<std::string> scratch_parent(const Hierarchy& where) {
  std::optional<std::string> able, allowed;
  const auto groups = scan(where, nullptr);
  if (!groups) return where.cpu;  // making the group will say why
  for (const auto& group : *groups) {
    const std::string dir = group.path.empty() ? where.cpu : where.cpu + "/" + group.path;
    if (!hands_out_cpu(where, dir)) continue;
    if (!able) able = dir;
    if (!may_make_groups(dir)) continue;
    if (group.path.empty() || group.path.starts_with("kubepods")) return dir;
    if (!allowed) allowed = dir;
  }
  return allowed ? allowed : able;
}

bool pressure_readable(const Hierarchy& where, const std::string& scratch) {
  if (where.v2) return fs::read_once(scratch, "cpu.pressure").has_value();
  if (where.unified.empty()) return false;
  const std::string mirror = where.unified + "/" + kPrefix + std::to_string(::getpid());
  if (!Scratch::mkdir(mirror)) return has(where.unified, "cpu.pressure");   // read-only for us, or 0555
  const bool readable = fs::read_once(mirror, "cpu.pressure").has_value();
  remove_group(mirror);
  return readable;
}

}  // namespace

Probed assume(const Hierarchy& where) {
  Probed out;
  out.v2 = where.v2;
  out.parent_child_rule = !where.v2;
  out.rewrite_refills = true;
  out.group_pressure = !where.unified.empty() && has(where.unified, "cpu.pressure");
  return out;
}

Result<Probed> probe(const Hierarchy& where) {
  const auto parent = scratch_parent(where);
  if (!parent) return assume(where);
  sweep(*parent);
  const auto scratch = Scratch::make(where, *parent);
  if (!scratch) return tl::unexpected(scratch.error());
  Probed out;
  out.v2 = where.v2;
  out.assumed = false;
  out.burst_file = has(scratch->inner(), scratch->burst_name());
  out.idle_file = has(scratch->inner(), "cpu.idle");
  if (out.burst_file) {
    const auto above = burst_above_quota(*scratch);
    if (!above) return tl::unexpected(above.error());
    out.burst_above_quota = *above;
  }
  const auto rule = parent_child_rule(*scratch);
  if (!rule) return tl::unexpected(rule.error());
  out.parent_child_rule = *rule;
  const auto refills = rewrite_refills(*scratch, out.burst_file);
  out.refills_assumed = refills && !*refills && where.v2;
  out.rewrite_refills = out.refills_assumed || (refills && refills->value_or(false));
  out.group_pressure = pressure_readable(where, scratch->inner());
  return out;
}

}  // namespace headroom
