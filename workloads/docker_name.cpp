#include <re2/re2.h>

#include <charconv>
#include <map>
#include <memory>

#include "workloads/docker.hpp"

namespace headroom {
namespace {

constexpr std::int64_t kPatternMemory = std::int64_t{1} << 20;   // as the configuration's check has it

bool within(const std::string& text, std::pair<int, int> bounds) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= bounds.first && port <= bounds.second;
}

/// Compiling one takes as long as hundreds of matches, and each container is matched several times.
const RE2& compiled(const std::string& pattern) {
  constexpr std::size_t kMost = 64;
  static thread_local std::map<std::string, std::unique_ptr<RE2>, std::less<>> kept;
  if (const auto found = kept.find(pattern); found != kept.end()) return *found->second;
  if (kept.size() >= kMost) kept.clear();   // of configurations that are no more
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  return *kept.emplace(pattern, std::make_unique<RE2>(pattern, options)).first->second;
}

}  // namespace

std::optional<TextMap> docker_name_groups(const std::string& pattern, const std::optional<std::pair<int, int>>& ports, std::string_view name) {
  if (name.starts_with('/')) name.remove_prefix(1);
  const RE2& expression = compiled(pattern);
  if (!expression.ok()) return std::nullopt;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(expression.NumberOfCapturingGroups()) + 1);
  const re2::StringPiece text(name.data(), name.size());
  if (!expression.Match(text, 0, name.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size()))) return std::nullopt;
  TextMap out;
  for (const auto& [group, index] : expression.NamedCapturingGroups()) out[group] = groups[static_cast<std::size_t>(index)].as_string();
  if (ports && !within(out["port"], *ports)) return std::nullopt;
  return out;
}

}  // namespace headroom
