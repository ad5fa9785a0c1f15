#include "lab/sketch.hpp"

#include <algorithm>
#include <cmath>

namespace headroom::lab {
namespace {

constexpr double kWider = 1.01;
constexpr std::int64_t kLargest = 1'000'000'000'000;

std::size_t bucket_of(std::int64_t value) {
  static const double scale = 1 / std::log(kWider);
  return static_cast<std::size_t>(std::log(static_cast<double>(value)) * scale);
}

/// Its geometric middle.
double value_of(std::size_t bucket) { return std::pow(kWider, static_cast<double>(bucket) + 0.5); }

}  // namespace

void Sketch::add(std::int64_t value) {
  value = std::clamp<std::int64_t>(value, 1, kLargest);
  ++buckets_[std::min(bucket_of(value), kBuckets - 1)];
  ++count_;
  sum_ += static_cast<std::uint64_t>(value);
  worst_ = std::max(worst_, value);
}

void Sketch::add(const Latencies& values) {
  for (const auto value : values) add(value);
}

void Sketch::add(const Sketch& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  worst_ = std::max(worst_, other.worst_);
}

double Sketch::quantile(int per_mille) const {
  if (count_ == 0) return 0;
  if (per_mille >= 1000) return static_cast<double>(worst_);
  const auto rank = std::max<std::uint64_t>(1, (count_ * static_cast<std::uint64_t>(per_mille) + 999) / 1000);
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && (seen += buckets_[bucket]) < rank) ++bucket;
  return std::min(value_of(bucket), static_cast<double>(worst_));
}

Summary Sketch::summary() const {
  constexpr double kNsPerMs = 1e6;
  Summary out;
  out.count = count_;
  if (count_ == 0) return out;
  out.mean = static_cast<double>(sum_) / static_cast<double>(count_) / kNsPerMs;
  out.p50 = quantile(500) / kNsPerMs;
  out.p95 = quantile(950) / kNsPerMs;
  out.p99 = quantile(990) / kNsPerMs;
  out.worst = static_cast<double>(worst_) / kNsPerMs;
  return out;
}

}  // namespace headroom::lab
