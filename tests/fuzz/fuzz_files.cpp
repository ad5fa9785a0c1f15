// Text of every kernel file that we read. The first letter says which: a cpu.cfs_quota_us, b cpu.max, …, in the order
// of kReaders. What is understood survives being written and read again; what is not is an error with its place.
#include <unistd.h>

#include <array>

#include "agent/run_delay.hpp"
#include "cgroups/fs/hierarchy.hpp"
#include "cgroups/types/cpu_set.hpp"
#include "cgroups/types/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace headroom::fuzz {
namespace {

constexpr const char* kWhere = "cpu.stat of /here";
constexpr std::size_t kLongest = 1024;   ///< of an error: it is a line in a log

template <class T>
bool understood(const Result<T>& result) {
  if (result) return true;
  law(result.error().where == kWhere, "an error names its place");
  law(result.error().detail.size() < kLongest, "an error is a line, not the file");
  law(result.error().code == Errc::malformed || result.error().code == Errc::absent, "text is malformed or lacks a field");
  return false;
}

void quota(std::string_view text) {
  const auto value = parse_quota(text, kWhere);
  if (understood(value)) law(parse_quota(format_quota(*value), kWhere) == value, "a quota survives being written");
}
void cpu_max(std::string_view text) {
  const auto value = parse_cpu_max(text, kWhere);
  if (understood(value)) law(parse_cpu_max(format_cpu_max(*value), kWhere) == value, "a cpu.max survives being written");
}
void time_us(std::string_view text) {
  const auto value = parse_microseconds(text, kWhere);
  if (!understood(value)) return;
  law(value->count() >= 0, "a time is not negative");
  law(parse_microseconds(format_microseconds(*value), kWhere) == value, "a time survives being written");
}
void shares(std::string_view text) {
  const auto value = parse_shares(text, kWhere);
  if (understood(value)) law(parse_shares(format_shares(*value), kWhere) == value, "shares survive being written");
}
void count(std::string_view text) { (void)understood(parse_count(text, kWhere)); }
void cpu_stat(std::string_view text) {
  if (const auto value = parse_throttle(text, kWhere); understood(value))
    law(value->throttled_time.count() >= 0, "throttled time is not negative");
  if (const auto value = parse_usage_v2(text, kWhere); understood(value)) law(value->count() >= 0, "usage is not negative");
  if (const auto value = parse_wait_sum(text, kWhere); understood(value)) law(value->count() >= 0, "a wait is not negative");
}
void usage(std::string_view text) {
  if (const auto value = parse_usage_v1(text, kWhere); understood(value)) law(value->count() >= 0, "usage is not negative");
}
void events(std::string_view text) { (void)understood(parse_populated(text, kWhere)); }
void pressure(std::string_view text) {
  const auto value = parse_pressure(text, kWhere);
  if (!understood(value)) return;
  const auto sane = [](const PressureLine& line) { return line.avg10 >= 0 && line.avg10 <= 1.01 && line.total.count() >= 0; };
  law(sane(value->some) && (!value->full || sane(*value->full)), "pressure is a share, and a time");
}
void proc_stat(std::string_view text) {
  const auto cpus = parse_proc_stat(text, ::sysconf(_SC_CLK_TCK), kWhere);
  if (!understood(cpus)) return;
  law(!cpus->empty() && cpus->size() <= kMaxCpus, "some CPUs, and no more than there may be");
  for (const CpuTimes& cpu : *cpus)
    law(cpu.busy.count() >= 0 && cpu.idle.count() >= 0 && cpu.steal.count() >= 0, "times of a CPU are not negative");
}
void cpu_set(std::string_view text) {
  const auto set = parse_cpu_set(text, kWhere);
  if (understood(set)) law(parse_cpu_set(format_cpu_set(*set), kWhere) == set, "a set of CPUs survives being written");
}
void run_delay(std::string_view text) {
  if (const auto value = parse_run_delay(text, kWhere); understood(value)) law(value->count() >= 0, "a wait is not negative");
}
void mountinfo(std::string_view text) {
  for (const char* root : {"", "/sys/fs/cgroup", "/host/sys/fs/cgroup/cpu/kubepods"}) {
    const auto where = detect_hierarchy(text, root);
    law(where || !where.error().where.empty(), "a node without cgroups is told where they were looked for");
  }
}

constexpr std::array kReaders{quota, cpu_max, time_us,  shares,    count,   cpu_stat, usage,
                              events, pressure, proc_stat, cpu_set, run_delay, mountinfo};

}  // namespace
}  // namespace headroom::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom::fuzz;
  if (size == 0) return 0;
  const auto which = static_cast<std::size_t>(static_cast<std::uint8_t>(data[0] - 'a'));
  kReaders[which % kReaders.size()](text_of(data + 1, size - 1));
  return 0;
}
