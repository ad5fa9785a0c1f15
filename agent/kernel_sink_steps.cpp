#include "agent/kernel_sink_steps.hpp"

#include <algorithm>
#include <limits>

#include "cgroups/types/text.hpp"

namespace headroom {
namespace {

/// quota / period as the kernel compares it between parent and child: in 2^-20, rounded down; unlimited is above
/// everything. Formula: to_ratio(), kernel/sched/core.c; a quota is below 2^44 us. With a measure of our own, rounding
/// would at times call an order good that the kernel's calls bad.
std::uint64_t ratio(const std::optional<microseconds>& quota, microseconds period) {
  constexpr std::uint64_t kUnlimited = UINT64_MAX;
  if (!quota || period.count() <= 0) return kUnlimited;
  return (static_cast<std::uint64_t>(quota->count()) << 20) / static_cast<std::uint64_t>(period.count());
}

void add(std::vector<FileStep>& out, CpuFile file, std::string before, std::string after) {
  if (before != after) out.push_back({file, std::move(before), std::move(after)});
}

void add_limit(std::vector<FileStep>& out, const Bandwidth& from, const Bandwidth& to, bool v2) {
  if (v2) return add(out, CpuFile::quota, format_cpu_max(from), format_cpu_max(to));
  const auto start = ratio(from.quota, from.period), end = ratio(to.quota, to.period);
  const auto between = ratio(to.quota, from.period);
  const bool quota_first = between >= std::min(start, end) && between <= std::max(start, end);
  const auto quota = [&] { add(out, CpuFile::quota, format_quota(from.quota), format_quota(to.quota)); };
  if (quota_first) quota();
  add(out, CpuFile::period, format_microseconds(from.period), format_microseconds(to.period));
  if (!quota_first) quota();
}

std::vector<FileStep> bandwidth_steps(const Bandwidth& from, const Bandwidth& to, bool v2) {
  std::vector<FileStep> out;
  const auto burst = [&] {
    add(out, CpuFile::burst, format_microseconds(from.burst), format_microseconds(to.burst));
  };
  if (to.burst < from.burst) burst();
  add_limit(out, from, to, v2);
  if (to.burst > from.burst) burst();
  return out;
}

}  // namespace

std::vector<FileStep> steps_between(const Setting& from, const Setting& to, bool v2) {
  if (const auto* a = std::get_if<Bandwidth>(&from)) {
    const auto* b = std::get_if<Bandwidth>(&to);
    return b ? bandwidth_steps(*a, *b, v2) : std::vector<FileStep>{};
  }
  std::vector<FileStep> out;
  const auto* b = std::get_if<Shares>(&to);
  if (b) add(out, CpuFile::shares, format_shares(std::get<Shares>(from)), format_shares(*b));
  return out;
}

std::vector<FileStep> reversed(const std::vector<FileStep>& steps) {
  std::vector<FileStep> back;
  for (auto it = steps.rbegin(); it != steps.rend(); ++it) back.push_back({it->file, it->after, it->before});
  return back;
}

const char* file_word(CpuFile file) {
  switch (file) {
    case CpuFile::quota: return "quota";
    case CpuFile::period: return "period";
    case CpuFile::burst: return "burst";
    case CpuFile::shares: return "shares";
  }
  return "";
}

}  // namespace headroom
