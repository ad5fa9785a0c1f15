// The golden vectors of other agents' laws: read, and compared with what a function made of their input.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace headroom::testing {

using json = nlohmann::json;

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string copy_of(const std::string& peer) { return HEADROOM_SOURCE_DIR "/tests/golden/peers/" + peer + ".json"; }

inline json vectors(const std::string& peer) { return json::parse(text_of(copy_of(peer))); }

/// Every member of `want` has to be in `got`. Numbers with a fraction to `tolerance` (of 1, or of what is larger),
/// everything else exactly.
inline void expect_like(const json& got, const json& want, double tolerance, const std::string& where) {
  if (want.is_object()) {
    for (const auto& [key, value] : want.items()) {
      ASSERT_TRUE(got.is_object() && got.contains(key)) << where << "." << key;
      expect_like(got[key], value, tolerance, where + "." + key);
    }
    return;
  }
  if (want.is_array()) {
    ASSERT_TRUE(got.is_array() && got.size() == want.size()) << where << ": " << got.dump() << " for " << want.dump();
    for (std::size_t i = 0; i < want.size(); ++i)
      expect_like(got[i], want[i], tolerance, where + "[" + std::to_string(i) + "]");
    return;
  }
  if (!got.is_number() || !want.is_number() || (want.is_number_integer() && got.is_number_integer())) {
    EXPECT_EQ(got, want) << where;
    return;
  }
  const double near = tolerance * std::max(1.0, std::abs(want.get<double>()));
  EXPECT_NEAR(got.get<double>(), want.get<double>(), near) << where;
}

}  // namespace headroom::testing
