// Text of the kernel's files <-> values. No I/O: whoever reads gives the text and names the place.
// Every parser is strict: a file that is not of its format is an Error{malformed}, never a guess. Trailing blanks and
// newlines are allowed, leading ones and signs are not (but v1's negative quota).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/types/bandwidth.hpp"
#include "cgroups/types/result.hpp"
#include "cgroups/types/sample.hpp"

namespace headroom {

/// One whole non-negative decimal number: pids.current, memory sizes, anything of that form.
/// @param where  named in errors, as in all of these
/// Errors: malformed (also above 2^63 - 1).
Result<std::uint64_t> parse_count(std::string_view text, std::string_view where);

/// v1 cpu.cfs_quota_us. Any negative number is "unlimited" (KERNEL 6). Errors: malformed.
Result<std::optional<microseconds>> parse_quota(std::string_view text, std::string_view where);
/// v1 cpu.cfs_period_us, cpu.cfs_burst_us and v2 cpu.max.burst: us, >= 0. Errors: malformed.
Result<microseconds> parse_microseconds(std::string_view text, std::string_view where);
/// v2 cpu.max: "QUOTA PERIOD" or "max PERIOD", us. burst is 0: another file holds it. Errors: malformed.
Result<Bandwidth> parse_cpu_max(std::string_view text, std::string_view where);
/// v1 cpu.shares, v2 cpu.weight (0 under cpu.idle, KERNEL 7). Errors: malformed.
Result<Shares> parse_shares(std::string_view text, std::string_view where);

/// cpu.stat of v1 (throttled_time, ns) or of v2 (throttled_usec, us), told apart by the name of the field.
/// Errors: malformed; absent where it counts no periods (the root, or no cpu controller on v2).
Result<ThrottleCounters> parse_throttle(std::string_view text, std::string_view where);
/// v2 cpu.stat, usage_usec. Errors: malformed; absent (a v1 cpu.stat).
Result<nanoseconds> parse_usage_v2(std::string_view text, std::string_view where);
/// v1 cpuacct.usage, ns. Errors: malformed.
Result<nanoseconds> parse_usage_v1(std::string_view text, std::string_view where);
/// v1 cpu.stat, wait_sum, ns, summed over threads. Errors: malformed; absent (kernel.sched_schedstats=0).
Result<nanoseconds> parse_wait_sum(std::string_view text, std::string_view where);
/// v2 cgroup.events, "populated 0|1". Errors: malformed.
Result<bool> parse_populated(std::string_view text, std::string_view where);

/// One line of a PSI file.
struct PressureLine {
  double avg10 = 0;       ///< share of wall time over about 10 s, 0..1
  nanoseconds total{0};   ///< cumulative wall time
  friend bool operator==(const PressureLine&, const PressureLine&) = default;
};
struct Pressure {
  PressureLine some;
  std::optional<PressureLine> full;   ///< cpu files have it since Linux 5.13
  friend bool operator==(const Pressure&, const Pressure&) = default;
};
/// cpu.pressure of a group and /proc/pressure/cpu. Errors: malformed.
Result<Pressure> parse_pressure(std::string_view text, std::string_view where);

/// The cpuN lines of /proc/stat, by CPU number; an offline CPU is all zero. busy = user + nice + system + irq + softirq
/// (guest time is in user already), idle = idle + iowait, steal apart. Source: proc(5).
/// @param user_hz  ticks per second, sysconf(_SC_CLK_TCK), 1..1000000
/// Errors: malformed (also no cpuN line, or a number of kMaxCpus and above).
Result<std::vector<CpuTimes>> parse_proc_stat(std::string_view text, std::int64_t user_hz, std::string_view where);

/// What to write, without newline. v1 cpu.cfs_quota_us: "-1" or the number.
std::string format_quota(const std::optional<microseconds>& quota);
/// v1 cpu.cfs_period_us and cpu.cfs_burst_us, v2 cpu.max.burst.
std::string format_microseconds(microseconds value);
/// v2 cpu.max: "max PERIOD" or "QUOTA PERIOD".
std::string format_cpu_max(const Bandwidth& bandwidth);
/// v1 cpu.shares, v2 cpu.weight.
std::string format_shares(Shares shares);

}  // namespace headroom
