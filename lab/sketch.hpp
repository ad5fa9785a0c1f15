// Quantiles of any number of values in a fixed space.
#pragma once

#include <array>
#include <cstdint>

#include "lab/stats.hpp"

namespace headroom::lab {

/// Counts values in buckets of which each is 1 % wider than the one before. All sums are whole numbers, so the order in
/// which values and other sketches come decides nothing.
class Sketch {
 public:
  /// @param value  ns, or whatever counts in 1..10^12; what is outside counts as the nearest of these
  void add(std::int64_t value);
  void add(const Latencies& values);
  void add(const Sketch& other);

  std::uint64_t count() const { return count_; }
  /// Within 1 % of the nearest rank's; 0: empty. @param per_mille  1..1000; 1000 is exact
  double quantile(int per_mille) const;
  /// Values in ns as milliseconds; mean and worst are exact.
  Summary summary() const;

 private:
  static constexpr std::size_t kBuckets = 2'780;   // 1.01^2777 > 10^12
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0, sum_ = 0;
  std::int64_t worst_ = 0;
};

}  // namespace headroom::lab
