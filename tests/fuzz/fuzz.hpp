// What the fuzzers share: a law that does not hold ends the run, with its words in front of libFuzzer's report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace headroom::fuzz {

inline void law(bool holds, const char* words) {
  if (holds) return;
  std::fprintf(stderr, "broken law: %s\n", words);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes what stands before the first newline; all of it where there is none.
inline std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

}  // namespace headroom::fuzz
