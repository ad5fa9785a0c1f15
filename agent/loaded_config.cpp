#include "agent/loaded_config.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace headroom {

void complain(const Error& e) { std::fprintf(stderr, "headroomd: %s: %s\n", e.where.c_str(), e.detail.c_str()); }

std::optional<Loaded> load_config(const Options& options) {
  Loaded out;
  if (!options.config.empty()) {
    std::ifstream in(options.config, std::ios::binary);
    if (!in) {
      complain({Errc::absent, options.config, std::strerror(errno)});
      return std::nullopt;
    }
    out.text = {std::istreambuf_iterator<char>(in), {}};
    auto parsed = parse_config(out.text, options.config);
    if (!parsed) {
      for (const Error& e : parsed.error()) complain(e);
      return std::nullopt;
    }
    out.config = std::move(*parsed);
  }
  if (options.mode) out.config.mode = *options.mode;
  Faults faults;
  if (!make_policy(out.config.policy, out.config.tuning, faults)) {
    for (const Error& e : faults) complain(e);
    return std::nullopt;
  }
  return out;
}

std::string hash_of(const std::string& text) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return fmt::format("{:016x}", h);
}

}  // namespace headroom
