// A set of CPUs, as in cpuset.effective_cpus ("0-3,8").
#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "cgroups/types/result.hpp"

namespace headroom {

constexpr std::size_t kMaxCpus = 1024;
using CpuSet = std::bitset<kMaxCpus>;

/// @param where  named in errors
/// Errors: malformed. An empty list is an empty set.
Result<CpuSet> parse_cpu_set(std::string_view text, std::string_view where);
std::string format_cpu_set(const CpuSet& set);

}  // namespace headroom
