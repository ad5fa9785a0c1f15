#include "agent/credits.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace headroom {
namespace {

using nlohmann::json;
constexpr std::size_t kMostBytes = 16 << 20;
constexpr std::int64_t kMost = 600'000'000'000'000;   // ns; the largest credit that a rule may give

}  // namespace

std::string format_credits(std::string_view policy, std::span<const Policy::Credit> credits) {
  json list = json::array();
  for (const Policy::Credit& c : credits) list.push_back({{"key", c.key}, {"leftNs", c.left.count()}});
  const json all{{"version", 1}, {"policy", policy}, {"credits", list}};
  return all.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<std::vector<Policy::Credit>> parse_credits(std::string_view text, std::string_view policy) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object() || !all.contains("credits") || !all["credits"].is_array() || !all.contains("policy"))
    return fail(Errc::malformed, "credits.json", "want an object with policy and credits");
  std::vector<Policy::Credit> out;
  if (all["policy"] != policy) return out;
  for (const json& c : all["credits"]) {
    if (!c.is_object() || !c.contains("key") || !c["key"].is_string() || !c.contains("leftNs") || !c["leftNs"].is_number_integer())
      return fail(Errc::malformed, "credits.json", "want credits of key and leftNs");
    const std::int64_t left = c["leftNs"].get<std::int64_t>();
    if (left < -kMost || left > kMost) return fail(Errc::malformed, "credits.json", "leftNs is out of range");
    out.push_back({c["key"].get<std::string>(), nanoseconds{left}});
  }
  return out;
}

Result<> store_credits(const std::string& file, std::string_view policy, std::span<const Policy::Credit> credits) {
  const std::string beside = file + ".new";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << format_credits(policy, credits);
    if (!out.flush()) return fail(Errc::io, beside, std::strerror(errno));
  }
  if (std::rename(beside.c_str(), file.c_str()) != 0) return fail(Errc::io, file, std::strerror(errno));
  return {};
}

Result<std::vector<Policy::Credit>> load_credits(const std::string& file, std::string_view policy) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(errno == ENOENT ? Errc::absent : Errc::io, file, std::strerror(errno));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > kMostBytes) return fail(Errc::malformed, file, "larger than 16 MiB");
  return parse_credits(text, policy);
}

}  // namespace headroom
