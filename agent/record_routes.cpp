#include "agent/record_routes.hpp"

#include <fmt/format.h>

#include <charconv>

#include "agent/state_json.hpp"

namespace headroom {
namespace {

constexpr seconds kLongest = std::chrono::hours{24};

std::optional<seconds> length_of(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > kLongest.count()) return std::nullopt;
  return seconds{value};
}

HttpReply record(Recorder& recorder, const HttpParams& params) {
  const auto file = params.find("file"), length = params.find("seconds");
  const auto asked = length == params.end() ? std::nullopt : length_of(length->second);
  if (file == params.end() || !asked) return {400, error_json("record?file=/…&seconds=1..86400", {})};
  if (const auto ok = recorder.record(file->second, *asked); !ok)
    return {409, error_json(ok.error().where + ": " + ok.error().detail, {})};
  return {200, fmt::format("{{\"message\":\"recording for {} s; it goes on in the daemon\"}}", asked->count())};
}

}  // namespace

Route record_route(Recorder& recorder) {
  return {HttpMethod::post, "/v1/record", [&recorder](const HttpParams& params) { return record(recorder, params); }};
}

}  // namespace headroom
