// What headroomctl limits asks the kernel: every container with a CPU limit, twice.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string_view>
#include <thread>

#include "agent/clock.hpp"
#include "agent/limits.hpp"
#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/fs/node.hpp"
#include "cgroups/fs/syscalls.hpp"
#include "cgroups/fs/tree.hpp"
#include "workloads/identity.hpp"

namespace headroom::limits {
namespace {

struct Reading {
  GroupFiles files;
  Seen seen;
  nanoseconds usage{0};
  ThrottleCounters throttle;
  TimePoint at;
};

bool descend(const std::string& path) { return descend_below(identify(path)); }

/// Of the first processes of a container: what is known to size itself by the limit. Go programs cannot be told by name.
std::string runtime_of(const std::string& dir) {
  constexpr int kMost = 20;
  const auto pids = fs::read_once(dir, "cgroup.procs");
  if (!pids) return {};
  std::istringstream lines(*pids);
  std::string pid;
  for (int i = 0; i < kMost && std::getline(lines, pid); ++i) {
    std::array<char, 512> exe{};
    const auto length = ::readlink(("/proc/" + pid + "/exe").c_str(), exe.data(), exe.size());
    if (length <= 0) continue;
    const std::string_view path(exe.data(), static_cast<std::size_t>(length));
    const auto name = path.substr(path.rfind('/') + 1);
    for (const std::string_view known : {"java", "node", "dotnet"})
      if (name == known) return std::string(known);
  }
  return {};
}

Result<Reading> open_limited(const Hierarchy& where, const std::string& path, const Identity& identity) {
  auto files = GroupFiles::open(where, path);
  if (!files) return tl::unexpected(files.error());
  const auto bandwidth = files->bandwidth();
  if (!bandwidth) return tl::unexpected(bandwidth.error());
  const auto limit = limit_of(*bandwidth);
  if (!limit) return fail(Errc::absent, path, "no limit");
  const auto usage = files->usage();
  if (!usage) return tl::unexpected(usage.error());
  const auto throttle = files->throttle();
  if (!throttle) return tl::unexpected(throttle.error());
  Seen seen{path, identity.kube_qos, *limit, nanoseconds{0}, {}, runtime_of(where.cpu + "/" + path)};
  return Reading{std::move(*files), std::move(seen), *usage, *throttle, monotonic_now()};
}

/// What was used and throttled since. A container that is gone is left out, as is one whose counters began again.
std::optional<Seen> close(Reading& reading, nanoseconds stretch) {
  const auto usage = reading.files.usage();
  const auto throttle = reading.files.throttle();
  if (!usage || !throttle || *usage < reading.usage || throttle->periods < reading.throttle.periods) return std::nullopt;
  const nanoseconds own = monotonic_now() - reading.at;
  Seen out = std::move(reading.seen);
  // On the common stretch: a thousand containers are not read in a moment.
  out.used = nanoseconds{static_cast<std::int64_t>(static_cast<double>((*usage - reading.usage).count()) *
                                                   static_cast<double>(stretch.count()) / static_cast<double>(std::max<std::int64_t>(own.count(), 1)))};
  out.throttle = {throttle->periods - reading.throttle.periods, throttle->throttled_periods - reading.throttle.throttled_periods,
                  throttle->throttled_time - reading.throttle.throttled_time};
  return out;
}

}  // namespace

Result<Facts> look(const Question& question) {
  const auto where = detect_hierarchy(question.cgroup_root);
  if (!where) return tl::unexpected(where.error());
  const auto groups = scan(*where, descend);
  if (!groups) return tl::unexpected(groups.error());
  Facts out;
  out.cpus = online_cpus();
  std::vector<Reading> limited;
  const auto busy = read_node_usage(*where);
  if (!busy) return tl::unexpected(busy.error());
  const TimePoint began = monotonic_now();
  for (const auto& group : *groups) {
    const auto identity = identify(group.path);
    if (identity.kind != GroupKind::container) continue;
    ++out.containers;
    out.guaranteed += identity.kube_qos == KubeQos::guaranteed ? 1 : 0;
    if (auto reading = open_limited(*where, group.path, identity)) limited.push_back(std::move(*reading));
  }
  for (nanoseconds left = question.length; left > nanoseconds{0}; left = began + question.length - monotonic_now()) {
    if (question.pass && !question.pass(left)) return fail(Errc::io, "headroomctl limits", "interrupted");
    std::this_thread::sleep_for(std::min<nanoseconds>(left, seconds{1}));
  }
  out.stretch = monotonic_now() - began;
  out.busy = read_node_usage(*where).value_or(*busy) - *busy;
  for (auto& reading : limited)
    if (auto seen = close(reading, out.stretch)) out.limited.push_back(std::move(*seen));
  return out;
}

}  // namespace headroom::limits
