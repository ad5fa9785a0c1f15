#include "lab/sim/files.hpp"

#include <algorithm>

#include "cgroups/types/text.hpp"

namespace headroom::lab::sim {
namespace {

/// The kernel knows one answer to a text that it cannot read.
template <class T>
Result<T> as_rejected(Result<T> parsed) {
  if (!parsed) parsed.error().code = Errc::rejected;
  return parsed;
}

Result<LimitWrite> parse_limit(File file, std::string_view text, Version version) {
  LimitWrite out;
  if (file == File::quota && version == Version::v2) {
    const bool alone = text.find(' ') == std::string_view::npos;   // the period stays
    auto both = as_rejected(parse_cpu_max(std::string(text) + (alone ? " 100000" : ""), "cpu.max"));
    if (!both) return tl::unexpected(both.error());
    out.quota = both->quota;
    if (!alone) out.period = both->period;
    return out;
  }
  if (file == File::quota) {
    auto quota = as_rejected(parse_quota(text, "cpu.cfs_quota_us"));
    if (!quota) return tl::unexpected(quota.error());
    out.quota = *quota;
    return out;
  }
  auto value = as_rejected(parse_microseconds(text, file_name(file, version)));
  if (!value) return tl::unexpected(value.error());
  (file == File::period ? out.period : out.burst) = *value;
  return out;
}

/// As the kernel compares limits: in 2^-20, rounded down [to_ratio]; unlimited is above everything.
std::uint64_t ratio(const std::optional<microseconds>& quota, microseconds period) {
  if (!quota || period.count() <= 0) return UINT64_MAX;
  return (static_cast<std::uint64_t>(quota->count()) << 20) / static_cast<std::uint64_t>(period.count());
}

void add(std::vector<FileStep>& out, File file, std::string before, std::string after) {
  if (before != after) out.push_back({file, std::move(before), std::move(after)});
}

void add_limit(std::vector<FileStep>& out, const Bandwidth& from, const Bandwidth& to, Version version) {
  if (version == Version::v2) return add(out, File::quota, format_cpu_max(from), format_cpu_max(to));
  const auto start = ratio(from.quota, from.period), end = ratio(to.quota, to.period);
  const auto between = ratio(to.quota, from.period);
  const bool quota_first = between >= std::min(start, end) && between <= std::max(start, end);
  const auto quota = [&] { add(out, File::quota, format_quota(from.quota), format_quota(to.quota)); };
  if (quota_first) quota();
  add(out, File::period, format_microseconds(from.period), format_microseconds(to.period));
  if (!quota_first) quota();
}

}  // namespace

std::string read_file(const Kernel& kernel, GroupId group, File file) {
  const Bandwidth now = kernel.bandwidth(group);
  switch (file) {
    case File::quota: return kernel.machine().version == Version::v2 ? format_cpu_max(now) : format_quota(now.quota);
    case File::period: return format_microseconds(now.period);
    case File::burst: return format_microseconds(now.burst);
    case File::shares: return format_shares(kernel.shares(group));
  }
  return {};
}

Result<> write_file(Kernel& kernel, GroupId group, File file, std::string_view text) {
  const Version version = kernel.machine().version;
  if (file == File::period && version == Version::v2) return fail(Errc::absent, "cpu.cfs_period_us", "there is none on v2");
  if (file == File::shares) {
    const auto shares = as_rejected(parse_shares(text, file_name(file, version)));
    return shares ? kernel.write_shares(group, *shares) : Result<>(tl::unexpected(shares.error()));
  }
  const auto limit = parse_limit(file, text, version);
  return limit ? kernel.write_limit(group, *limit) : Result<>(tl::unexpected(limit.error()));
}

FileEvent::File event_file(File file) {
  switch (file) {
    case File::quota: return FileEvent::File::bandwidth;
    case File::period: return FileEvent::File::period;
    case File::burst: return FileEvent::File::burst;
    case File::shares: return FileEvent::File::shares;
  }
  return FileEvent::File::bandwidth;
}

const char* file_name(File file, Version version) {
  const bool v2 = version == Version::v2;
  switch (file) {
    case File::quota: return v2 ? "cpu.max" : "cpu.cfs_quota_us";
    case File::period: return "cpu.cfs_period_us";
    case File::burst: return v2 ? "cpu.max.burst" : "cpu.cfs_burst_us";
    case File::shares: return v2 ? "cpu.weight" : "cpu.shares";
  }
  return "";
}

std::vector<FileStep> steps_between(const Setting& from, const Setting& to, Version version) {
  std::vector<FileStep> out;
  if (const auto *a = std::get_if<Shares>(&from), *b = std::get_if<Shares>(&to); a != nullptr && b != nullptr)
    add(out, File::shares, format_shares(*a), format_shares(*b));
  const auto *a = std::get_if<Bandwidth>(&from), *b = std::get_if<Bandwidth>(&to);
  if (a == nullptr || b == nullptr) return out;
  const auto burst = [&] { add(out, File::burst, format_microseconds(a->burst), format_microseconds(b->burst)); };
  if (b->burst < a->burst) burst();
  add_limit(out, *a, *b, version);
  if (b->burst > a->burst) burst();
  return out;
}

}  // namespace headroom::lab::sim
