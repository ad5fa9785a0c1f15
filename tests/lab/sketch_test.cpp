// A sketch says of any sample what its exact statistics say, within 1 %, whatever the order it came in.
#include "lab/sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "lab/random.hpp"

namespace headroom::lab {
namespace {

Latencies drawn(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  Latencies out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(1 + static_cast<std::int64_t>(random.exponential(random.next() % 2 == 0 ? 3e5 : 4e8)));
  return out;
}

Sketch sketch_of(const Latencies& values) {
  Sketch out;
  out.add(values);
  return out;
}

TEST(Sketch, QuantilesAreWithinAHundredthOfTheExactOnes) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto values = drawn(seed, 1 + seed * 37);
    const auto sketch = sketch_of(values);
    for (const int per_mille : {1, 50, 500, 950, 990, 999, 1000}) {
      const auto exact = static_cast<double>(*quantile(values, per_mille));
      EXPECT_NEAR(sketch.quantile(per_mille), exact, exact * 0.0101) << seed << " " << per_mille;
    }
    EXPECT_NEAR(sketch.summary().mean, summarize(values).mean, 1e-6);
    EXPECT_EQ(sketch.summary().worst, summarize(values).worst);
    EXPECT_EQ(sketch.count(), values.size());
  }
}

TEST(Sketch, PartsTogetherAreTheWholeInAnyOrder) {
  auto values = drawn(7, 5'000);
  const auto whole = sketch_of(values).summary();
  shuffle(values, 8);
  Sketch parts;
  for (std::size_t i = 0; i < values.size(); i += 500)
    parts.add(sketch_of({values.begin() + static_cast<std::ptrdiff_t>(i), values.begin() + static_cast<std::ptrdiff_t>(i + 500)}));
  EXPECT_EQ(parts.summary(), whole);
}

TEST(Sketch, WhatIsOutsideCountsAsTheNearest) {
  Sketch sketch;
  for (const std::int64_t value : {INT64_MIN, std::int64_t{0}, INT64_MAX}) sketch.add(value);
  EXPECT_EQ(sketch.count(), 3U);
  EXPECT_NEAR(sketch.quantile(1), 1, 0.01);
  EXPECT_EQ(sketch.quantile(1000), 1e12);
  EXPECT_EQ(Sketch{}.quantile(500), 0);
}

}  // namespace
}  // namespace headroom::lab
