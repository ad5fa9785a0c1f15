#include "agent/kernel_source_judge.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "cgroups/types/text.hpp"

namespace headroom {
namespace {

std::string dir_of(const std::string& root, const std::string& path) { return path.empty() ? root : root + "/" + path; }

bool reads(const std::string& dir, const char* name) { return fs::read_once(dir, name).has_value(); }

Signal if_so(bool there) { return there ? Signal::present : Signal::missing; }

bool is_container(const std::optional<Group>& group) { return group && group->identity.kind == GroupKind::container; }

/// A container that has processes which we can see and which are not ourselves: from a PID namespace of our own there is none.
const Group* visible_container(const Hierarchy& where, const Catalog& catalog) {
  const std::string self = "\n" + std::to_string(::getpid()) + "\n";
  for (const auto& group : catalog.groups) {
    if (!is_container(group)) continue;
    const auto processes = fs::read_once(dir_of(where.cpu, group->path), "cgroup.procs");
    if (!processes || processes->empty() || processes->front() == '0') continue;   // 0: of another namespace, on v2
    if (("\n" + *processes + "\n").find(self) == std::string::npos) return &*group;
  }
  return nullptr;
}

bool mirror_is_populated(const Hierarchy& where, const Group& group) {
  const std::string dir = dir_of(where.unified, group.path);
  const auto events = fs::read_once(dir, "cgroup.events");
  if (!events) return false;
  const auto populated = parse_populated(*events, dir);
  return populated && *populated && reads(dir, "cpu.pressure");
}

/// On v1 one container is enough: others may be on their way in or out, and from a PID namespace of our own only the mirror
/// tells who has processes.
Signal pressure_signal(const Hierarchy& where, const Catalog& catalog) {
  if (where.unified.empty()) return Signal::missing;
  bool any = false;
  if (!where.v2)
    for (const auto& group : catalog.groups) {
      if (!is_container(group)) continue;
      if (mirror_is_populated(where, *group)) return Signal::present;
      any = true;
    }
  return if_so(!any && reads(where.unified, "cpu.pressure"));
}

Signal wait_sum_signal(const Hierarchy& where, const Catalog& catalog) {
  if (where.v2) return Signal::missing;
  const auto on = fs::read_once("/proc/sys/kernel", "sched_schedstats");
  if (!on || *on != "1") return Signal::missing;
  for (const auto& group : catalog.groups) {
    if (!group || group->path.empty()) continue;
    const auto stat = fs::read_once(dir_of(where.cpu, group->path), "cpu.stat");
    if (stat) return if_so(parse_wait_sum(*stat, group->path).has_value());
  }
  return Signal::missing;
}

/// In a PID namespace of our own, PID 2 is a process of ours or nobody; with the host's PIDs a container's can be listed.
Signal run_delay_signal(const Hierarchy& where, const Group* container) {
  const char* list = where.v2 ? "cgroup.threads" : "tasks";
  if (!reads("/proc/self", "schedstat")) return Signal::missing;
  const auto own = fs::read_once("/proc/self", "schedstat");
  if (!own || !parse_run_delay(*own, "schedstat")) return Signal::missing;
  if (container) {
    const auto tasks = fs::read_once(dir_of(where.cpu, container->path), list);
    return if_so(tasks && !tasks->empty() && tasks->front() != '0');
  }
  const auto all = fs::read_once(where.cpu, list);
  return if_so(all && (" " + *all).find_first_of("123456789") != std::string::npos);
}

}  // namespace

Judge best_judge(const JudgeSignals& signals) {
  if (signals.pressure == Signal::present) return Judge::pressure;
  if (signals.wait_sum == Signal::present) return Judge::wait_sum;
  if (signals.run_delay == Signal::present) return Judge::run_delay;
  return Judge::none;
}

JudgeSignals look_for_signals(const Hierarchy& where, const Catalog& catalog) {
  JudgeSignals signals;
  signals.pressure = pressure_signal(where, catalog);
  signals.wait_sum = wait_sum_signal(where, catalog);
  signals.run_delay = run_delay_signal(where, visible_container(where, catalog));
  return signals;
}

WaitReader::Kept& WaitReader::kept(Slot slot, const Group& group) {
  if (slot >= kept_.size()) kept_.resize(slot + 1);
  auto& entry = kept_[slot];
  if (entry.id != group.id) entry = {};
  entry.id = group.id;
  return entry;
}

void WaitReader::forget(Slot slot) {
  if (slot < kept_.size()) kept_[slot] = {};
}

Result<nanoseconds> WaitReader::wait_sum(Kept& kept, const Group& group) {
  const std::string dir = dir_of(where_.cpu, group.path);
  if (!kept.stat) {
    auto opened = fs::open_file(dir, "cpu.stat", O_RDONLY);
    if (!opened) return tl::unexpected(opened.error());
    kept.stat = std::move(*opened);
  }
  std::array<char, 4096> buffer;
  const long got = fs::read_whole(kept.stat.get(), dir, "cpu.stat", buffer.data(), buffer.size());
  if (got < 0) return fs::failure(static_cast<int>(-got), "cpu.stat of /" + group.path);
  return parse_wait_sum({buffer.data(), static_cast<std::size_t>(got)}, "cpu.stat of /" + group.path);
}

Result<nanoseconds> WaitReader::read(Slot slot, const Group& group, GroupFiles& files, TimePoint now) {
  switch (judge_) {
    case Judge::pressure: return files.pressure();
    case Judge::wait_sum: return wait_sum(kept(slot, group), group);
    case Judge::run_delay: {
      auto& entry = kept(slot, group);
      if (!entry.delay)
        entry.delay = std::make_unique<RunDelay>(dir_of(where_.cpu, group.path), where_.v2 ? "cgroup.threads" : "tasks");
      return entry.delay->total(now);
    }
    case Judge::none: break;
  }
  return fail(Errc::absent, "/" + group.path, "no judge");
}

}  // namespace headroom
