#include "agent/ctl_record.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "config/values.hpp"

namespace headroom {
namespace {

std::string encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte < 0x80 && std::isalnum(byte) != 0) || c == '-' || c == '_' || c == '.' || c == '/';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

}  // namespace

Result<std::string> record_request(const std::string& file, const std::string& length) {
  const auto time = parse_duration(length, seconds{1}, std::chrono::hours{24});
  if (!time) return fail(Errc::malformed, "--for", fmt::format("want 1s..24h (\"10m\"), got \"{}\"", length));
  if (file.empty()) return fail(Errc::malformed, "file", "want the name of a file");
  return fmt::format("/v1/record?file={}&seconds={}", encoded(std::filesystem::absolute(file).lexically_normal()), time->count());
}

}  // namespace headroom
