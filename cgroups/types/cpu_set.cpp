#include "cgroups/types/cpu_set.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace headroom {
namespace {

/// Takes a CPU number off the front. nullopt: none, or kMaxCpus and above.
std::optional<std::size_t> take_cpu(std::string_view& rest) {
  std::size_t cpu = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), cpu);
  if (error != std::errc{} || cpu >= kMaxCpus) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return cpu;
}

/// "3" or "0-3", added to the set.
bool take_range(std::string_view& rest, CpuSet& set) {
  const auto first = take_cpu(rest);
  if (!first) return false;
  auto last = first;
  if (rest.starts_with('-')) {
    rest.remove_prefix(1);
    last = take_cpu(rest);
  }
  if (!last || *last < *first) return false;
  for (auto cpu = *first; cpu <= *last; ++cpu) set.set(cpu);
  return true;
}

}  // namespace

Result<CpuSet> parse_cpu_set(std::string_view text, std::string_view where) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  CpuSet set;
  auto rest = text;
  bool good = rest.empty() || take_range(rest, set);
  while (good && rest.starts_with(',')) {
    rest.remove_prefix(1);
    good = take_range(rest, set);
  }
  if (good && rest.empty()) return set;
  return fail(Errc::malformed, std::string(where),
              fmt::format("want CPUs below {} as in '0-3,8', got '{}'", kMaxCpus, text.substr(0, 64)));
}

std::string format_cpu_set(const CpuSet& set) {
  std::string text;
  for (std::size_t cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (!set.test(cpu)) continue;
    const auto first = cpu;
    while (cpu + 1 < kMaxCpus && set.test(cpu + 1)) ++cpu;
    const auto* separator = text.empty() ? "" : ",";
    text += first == cpu ? fmt::format("{}{}", separator, first) : fmt::format("{}{}-{}", separator, first, cpu);
  }
  return text;
}

}  // namespace headroom
